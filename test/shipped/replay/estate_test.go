package replay

import (
	"fmt"
	"slices"
	"time"
)

// plot is a site of an account, which is scanned by one Explorer.
type plot struct {
	org, site, frequency string
	assets               float64
}

// estate is an ordinary account: a dozen organizations with thirty sites.
var estate = []plot{
	{"Alder Foods", "Plant", "daily", 600}, {"Alder Foods", "Warehouse", "daily", 300}, {"Alder Foods", "Office", "weekly", 120},
	{"Birch Energy", "Control Room", "hourly", 80}, {"Birch Energy", "Substations", "monthly", 400}, {"Birch Energy", "Office", "daily", 250},
	{"Cedar Clinics", "North", "daily", 350}, {"Cedar Clinics", "South", "daily", 340}, {"Cedar Clinics", "Laboratory", "weekly", 90},
	{"Dogwood Retail", "Store 1", "weekly", 60}, {"Dogwood Retail", "Store 2", "weekly", 60}, {"Dogwood Retail", "Head Office", "daily", 500},
	{"Elm Logistics", "Harbour", "daily", 420}, {"Elm Logistics", "Airport", "daily", 210}, {"Elm Logistics", "Yard", "weekly", 70},
	{"Fir Bank", "Branches", "daily", 1000}, {"Fir Bank", "Data Centre", "hourly", 300}, {"Fir Bank", "Archive", "monthly", 40},
	{"Ginkgo Schools", "East", "weekly", 500}, {"Ginkgo Schools", "West", "weekly", 480}, {"Ginkgo Schools", "Library", "monthly", 30},
	{"Hazel Media", "Studio", "daily", 180}, {"Hazel Media", "Newsroom", "daily", 160},
	{"Ironwood Steel", "Mill", "daily", 700}, {"Ironwood Steel", "Foundry", "weekly", 220},
	{"Juniper Hotels", "Lobby", "daily", 150}, {"Juniper Hotels", "Tower", "daily", 260},
	{"Katsura Labs", "Campus", "daily", 800}, {"Katsura Labs", "Annex", "weekly", 100},
	{"Larch Law", "Chambers", "weekly", 130},
}

var frequencies = map[string]time.Duration{"hourly": time.Hour, "daily": day, "weekly": week, "monthly": 31 * day}

// newConsole returns one with the sites, where everything has gone well so far. Weekly scans run at weekends, too.
func newConsole(sites []plot) *console {
	c := &console{limit: 10000, others: 315, licensed: 16000, expires: monday.Add(300 * day)}
	for i, of := range sites {
		every := frequencies[of.frequency]
		next := monday.Add(time.Duration(i*97)*time.Minute + time.Duration(i%7)*day).Truncate(10 * time.Minute)
		for next.Sub(monday) > every {
			next = next.Add(-every)
		}
		if of.frequency == "monthly" {
			next = next.Add(time.Duration(i) * 12 * time.Hour)
		}
		s := &site{
			org: of.org, name: of.site, id: fmt.Sprintf("site-%02d", i+1), assets: of.assets, critical: of.assets / 25, ended: of.assets / 20, fresh: of.assets / 200,
			takes:     min(time.Duration(of.assets)*5*time.Second, 30*time.Minute).Truncate(10*time.Minute) + 10*time.Minute,
			schedules: []*schedule{{name: of.frequency + " scan", frequency: of.frequency, every: every, grace: 4 * time.Hour, next: next, last: next.Add(-every)}},
		}
		s.success = next.Add(-every).Add(s.takes)
		s.attempt = s.success
		o := c.organization(of.org)
		o.sites = append(o.sites, s)
		c.explorers = append(c.explorers, &explorer{org: s.org, site: s.name, name: fmt.Sprintf("explorer-%02d", i+1)})
	}
	for i, o := range c.organizations {
		start := monday.Add(time.Duration(i) * time.Hour)
		o.integrations = []*integration{{name: "Azure AD sync", every: day, grace: 4 * time.Hour, next: start, success: start.Add(-day)}}
	}
	return c
}

// organization returns the one of that name, which is added if there is none.
func (c *console) organization(name string) *organization {
	for _, o := range c.organizations {
		if o.name == name {
			return o
		}
	}
	o := &organization{name: name}
	c.organizations = append(c.organizations, o)
	return o
}

func (c *console) site(org, name string) *site {
	sites := c.organization(org).sites
	return sites[slices.IndexFunc(sites, func(s *site) bool { return s.name == name })]
}

// explorer returns the first one of a site.
func (c *console) explorer(org, site string) *explorer {
	return c.explorers[slices.IndexFunc(c.explorers, func(x *explorer) bool { return x.org == org && x.site == site })]
}
