package collector

import (
	"cmp"
	"maps"
	"strings"
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

// seenSites are the sites that records name.
type seenSites struct {
	names map[string]string // by key
	ids   map[string]string // of the sites known before, by site_name
}

func newSeenSites(known SiteNames) *seenSites {
	s := &seenSites{names: map[string]string{}, ids: map[string]string{unassigned: zeroID}}
	for id, name := range known {
		s.ids[name] = id
	}
	return s
}

// note adds the site of a record and returns its key: the site's id. The key of a site without an id is the id of the
// known site of its name, or stands for its name. It returns an error if there are too many sites. Records can differ
// in the site's name, if some have none or the site is renamed in the meantime; the name kept does not depend on their
// order.
func (s *seenSites) note(id, name string) (string, error) {
	key := id
	if key == "" {
		key = s.keyOf(name)
	}
	before, ok := s.names[key]
	if ok && name == before {
		return key, nil // the common case
	}
	if err := checkSite(s.names, key); err != nil {
		return "", err
	}
	name = Label(name)
	if key == zeroID {
		name = unassigned
	}
	if !ok || before == unknown || name != unknown && name > before {
		s.names[key] = name
	}
	return key, nil
}

// keyOf returns the key of a site without an id.
func (s *seenSites) keyOf(name string) string {
	label := Label(name)
	if label == unknown {
		return zeroID
	}
	return cmp.Or(s.ids[label], nameKey+shorten(label, maxLabelRunes-len(nameKey))) // a label value, as ids are
}

const nameKey = "name " // ids have no space

func isNameKey(key string) bool { return strings.HasPrefix(key, nameKey) }

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
