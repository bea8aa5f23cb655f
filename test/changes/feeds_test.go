package changes

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// feed is a console that does not list what has changed.
type feed struct {
	name  string
	fault func(*simulator.Console) simulator.Fault
}

func feeds() []feed {
	fault := func(f func(path string) simulator.Fault) func(*simulator.Console) simulator.Fault {
		return func(*simulator.Console) simulator.Fault { return f(taskList) }
	}
	of := func(organization int) func(*simulator.Console) simulator.Fault {
		return func(c *simulator.Console) simulator.Fault {
			return simulator.SearchAnsweredFor(taskList, c.Organizations()[organization].ID)
		}
	}
	return []feed{
		{"ignores the search", fault(simulator.SearchIgnored)},
		{"refuses the search", fault(simulator.SearchRefused)},
		{"answers for one organization of the account", of(1)},
		{"answers for an organization that is not polled", of(3)},
		{"answers that nothing has changed", fault(simulator.SearchEmpty)},
	}
}

// Where the account-wide list cannot be trusted, the organizations' own exports take over at once.
func TestListsThatCannotBeTrusted(t *testing.T) {
	for _, feed := range feeds() {
		for _, first := range []bool{true, false} {
			name := feed.name
			if !first {
				name += ", after a while"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { feed.run(t, first) })
			})
		}
	}
}

func (f feed) run(t *testing.T, first bool) {
	time.Sleep(3 * time.Hour) // not at midnight
	a := start(t, simulator.Options{Organizations: 3, Sites: 2, Assets: 30, Quiet: true}, func(a *account) {
		for i := range len(a.oracle.names) { // the first list should show these
			a.Console.StartScan(i, 0, time.Now().Add(time.Duration(5*i-50)*time.Minute), 20*time.Minute)
		}
		if first {
			a.distrust(f.fault(a.Console))
		}
	})
	for range 8 {
		a.happen()
		a.Pass(interval)
	}
	if !first {
		a.checkpoint()
		a.distrust(f.fault(a.Console))
		a.Pass(interval + interval/10 + 2*time.Minute) // the next list, and the exports
	}
	for range rounds {
		a.happen()
		a.checkpoint()
	}
	if lines := a.Log.Lines("collector=tasks", "not supported"); len(lines) != 1 {
		t.Errorf("%d lines of the log are about the list, want 1: %q", len(lines), lines)
	}
}

// happen lets something begin and something end in each organization.
func (a *account) happen() {
	for i := range len(a.oracle.names) {
		a.Console.StartScan(i, 0, time.Now().Add(time.Minute), 20*time.Minute)
		a.Console.AddTasks("connector", 1, i)
	}
}

// distrust lets the account-wide list of tasks be wrong. From then on only exports count as polls of tasks.
func (a *account) distrust(f simulator.Fault) {
	a.Console.Inject(f)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.distrusted = true
}
