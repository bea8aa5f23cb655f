package simulator

import "iter"

// Rows is how many records an organization's export has now, without a search:
// of assets, sites or tasks. Of anything else there are none.
func (c *Console) Rows(org int, of string) int {
	e, ok := c.exports[of]
	if !ok {
		return 0
	}
	return e.count(c.view(), c.orgs[org])
}

// truth turns records into what is true of them.
func truth[T, U any](records iter.Seq2[int, T], of func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for _, rec := range records {
			if !yield(of(rec)) {
				return
			}
		}
	}
}

// Asset is the truth about one asset. Sparse assets are known through an
// integration only: their records have no os.
type Asset struct {
	ID, SiteID, SiteName, Type           string
	OS, OSVendor, OSProduct              string
	Risk, Criticality                    string
	Alive, Scanned, Sparse               bool
	FirstSeen, LastSeen, EOLOS, EOLOSExt int64
	Services, Software, Vulnerabilities  int64
	Sources                              []string
}

// Assets are the assets of an organization as the API would list them now.
func (c *Console) Assets(org int) iter.Seq[Asset] {
	return truth(c.view().assets(c.orgs[org], 0), func(a *asset) Asset {
		s := a.known()
		return Asset{ID: a.key.uuid(), SiteID: a.site.id, SiteName: a.site.name, Type: a.typ(), OS: a.osName(), OSVendor: s.vendor, OSProduct: s.product,
			Risk: a.risk().name, Criticality: a.criticality().name, Alive: a.alive, Scanned: a.scanned(), Sparse: a.sparse,
			FirstSeen: a.born, LastSeen: a.seen, EOLOS: s.eol, EOLOSExt: s.eolExt,
			Services: a.serviceCount(), Software: a.softwareCount(), Vulnerabilities: a.vulnerabilityCount(), Sources: a.sources()}
	})
}

// HostedZone is the truth about one hosted zone.
type HostedZone struct {
	ID, Name                   string
	Enabled                    bool
	Explorers, Active, Waiting int64
}

// HostedZones are those of the account at this moment.
func (c *Console) HostedZones() []HostedZone {
	v := c.view()
	var list []HostedZone
	for _, z := range c.zones {
		active, waiting := v.load(z)
		list = append(list, HostedZone{ID: z.id, Name: z.name, Enabled: z.enabled, Explorers: z.explorers, Active: active, Waiting: waiting})
	}
	return list
}
