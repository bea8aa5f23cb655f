package simulator

// addSite adds a site of an incident to an organization. It has assets of its own beside those of the others.
func (c *Console) addSite(o *org, i *Incident, exists span) *site {
	k := o.key.sub(drawSite).sub(uint64(len(o.sites)))
	s := &site{key: k, id: k.uuid(), name: i.Name, index: len(o.sites), share: i.Share, exists: exists, createdAt: max(c.createdAt, exists.from)}
	o.sites = append(o.sites, s)
	s.schedule = o.add(c.siteSchedule(o, s, 2)) // daily
	s.schedule.since = exists.from
	o.addAssets(addition{span: exists, site: s}, i.Share)
	return s
}

// addOrganization adds the organization of an incident, which is deleted at its beginning.
func (c *Console) addOrganization(i *Incident) {
	o := c.newOrg(len(c.orgs), i.Name, int(i.Share*float64(c.opts.Assets)))
	o.exists = before(i)
	c.buildOrg(o, 2)
}

// before is the time of a place that an incident deletes.
func before(i *Incident) span { return span{i.From.Unix() - 4*day, i.From.Unix()} }

// exist are the organizations that are listed at t.
func (c *Console) exist(t int64) []*org {
	var list []*org
	for _, o := range c.orgs {
		if o.exists.holds(t) {
			list = append(list, o)
		}
	}
	return list
}
