package simulator

import (
	"fmt"
	"sync"
)

const (
	minute = int64(60)
	hour   = 60 * minute
	day    = 24 * hour
)

// staleDays is how long an asset that is gone stays listed; the organizations
// say the same as expiration_assets_stale.
const staleDays = 45

// recentDays is what counts as recent in recent_asset_count (assumed; the
// count itself is seen).
const recentDays = 30

// role is how a site comes to know its assets.
type role uint8

const (
	roleScanned role = iota
	roleStale        // its scans fail since some days before the console was made
	rolePassive      // traffic sampling only: never scanned, nothing alive
)

type site struct {
	key     key
	id      string
	name    string
	index   int
	role    role
	network byte // the second octet of its addresses, after 10
	// upTo is the end of its share of the fleet, of 1<<32.
	upTo      uint64
	share     float64
	schedule  *schedule
	createdAt int64
	drops     []drop
}

type org struct {
	key       key
	index     int
	id        string
	name      string
	demo      bool
	inactive  bool
	project   bool
	slots     int
	extra     int // slots more, of the jumps
	jumps     []jump
	models    int64 // distinct models of odd devices, growing with the fleet
	sites     []*site
	explorers []*explorer
	schedules []*schedule
	syncs     *schedule // the connector that works, which feeds the integration-only assets
	people    *schedule // the connector that brings users and groups

	countsMu sync.Mutex
	counts   *orgCounts
}

var orgNames = []string{"Halvorsen Logistics", "Brightwater Clinics", "Kestrel Acquisition", "Orchard Street Schools", "Tidewater Utilities"}

var siteNames = [][]string{
	{"Headquarters", "Rotterdam Warehouse", "Plant 2", "Harbour Lab", "Gothenburg Depot", "Data Center East"},
	{"Headquarters", "Clinic North", "Clinic South", "Imaging Center"},
	{"Main Campus", "Field Office"},
}

func orgName(i int) string {
	if i < len(orgNames) {
		return orgNames[i]
	}
	return fmt.Sprintf("Organization %d", i+1)
}

func siteName(org, i int) string {
	names := siteNames[min(org, len(siteNames)-1)]
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("Branch %02d", i+1)
}

// share is the number of assets of the i-th ordinary organization: each has
// about half of the one before, as fleets of subsidiaries go.
func share(assets, i int) int {
	if i > 30 {
		i = 30
	}
	return max(assets>>i, min(assets, 12))
}

func (c *Console) build() {
	n := c.opts.Organizations
	for i := range n + 2 {
		o := &org{key: c.seed.sub(drawOrg).sub(uint64(i)), index: i, name: orgName(i), slots: share(c.opts.Assets, i)}
		sites := max(2, c.opts.Sites-i)
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
		o.id = o.key.uuid()
		o.models = 5 + int64(o.slots)/150
		o.buildSites(sites, c.createdAt)
		c.buildExplorers(o)
		c.buildSchedules(o)
		c.orgs = append(c.orgs, o)
	}
}

func (o *org) buildSites(n int, createdAt int64) {
	var total float64
	for j := range n {
		total += 1 / float64(j+1)
	}
	var sum float64
	for j := range n {
		k := o.key.sub(drawSite).sub(uint64(j))
		s := &site{key: k, id: k.uuid(), index: j, name: siteName(o.index, j), share: 1 / float64(j+1) / total}
		if o.index == 0 && j == n-1 && n >= 2 {
			s.role = rolePassive
		} else if o.index == 0 && j == n-2 && n >= 3 {
			s.role = roleStale
		}
		sum += s.share
		s.upTo = uint64(sum * (1 << 32))
		s.network = byte((o.index*16 + j) % 250)
		s.createdAt = createdAt + int64(j)*day
		o.sites = append(o.sites, s)
	}
	o.sites[n-1].upTo = 1 << 32
}

func (o *org) siteOf(k key) *site {
	v := uint64(k) >> 32
	for _, s := range o.sites {
		if v < s.upTo {
			return s
		}
	}
	return o.sites[len(o.sites)-1]
}

// siteByID accepts a name as well, as documented for starting a scan.
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

func (c *Console) orgByID(id string) *org {
	for _, o := range c.orgs {
		if o.id == id {
			return o
		}
	}
	return nil
}
