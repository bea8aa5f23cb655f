package months

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// event is something that happens to a running exporter.
type event struct {
	name   string
	short  bool // happens in the short form of the test, too
	happen func(*life)
}

func events() []event {
	return []event{
		{"nothing", true, func(*life) {}},
		{"the licence shrinks", false, func(l *life) { l.north.change(func(o *simulator.Options) { o.Limit = 60 }) }},
		{"the licence grows", false, func(l *life) { l.north.change(func(o *simulator.Options) { o.Limit = 1000 }) }},
		{"the licence is as before", false, func(l *life) { l.north.change(func(o *simulator.Options) { o.Limit = 400 }) }},
		{"a restart", true, func(l *life) { l.Restart() }},
		{"queries are added", false, func(l *life) { l.configure(func(l *life) { l.queries = []string{"servers", "printers"} }) }},
		{"a query is removed", false, func(l *life) { l.configure(func(l *life) { l.queries = []string{"servers"} }) }},
		{"the last query is removed with a restart", false, func(l *life) {
			l.queries = nil
			l.WriteFile(l.file())
			l.Restart()
		}},
		{"organizations are added", true, func(l *life) { l.north.change(func(o *simulator.Options) { o.Organizations = 5 }) }},
		{"organizations are renamed, two of them by exchange", false, func(l *life) {
			l.north.set(func(a *account) {
				a.renamed = []string{"Brightwater Clinics", "Brightwater Health", "Halvorsen Logistics", "Kestrel Acquisition", "Kestrel Acquisition", "Halvorsen Logistics"}
			})
		}},
		{"organizations are removed", false, func(l *life) { l.north.change(func(o *simulator.Options) { o.Organizations = 2 }) }},
		{"organizations are back, with their old names", true, func(l *life) {
			l.north.change(func(o *simulator.Options) { o.Organizations = 3 })
			l.north.set(func(a *account) { a.renamed = nil })
		}},
		{"a token is rotated", true, func(l *life) {
			l.north.rotate("CT0123456789ABCDEF0123456789ABCDEF")
			l.writeToken("north-account", "CT0123456789ABCDEF0123456789ABCDEF")
		}},
		{"a token is revoked, and replaced after 36 hours", false, func(l *life) {
			l.north.rotate("CT00000000000000000000000000000000")
			l.Pass(36 * time.Hour)
			l.Expect("runzero_up", 0, "account_name", "north")
			l.writeToken("north-account", "CT00000000000000000000000000000000")
		}},
		{"the licence is of a lower tier for four days", false, func(l *life) {
			l.north.change(func(o *simulator.Options) { o.Tier = simulator.Community })
			l.Pass(4 * 24 * time.Hour)
			l.expectWithdrawn("runzero_license_assets_limit")
			l.north.change(func(o *simulator.Options) { o.Tier = simulator.Platform })
		}},
		{"the console is down for a week", false, (*life).outage},
		{"the quota resets at another hour", false, func(l *life) {
			l.north.change(func(o *simulator.Options) { o.DayStart = 3*time.Hour + 7*time.Minute })
		}},
		{"an account is added", true, func(l *life) { l.configure(func(l *life) { l.names = []string{"east", "north", "south"} }) }},
		{"an account is removed", true, func(l *life) { l.configure(func(l *life) { l.names = []string{"north", "south"} }) }},
		{"a collector is switched off", false, func(l *life) { l.configure(func(l *life) { l.off = []string{"tasks"} }) }},
		{"a collector is switched on, with a restart", false, func(l *life) {
			l.off = nil
			l.WriteFile(l.file())
			l.Restart()
		}},
		{"nothing, again", false, func(*life) {}},
	}
}

// TestMonths lets one event after the other happen. After each, everything must soon be as
// it should be, and at the end nothing may be left of what is gone.
func TestMonths(t *testing.T) {
	happening := slices.DeleteFunc(events(), func(e event) bool { return !e.short && !long })
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := begin(t)
		var first sizes
		for i, e := range happening {
			before := time.Now()
			e.happen(l)
			l.settle(settle)
			l.expectCalm(calm)
			if t.Failed() {
				t.Fatalf("after %q, from hour %.0f to hour %.0f", e.name, before.Sub(began).Hours(), time.Since(began).Hours())
			}
			if i == 0 {
				first = l.sizes()
			}
		}
		l.expectSizes(first)
		l.expectLikeNew()
		t.Logf("%.0f days", time.Since(began).Hours()/24)
	})
}

// outage lets the console of north be down for a week. Its data is exported until it is too old,
// each collector's by its own age.
func (l *life) outage() {
	l.north.set(func(a *account) { a.down = true })
	assets, last := l.newest("assets"), l.newest("assets", "sites", "explorers", "license", "api_keys")
	l.Pass(time.Until(assets) + maxAge - time.Minute)
	l.Expect("runzero_up", 0, "account_name", "north")
	if l.Values("runzero_assets", "account_name")["north"] == 0 {
		l.t.Error("assets are withdrawn before they are too old")
	}
	l.Pass(time.Until(last) + maxAge + time.Minute)
	l.expectWithdrawn("runzero_assets", "runzero_sites", "runzero_explorers", "runzero_license_assets_limit", "runzero_api_key_calls_today")
	l.Pass(4 * 24 * time.Hour)
	l.north.set(func(a *account) { a.down = false })
}

// newest is when a poll of one of these collectors of north last succeeded.
func (l *life) newest(collectors ...string) time.Time {
	var newest time.Time
	for _, a := range l.Exporter.Status() {
		for _, s := range a.Polls {
			if a.Name == "north" && slices.Contains(collectors, s.Collector) && s.LastSuccess.After(newest) {
				newest = s.LastSuccess
			}
		}
	}
	return newest
}

// expectWithdrawn expects that nothing is exported of these families for north.
func (l *life) expectWithdrawn(families ...string) {
	l.t.Helper()
	for _, family := range families {
		if value, exported := l.Values(family, "account_name")["north"]; exported {
			l.t.Errorf("%s is still exported: %v", family, value)
		}
	}
}
