//go:build !long

package changes

const (
	organizations = 8
	defaultDays   = 1
	sized         = 50
	rounds        = 1 // of each list that cannot be trusted
)
