package collector

import (
	"strings"
	"time"
)

// scanMaxAge is how old the last good scan of a site may get, that is exported as
// site: what the first rule says that means it, or else what holds for all.
func (s Settings) scanMaxAge(org Organization, siteID, site string) time.Duration {
	for _, rule := range s.ScanMaxAges {
		if means(rule.Organization, org.ID, org.Name) && means(rule.Site, siteID, site) {
			return rule.MaxAge
		}
	}
	return s.ScanMaxAge
}

// means tells whether words mean the thing with this id and this label: by its id, by
// its name in the console, which others may bear too, or by the label.
func means(words, id, label string) bool {
	if words == "" || strings.EqualFold(words, id) {
		return true
	}
	name := Label(words)
	return name == label || name == undistinguished(label, id)
}
