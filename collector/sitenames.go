package collector

import (
	"cmp"
	"maps"
)

const (
	siteLabel  = "site_name"
	unassigned = "unassigned"                           // site_name of records without a site
	zeroID     = "00000000-0000-0000-0000-000000000000" // site id of records without a site
)

// SiteNames maps the ids of sites to their site_name.
type SiteNames map[string]string

// siteKey returns the id of a record's site, zeroID if it has none.
func siteKey(id string) string { return cmp.Or(id, zeroID) }

// noteSite adds the site of a record to those seen and returns its key. It returns an error
// if there are too many. Records can differ in the site's name, if some have none or the site
// is renamed in the meantime; the name kept does not depend on their order.
func noteSite(seen map[string]string, id, name string) (string, error) {
	key := siteKey(id)
	before, ok := seen[key]
	if ok && name == before {
		return key, nil // the common case
	}
	if err := checkSite(seen, key); err != nil {
		return "", err
	}
	name = Label(name)
	if key == zeroID {
		name = unassigned
	}
	if !ok || before == unknown || name != unknown && name > before {
		seen[key] = name
	}
	return key, nil
}

// nameSites returns the site_name of each site in seen, which maps ids to names in records,
// and in known, if that is not nil. Known sites keep their names.
func nameSites(known SiteNames, seen map[string]string) SiteNames {
	if known == nil {
		all := maps.Clone(seen)
		all[zeroID] = unassigned
		return Distinguish(all)
	}
	taken := map[string]bool{}
	for _, name := range known {
		taken[name] = true
	}
	unlisted := maps.Clone(seen)
	maps.DeleteFunc(unlisted, func(id, _ string) bool { _, ok := known[id]; return ok })
	names := maps.Clone(known)
	maps.Copy(names, distinguish(unlisted, taken))
	return names
}
