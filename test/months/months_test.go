//go:build port

package months

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// chapters are what happens in months of an exporter's life: each changes something, and
// is followed by days in which all must be well.
var chapters = []struct {
	what string
	do   func(*months)
}{
	{"the first days", func(*months) {}},
	{"the licence shrinks", func(m *months) { m.north.change(func(o *simulator.Options) { o.Limit = 100 }) }},
	{"the licence grows", func(m *months) { m.north.change(func(o *simulator.Options) { o.Limit = 1000 }) }},
	{"the licence is as before", func(m *months) { m.north.change(func(o *simulator.Options) { o.Limit = 400 }) }},
	{"a restart", (*months).restart},
	{"queries are added", func(m *months) { m.reload(func(m *months) { m.queries = []string{"servers", "printers"} }) }},
	{"a query is removed", func(m *months) { m.reload(func(m *months) { m.queries = []string{"servers"} }) }},
	{"all queries are removed, with a restart", func(m *months) { m.queries = nil; m.restart() }},
	{"organizations come", func(m *months) { m.north.change(func(o *simulator.Options) { o.Organizations = 5 }) }},
	{"organizations are renamed", func(m *months) {
		m.north.set(func(c *changing) {
			c.renamed = []string{"Brightwater Clinics", "Brightwater Health", "Halvorsen Logistics", "Kestrel Acquisition", "Kestrel Acquisition", "Halvorsen Logistics"}
		})
	}},
	{"organizations go", func(m *months) { m.north.change(func(o *simulator.Options) { o.Organizations = 2 }) }},
	{"organizations are there again, by their old names", func(m *months) {
		m.north.change(func(o *simulator.Options) { o.Organizations = 3 })
		m.north.set(func(c *changing) { c.renamed = nil })
	}},
	{"a token is rotated", func(m *months) {
		m.rotate("CT0123456789ABCDEF0123456789ABCDEF")
		m.write("north-account", "CT0123456789ABCDEF0123456789ABCDEF")
	}},
	{"a token is revoked and given back", func(m *months) {
		m.rotate("CT00000000000000000000000000000000")
		m.pass(36 * time.Hour)
		m.failing("runzero_up", "north")
		m.write("north-account", "CT00000000000000000000000000000000")
	}},
	{"the licence is of another tier for a while", func(m *months) {
		m.north.change(func(o *simulator.Options) { o.Tier = simulator.Community })
		m.pass(4 * 24 * time.Hour)
		m.withdrawn("runzero_license_assets_limit")
		m.north.change(func(o *simulator.Options) { o.Tier = simulator.Platform })
	}},
	{"the console is down for a week", (*months).down},
	{"the day turns at another hour", func(m *months) {
		m.north.change(func(o *simulator.Options) { o.DayStart = 3*time.Hour + 7*time.Minute })
	}},
	{"an account joins", func(m *months) { m.reload(func(m *months) { m.names = []string{"east", "north", "south"} }) }},
	{"an account leaves", func(m *months) { m.reload(func(m *months) { m.names = []string{"north", "south"} }) }},
	{"a collector is off", func(m *months) { m.reload(func(m *months) { m.off = []string{"tasks"} }) }},
	{"a collector is on again", func(m *months) { m.reload(func(m *months) { m.off = nil }) }},
	{"the last days", func(*months) {}},
}

// TestMonths lives for months with all that comes and goes in them. After each change,
// everything is asked as often as its interval says, and nothing is lost; at the end
// nothing is left of what went.
func TestMonths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		m := newMonths(t)
		var first sizes
		for i, chapter := range chapters {
			before := time.Now()
			chapter.do(m)
			m.settle(settle)
			m.observe(calm)
			m.onlyKept()
			if t.Failed() {
				t.Fatalf("after %q, from day %.0f to day %.0f", chapter.what, before.Sub(began).Hours()/24, time.Since(began).Hours()/24)
			}
			if i == 0 {
				first = m.sizes()
			}
		}
		m.sizes().compare(t, first)
		m.likeNew()
		t.Logf("%.0f days", time.Since(began).Hours()/24)
	})
}
