package simulator

import (
	"fmt"
	"slices"
	"sync"
)

const (
	minute = int64(60)
	hour   = 60 * minute
	day    = 24 * hour
)

// staleDays is how long an asset that is gone stays listed, and the expiration_assets_stale of all organizations.
const staleDays = 45

// recentDays is what counts as recent in recent_asset_count (assumed; the count is seen).
const recentDays = 30

// role is how the assets of a site are discovered.
type role uint8

const (
	roleScanned role = iota
	roleStale        // its scans began to fail some days before the console was made
	rolePassive      // by traffic sampling: never scanned, no asset is alive
)

type site struct {
	key       key
	id        string
	name      string
	index     int
	role      role
	share     float64 // of the organization's fleet
	upTo      uint64  // end of this share, of 1<<32
	schedule  *schedule
	createdAt int64
	drops     []drop
	exists    span // when the API lists it
}

type org struct {
	key                key
	index              int
	id                 string
	name               string
	demo               bool
	inactive           bool
	project            bool
	slots              int
	extra              int // slots of additions
	additions          []addition
	risen, unsupported []shareOf
	exists             span  // when the API lists it
	models             int64 // distinct models of small devices, growing with the fleet
	sites              []*site
	explorers          []*explorer
	schedules          []*schedule
	syncs              *schedule // the connector that finds the sparse assets
	directory          *schedule // the connector that imports users and groups

	countsMu sync.Mutex
	counts   *orgCounts
}

var orgNames = []string{"Halvorsen Logistics", "Brightwater Clinics", "Kestrel Acquisition", "Orchard Street Schools", "Tidewater Utilities"}

var siteNames = [][]string{
	{"Headquarters", "Rotterdam Warehouse", "Plant 2", "Harbour Lab", "Gothenburg Depot", "Data Center East"},
	{"Headquarters", "Clinic North", "Clinic South", "Imaging Center"},
	{"Main Campus", "Field Office"},
}

// nameOf is the i-th of a list of names, or a made-up one.
func nameOf(names []string, i int, format string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf(format, i+1)
}

// orgAssets is the number of assets of the i-th ordinary organization: each has about half
// of the one before, as subsidiaries do.
func orgAssets(assets, i int) int {
	return max(assets>>min(i, 30), min(assets, 12))
}

func (c *Console) build() {
	n := c.opts.Organizations
	for i := range n + 2 {
		o := c.newOrg(i, nameOf(orgNames, i, "Organization %d"), orgAssets(c.opts.Assets, i))
		sites := max(2, c.opts.Sites-i)
		if c.opts.EqualSites {
			sites = c.opts.Sites
		}
		switch {
		case i == 0:
			sites = max(1, c.opts.Sites)
		case i == n:
			o.name, o.demo, o.slots, sites = "runZero Demo", true, min(c.opts.Assets, max(12, c.opts.Assets/20)), 2
		case i == n+1:
			o.name, o.inactive, o.slots, sites = "Former Subsidiary", true, min(c.opts.Assets, max(6, c.opts.Assets/50)), 2
		case i == n-1 && n >= 3:
			o.project = true
		}
		c.buildOrg(o, sites)
	}
}

func (c *Console) newOrg(index int, name string, slots int) *org {
	k := c.seed.sub(drawOrg).sub(uint64(index))
	return &org{key: k, id: k.uuid(), index: index, name: name, slots: slots, exists: since(0)}
}

func (c *Console) buildOrg(o *org, sites int) {
	o.models = 5 + int64(o.slots)/150
	o.buildSites(sites, c.createdAt)
	c.buildExplorers(o)
	c.buildSchedules(o)
	c.orgs = append(c.orgs, o)
}

func (o *org) buildSites(n int, createdAt int64) {
	var total float64
	for j := range n {
		total += 1 / float64(j+1)
	}
	var sum float64
	names := siteNames[min(o.index, len(siteNames)-1)]
	for j := range n {
		k := o.key.sub(drawSite).sub(uint64(j))
		s := &site{key: k, id: k.uuid(), index: j, name: nameOf(names, j, "Branch %02d"), share: 1 / float64(j+1) / total, exists: since(0)}
		if o.index == 0 && j == n-1 && n >= 2 {
			s.role = rolePassive
		} else if o.index == 0 && j == n-2 && n >= 3 {
			s.role = roleStale
		}
		sum += s.share
		s.upTo = uint64(sum * (1 << 32))
		s.createdAt = createdAt + int64(j)*day
		o.sites = append(o.sites, s)
	}
	o.sites[n-1].upTo = 1 << 32
}

func (o *org) siteOf(k key) *site {
	i := slices.IndexFunc(o.sites, func(s *site) bool { return uint64(k)>>32 < s.upTo })
	return o.sites[i]
}

// siteByID accepts a name as well, as is documented for starting a scan.
func (o *org) siteByID(id string) *site {
	for _, s := range o.sites {
		if s.id == id {
			return s
		}
	}
	for _, s := range o.sites {
		if s.name == id {
			return s
		}
	}
	return nil
}
