package collector

import "fmt"

// Limits on what a response can make a poll keep and export. runZero documents none, so
// they are far beyond any real account. Exceeding one fails the poll.
const (
	maxSites       = 10_000 // of an organization
	maxExplorers   = 10_000 // of an organization
	maxSchedules   = 20_000 // recurring scans of an organization
	maxHostedZones = 1_000
	maxAccountRows = 50_000  // records of one kind in an account-wide poll
	maxSeries      = 500_000 // of one poll
)

func errTooMany(what string, limit int) error {
	return fmt.Errorf("more than %d %s: too many to export", limit, what)
}

// checkSite returns an error if the site is new and one too many. Beside maxSites there is room for zeroID.
func checkSite(sites map[string]string, key string) error {
	if _, known := sites[key]; known || key == zeroID || len(sites) <= maxSites {
		return nil
	}
	return errTooMany("sites", maxSites)
}
