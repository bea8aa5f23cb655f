package simulator

import (
	"compress/gzip"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Tier is the licence of the simulated account. What each allows is documented.
type Tier int

// The tiers. Platform allows everything, Professional everything but the
// account API, Community the export API alone.
const (
	Platform Tier = iota
	Professional
	Community
)

func (t Tier) String() string {
	return [...]string{"platform", "professional", "community"}[t]
}

// Options shape a console. The zero value is a useful one.
type Options struct {
	Seed uint64
	// Now is the console's clock, time.Now when nil.
	Now func() time.Time
	// Organizations is the number of ordinary organizations, 3 when 0. A demo
	// and an inactive one always come after them.
	Organizations int
	// Sites is the number of sites of the first organization, 4 when 0; later
	// ones have fewer, at least 2.
	Sites int
	// Assets is the size of the first and largest organization, 1200 when 0.
	// Each later one has half of the one before. Fleets above a hundred vary
	// around their size by a few in a hundred as devices come and go. Negative:
	// none at all.
	Assets int
	// Limit is the number of licensed assets, which is the number of calls a
	// day (documented), 10000 when 0. Negative: no usage headers and no refusal,
	// as a self-hosted console may be (assumed).
	Limit int
	// DayStart is when the account's day turns, after midnight UTC. Nothing
	// says when real ones do.
	DayStart time.Duration
	// Burst is how many requests a source address may send in any five minutes,
	// 2000 when 0 (documented).
	Burst int
	Tier  Tier
	// Version of the console, "5.1.260818.0" when empty.
	Version string
	// ExplorerVersion is the newest version of the Explorer, as
	// /releases/agent/version tells it. That of the console when empty, which
	// is what consoles without internet access say (assumed).
	ExplorerVersion string
	// Missing are paths below /api/v1.0 that this console is too old to have;
	// it answers them with a 404 of plain text (seen).
	Missing []string
	// StringCounts writes the counts of assets as strings (assumed of some
	// consoles: task counts are seen so).
	StringCounts bool
	// IgnoreOrganization answers account credentials from the first
	// organization, whichever _oid names (seen of requests without any).
	IgnoreOrganization bool
	// SitesWithoutOrganization leaves organization_id out of the rows of
	// /account/sites, of which nothing says whether they have it.
	SitesWithoutOrganization bool
	// OrganizationList has /org answer with a list of the organizations that
	// the credential reaches, not with one of them (seen of some consoles).
	OrganizationList bool
	// Incidents are what goes wrong, beside what is wrong in every world.
	Incidents []Incident
}

// Console is a simulated console. It is safe for concurrent use.
type Console struct {
	opts      Options
	seed      key
	anchor    int64 // midnight before the console was made
	createdAt int64 // when the account was
	clientID  string
	classOf   [256]uint8
	orgs      []*org
	zones     []*zone
	// What assets, single and listed tasks consist of.
	assetFields            []field[*asset]
	taskFields, listFields []field[*taskState]
	exports                map[string]exporter
	routes                 map[string]route
	tokens                 map[string]grant
	zippers                sync.Pool

	mu      sync.Mutex
	usage   usage
	burst   burst
	faults  []*fault
	access  map[string]int64 // OAuth access tokens and their ends
	issued  uint64
	started []*started
	log     callLog
}

// New makes a console.
func New(o Options) *Console {
	if o.Now == nil {
		o.Now = time.Now
	}
	setDefault(&o.Organizations, 3)
	setDefault(&o.Sites, 4)
	setDefault(&o.Assets, 1200)
	o.Organizations, o.Sites, o.Assets = max(1, o.Organizations), max(1, o.Sites), max(0, o.Assets)
	setDefault(&o.Limit, 10000)
	setDefault(&o.Burst, 2000)
	if o.Version == "" {
		o.Version = "5.1.260818.0"
	}
	if o.ExplorerVersion == "" {
		o.ExplorerVersion = o.Version
	}
	o.Missing, o.Incidents = slices.Clone(o.Missing), slices.Clone(o.Incidents)
	c := &Console{opts: o, seed: key(mix(o.Seed)), access: map[string]int64{}}
	c.zippers.New = func() any {
		z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is a constant
		}
		return z
	}
	now := o.Now().Unix()
	c.anchor = floorDiv(now, day) * day
	// Tests that run in the year 2000 need an account that is older than that.
	c.createdAt = 1616160000
	if now < c.createdAt+365*day {
		c.createdAt = 842400000
	}
	c.clientID = c.seed.sub(drawClient).uuid()
	at := 0
	for i := range classes {
		for range classes[i].weight {
			c.classOf[at&255] = uint8(i)
			at++
		}
	}
	c.assetFields = assetFields()
	c.taskFields = taskFields()
	c.listFields = sorted(append(taskFields(), joinedFields()...))
	c.build()
	c.buildIncidents()
	c.buildZones()
	c.buildTokens()
	c.buildExports()
	c.buildRoutes()
	return c
}

func setDefault(n *int, v int) {
	if *n == 0 {
		*n = v
	}
}

// Organization is the truth about one organization.
type Organization struct {
	ID, Name                string
	Demo, Inactive, Project bool
	Sites                   []Site
}

// Site is the truth about one site.
type Site struct{ ID, Name string }

// Organizations are all organizations, in the order that the indices of
// ExportToken, OrganizationToken, DownloadToken and Assets mean.
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

// view is the world at one moment: one request sees one.
type view struct {
	c       *Console
	now     int64
	started []*started
}

func (c *Console) view() *view {
	c.mu.Lock()
	list := slices.Clone(c.started)
	c.mu.Unlock()
	return &view{c: c, now: c.opts.Now().Unix(), started: list}
}

// below cuts whatever precedes the API in a path: consoles live behind
// proxies with prefixes of their own.
func below(path string) (string, bool) {
	const base = "/api/v1.0"
	i := strings.Index(path, base)
	if i < 0 {
		return path, false
	}
	rest := path[i+len(base):]
	return rest, strings.HasPrefix(rest, "/")
}

var _ http.Handler = (*Console)(nil)
