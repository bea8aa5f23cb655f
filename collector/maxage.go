package collector

import (
	"strings"
	"time"
)

// scanMaxAge returns the age at which a site's last successful scan becomes stale. site is its site_name.
func (s Settings) scanMaxAge(org Organization, siteID, site string) time.Duration {
	for _, rule := range s.ScanMaxAges {
		if matches(rule.Organization, org.ID, org.Name) && matches(rule.Site, siteID, site) {
			return rule.MaxAge
		}
	}
	return s.ScanMaxAge
}

// matches reports whether the pattern of a rule is empty, or is the id, the label or the
// name in the console, which several things can have.
func matches(pattern, id, label string) bool {
	if pattern == "" || strings.EqualFold(pattern, id) {
		return true
	}
	name := Label(pattern)
	return name == label || name == baseName(label, id)
}
