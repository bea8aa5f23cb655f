package poller_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// After an outage, one search finds what has changed in it. No organization is exported because of it, whichever poll
// finds out that it is over.
func TestAnOutageCostsNoExports(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{20 * time.Minute, 2 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			w := harness.Start(t, harness.Setup{
				On:    newConsole(simulator.Options{Organizations: 5, Sites: 1, Assets: 2, Limit: 10_000}),
				Token: (*simulator.Console).AccountToken, Flags: func(f *config.Flags) {
					harness.OnChange(f)
					for name := range f.Collectors {
						on := name == "tasks" || name == "assets" || name == "sites"
						f.Collectors[name] = config.CollectorFlags{Enabled: on}
					}
				},
			})
			w.Pass(2*time.Hour + 10*time.Minute) // neither discovery nor anything else but changes is due
			remove := w.Console.Inject(simulator.Fault{Status: http.StatusBadGateway})
			w.Pass(long)
			remove()
			before := w.Requests("/export/org/tasks.jsonl")
			w.Pass(17 * time.Minute)
			w.Expect("runzero_collector_success", 1, "collector", "tasks", "org_name", "")
			w.Expect("runzero_collector_success", 1, "collector", "sites")
			if n := w.Requests("/export/org/tasks.jsonl") - before; n > 2 { // some are due at that time of the day
				t.Errorf("%d exports of tasks after %s", n, long)
			}
		})
	}
}
