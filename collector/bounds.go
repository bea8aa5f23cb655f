package collector

import "fmt"

// seriesMost bounds what one poll may export, whatever it is split by. It is far beyond
// what the bounds of sites, Explorers, schedules and top values let a poll come to.
const seriesMost = 500_000

func errTooMany(what string, most int) error {
	return fmt.Errorf("more than %d %s: that many are not exported", most, what)
}

// roomForSite tells whether a site not met before is one too many. What is in no site
// is always met.
func roomForSite[T any](met map[string]T, key string) error {
	n := len(met)
	if _, ok := met[zeroID]; ok {
		n--
	}
	if key != zeroID && n >= sitesMost {
		return errTooMany("sites", sitesMost)
	}
	return nil
}
