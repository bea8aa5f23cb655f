//go:build long

package changes

const (
	defaultOrganizations = 100 // -organizations=300 -days=7 takes a quarter of an hour
	defaultDays          = 2
	sized                = 1000
	rounds               = 6 // of each list that cannot be trusted
)
