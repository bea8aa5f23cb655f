//go:build port

package poller

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// TestTheLastCallsAreOfWhatTellsTheQuota: what is asked without a credential learns
// nothing of a day that has turned.
func TestTheLastCallsAreOfWhatTellsTheQuota(t *testing.T) {
	account := &target{Target: Target{Account: NewAccount(quota.Share{Share: 0.5}, NewGate())}}
	console := &job{target: account, collector: "console", scope: collector.PerConsole, calls: 3}
	sites := &job{target: account, collector: "sites"}
	once := &job{target: account, collector: Discovery, never: true}
	for _, c := range []struct {
		what  string
		jobs  []*job
		of    *job
		calls int64
		stale bool
		waits bool
	}{
		{"one is left", []*job{console, sites}, console, 1, true, true},
		{"as many as it takes", []*job{console, sites}, console, 3, true, true},
		{"none, and one may be tried", []*job{console, sites}, console, 0, true, true},
		{"more than it takes", []*job{console, sites}, console, 4, true, false},
		{"the day has not turned", []*job{console, sites}, console, 1, false, false},
		{"what tells", []*job{console, sites}, sites, 1, true, false},
		{"nothing else is asked", []*job{console}, console, 1, true, false},
		{"nothing else is asked again", []*job{once, console}, console, 1, true, false},
	} {
		b := (&Poller{jobs: c.jobs}).busy()
		if waits := b.takesTheLast(c.of, Standing{Allowance: quota.Allowance{Known: true, Calls: c.calls, Stale: c.stale}}); waits != c.waits {
			t.Errorf("%s: waits %v, want %v", c.what, waits, c.waits)
		}
	}
}
