package poller_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Failures for one cause are one error, which is repeated now and then while it lasts, and one line when it is over.
func TestOneCauseIsLoggedOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simulator.Fault{"the console is down": {Drop: true}, "the token is refused": {Status: http.StatusUnauthorized}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console, remove := newConsole(small, emptyTasks), []func(){}
				for _, path := range []string{"/account/orgs", "/account/license", "/account/keys"} {
					fault.Path = path
					remove = append(remove, console.Inject(fault))
				}
				w := harness.Start(t, harness.Setup{On: console, Token: (*simulator.Console).AccountToken})
				w.Pass(10 * time.Second)
				if n := len(w.Log.Lines("level=error", "do=")); n != 1 {
					t.Errorf("%d errors at the start, want one", n)
				}
				w.Pass(24 * time.Hour)
				if n := len(w.Log.Lines("level=error")); n < 3 || n > 9 {
					t.Errorf("%d errors in a day, want 3 to 9", n)
				}
				for _, f := range remove {
					f()
				}
				w.Pass(time.Hour)
				if n := len(w.Log.Lines("level=info", "polling goes on")); n != 1 {
					t.Errorf("logged %d times that it is over", n)
				}
				if t.Failed() {
					t.Logf("%s", w.Log)
				}
			})
		})
	}
}
