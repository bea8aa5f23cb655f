package simulator

import (
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Tier is the licence of the simulated account. What each allows is documented.
type Tier int

// Platform allows everything, Professional everything but the account API, Community the export API alone.
const (
	Platform Tier = iota
	Professional
	Community
)

func (t Tier) String() string {
	return [...]string{"platform", "professional", "community"}[t]
}

// Options describe a console. All zero values are useful.
type Options struct {
	Seed uint64
	// Now is the console's clock, time.Now when nil.
	Now func() time.Time
	// Organizations is the number of ordinary organizations, 3 when 0. A demo
	// organization and an inactive one are added.
	Organizations int
	// Sites is the number of sites of the first organization, 4 when 0. Later organizations have fewer, at least 2.
	Sites int
	// EqualSites gives all organizations as many sites.
	EqualSites bool
	// Assets is the size of the first and largest organization, 1200 when 0. Each later one has half of the one
	// before. Fleets of more than a hundred assets vary by a few percent as devices come and go. Negative: no assets.
	Assets int
	// Limit is the number of licensed assets and thereby of calls a day (documented), 10000 when 0. Negative: no
	// usage headers and no limit, as a self-hosted console may be (assumed).
	Limit int
	// DayStart is when the quota resets, after midnight UTC. It is not documented.
	DayStart time.Duration
	// Burst is how many requests a source address may send in any five minutes, 2000 when 0 (documented).
	Burst int
	Tier  Tier
	// Version of the console and of its newest Explorer, "5.1.260818.0" when empty.
	Version string
	// Missing are paths below /api/v1.0 that this console is too old to have. They are
	// answered with a 404 of plain text (seen).
	Missing []string
	// StringCounts writes the counts of assets as strings (assumed of some consoles; the
	// counts of tasks are seen so).
	StringCounts bool
	// IgnoreOrganization responds to account credentials with the data of the first
	// organization, whatever _oid is (seen of requests without _oid).
	IgnoreOrganization bool
	// Quiet lets each schedule but those of passive samples start one run a week, all at different hours, so that most
	// of what happens is what a test lets happen. No run is ever dropped from the lists of tasks.
	Quiet bool
	// Incidents are what goes wrong beside what is wrong in every world.
	Incidents []Incident
}

// Console is a simulated console. It is safe for concurrent use.
type Console struct {
	opts       Options
	seed       key
	anchor     int64 // midnight before the console was made
	createdAt  int64 // when the account was created
	clientID   string
	classOf    []*class // by slot of a fleet, 256 in all
	orgs       []*org
	zones      []*zone
	taskFields []field[*task]
	exports    map[string]exporter
	routes     map[string]route
	tokens     map[string]grant
	zippers    sync.Pool

	mu      sync.Mutex
	usage   usage
	burst   burst
	faults  []*fault
	access  map[string]int64 // OAuth access tokens and when they expire
	issued  uint64
	started []*started
	changes map[key]taskChange // replaced, never changed
	log     callLog
}

var _ http.Handler = (*Console)(nil)

// New makes a console.
func New(o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Organizations, o.Sites = max(1, cmp.Or(o.Organizations, 3)), max(1, cmp.Or(o.Sites, 4))
	o.Assets, o.Limit, o.Burst = max(0, cmp.Or(o.Assets, 1200)), cmp.Or(o.Limit, 10000), cmp.Or(o.Burst, 2000)
	o.Version = cmp.Or(o.Version, "5.1.260818.0")
	o.Missing, o.Incidents = slices.Clone(o.Missing), slices.Clone(o.Incidents)
	c := &Console{opts: o, seed: key(mix(o.Seed)), access: map[string]int64{}, usage: usage{own: map[grant]used{}}}
	c.zippers.New = func() any {
		z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return z
	}
	now := o.Now().Unix()
	c.anchor = floorDiv(now, day) * day
	// Time in synctest bubbles begins in the year 2000: the account must be older.
	c.createdAt = 1616160000
	if now < c.createdAt+365*day {
		c.createdAt = 842400000
	}
	c.clientID = c.seed.sub(drawClient).uuid()
	for i := range classes {
		c.classOf = append(c.classOf, slices.Repeat([]*class{&classes[i]}, classes[i].weight)...)
	}
	c.build()
	c.buildIncidents()
	c.buildZones()
	c.buildTokens()
	c.taskFields = table(taskFields(), joinedFields())
	c.buildExports()
	c.buildRoutes()
	return c
}

// Organization describes one organization.
type Organization struct {
	ID, Name                string
	Demo, Inactive, Project bool
	Sites                   []Site
}

// Site describes one site.
type Site struct{ ID, Name string }

// Organizations lists all organizations. Methods that take an organization take its index in this list.
func (c *Console) Organizations() []Organization {
	list := make([]Organization, 0, len(c.orgs))
	for _, o := range c.orgs {
		t := Organization{ID: o.id, Name: o.name, Demo: o.demo, Inactive: o.inactive, Project: o.project}
		for _, s := range o.sites {
			t.Sites = append(t.Sites, Site{ID: s.id, Name: s.name})
		}
		list = append(list, t)
	}
	return list
}

// view is the world at one moment. Each request has one.
type view struct {
	c       *Console
	now     int64
	started []*started // those that have begun
	changes map[key]taskChange
}

func (c *Console) view() *view {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.opts.Now().Unix()
	begun := slices.DeleteFunc(slices.Clone(c.started), func(s *started) bool { return s.run.start > now })
	return &view{c: c, now: now, started: begun, changes: c.changes}
}
