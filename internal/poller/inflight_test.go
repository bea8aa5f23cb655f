package poller

import (
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// Responses without usage headers do not show that the quota has reset.
func TestTheLastCallsAreForPollsThatReportTheQuota(t *testing.T) {
	t.Parallel()
	perConsole := &schedule.Collector{Spec: collector.Spec{Scope: collector.PerConsole}}
	console := &job{Poll: schedule.Poll{Name: "console", Collector: perConsole}, calls: 3}
	sites := &job{Poll: schedule.Poll{Name: "sites", Collector: &schedule.Collector{}}}
	derived := &job{Poll: schedule.Poll{Name: "organizations"}, source: &job{}}
	for _, c := range []struct {
		what  string
		jobs  []*job
		of    *job
		calls int64
		stale bool
		waits bool
	}{
		{"one call is left", []*job{console, sites}, console, 1, true, true},
		{"as many as the poll takes", []*job{console, sites}, console, 3, true, true},
		{"more than the poll takes", []*job{console, sites}, console, 4, true, false},
		{"the quota has not reset", []*job{console, sites}, console, 1, false, false},
		{"a poll that reports the quota", []*job{console, sites}, sites, 1, true, false},
		{"nothing else is polled", []*job{console}, console, 1, true, false},
		{"nothing else makes requests", []*job{derived, console}, console, 1, true, false},
	} {
		flight := (&account{jobs: c.jobs, index: newIndex(c.jobs)}).inFlight()
		state := quota.State{Allowance: quota.Allowance{Known: true, Calls: c.calls, Stale: c.stale}}
		if waits := flight.wouldStarveProbe(c.of, state); waits != c.waits {
			t.Errorf("%s: waits %v, want %v", c.what, waits, c.waits)
		}
	}
}
