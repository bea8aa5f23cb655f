//go:build !long

package changes

const (
	defaultOrganizations = 8
	defaultDays          = 1
	sized                = 50
	rounds               = 1 // of each list that cannot be trusted
)
