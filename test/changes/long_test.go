//go:build long

package changes

const (
	organizations = 300
	defaultDays   = 2
	sized         = 1000
	rounds        = 6 // of each list that cannot be trusted
)
