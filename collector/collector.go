package collector

import (
	"context"
	"errors"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Collector asks the API for one topic.
type Collector interface {
	// Collect makes one poll. An error, wherever in a stream it comes, means that
	// nothing of this poll is to be used.
	Collect(ctx context.Context, poll Poll) (Snapshot, error)
}

// Poll is what a collector is handed for one poll.
type Poll struct {
	API          *runzero.Client
	Organization Organization
	// Now is the time of the poll.
	Now time.Time
	// Sites is the organization's sites as the sites collector last saw them, nil when
	// it has not: with it, all collectors call a site by one name.
	Sites SiteNames
	// Previous is the collector's last good Snapshot of the organization, nil at first.
	Previous *Snapshot
}

// Organization is whose data is asked for.
type Organization struct {
	ID string // empty for what belongs to no organization
	// Name is its org_name: clean, and no other organization's.
	Name string
}

// Snapshot is what one poll found. It is never changed once made.
type Snapshot struct {
	Families []*dto.MetricFamily
	// Sites is the sites the families speak of. It is not in the families, which know
	// a site by name only, and is what makes a renamed site recognisable.
	Sites SiteNames
}

// ErrUnsupported is the error of a Collector whose endpoint the console, the licence
// or the token does not have.
var ErrUnsupported = errors.New("not supported here")

// Scope is what one poll of a collector covers.
type Scope int

// The scopes of collectors.
const (
	// PerOrganization collectors are polled once for each organization.
	PerOrganization Scope = iota
	// PerConsole collectors are polled once for a console.
	PerConsole
	// Unasked collectors ask nothing: they listen to the others' answers.
	Unasked
)

// Settings are the users' choices that shape what collectors export.
type Settings struct {
	AssetLabels []string      // labels of runzero_assets beside org_name; see AssetLabels
	AssetTop    int           // values kept for each open-ended label
	AssetSearch string        // runZero query that limits which assets are counted
	ScanMaxAge  time.Duration // how old a site's last good scan may get
}

// Spec describes a collector to those who switch and schedule it.
type Spec struct {
	Name     string
	Help     string
	Scope    Scope
	Interval time.Duration // its own default; 0: the cache interval
	New      func(Settings) Collector
}

// Specs lists the collectors, the cheapest first: the first round asks in this order,
// so that the quota is known, and the sites' names, before anything is costly.
func Specs() []Spec {
	return []Spec{
		{Name: "usage", Help: "API usage, from the headers of every answer", Scope: Unasked},
		{Name: "console", Help: "the console's health and version", Scope: PerConsole, Interval: time.Hour, New: newConsole},
		{Name: "sites", Help: "sites and their assets as the console counts them", New: newSites},
		{Name: "tasks", Help: "scans, their schedules, and integrations", New: newTasks},
		{Name: "assets", Help: "assets by site, type, operating system, risk", New: newAssets},
	}
}
