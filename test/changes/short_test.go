//go:build !long

package changes

const (
	organizations = 12
	days          = 1
	sized         = 50
	rounds        = 2 // of each list that cannot be trusted
)
