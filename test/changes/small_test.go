package changes

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// figures are what an account costs, and how soon its data is there.
type figures struct {
	calls      int           // on the day with the most
	polls      int           // exports of tasks, on the day with the fewest
	tasks      time.Duration // the greatest age of the tasks
	half, most time.Duration // from the end of a scan to the next poll of the assets: of half of the scans, of all
}

// team is an account in which each organization has one scan a day.
type team struct {
	name          string
	organizations int
	limit         int
	exportToken   bool
}

func teams() []team {
	return []team{
		{"100 calls, an export token, 1 organization", 1, 100, true},
		{"1,000 calls, an account credential, 10 organizations", 10, 1000, false},
	}
}

// measure lets some days pass after the first, which is not counted.
func (m team) measure(t *testing.T, days int, each bool) (f figures) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := simulator.Options{Organizations: m.organizations, Sites: 2, Assets: 60, Quiet: true, Limit: m.limit}
		if each {
			o.Missing = []string{taskList}
		}
		w := &week{random: rand.New(rand.NewPCG(5, 6))}
		w.account = start(t, o, func(a *account) {
			if m.exportToken {
				a.setup.Token = nil
			}
			if each {
				a.setup.Flags = nil
			}
		})
		for day := range days + 1 {
			w.planScans()
			for range 24 * 12 {
				w.Pass(5 * time.Minute)
			}
			if day == 0 {
				w.scans = nil
				w.countAgain()
			}
		}
		ages := w.ages()
		f.half, f.most = ages[len(ages)/2], ages[len(ages)-1]
		f.tasks = w.oldest
		f.polls = math.MaxInt
		for _, calls := range w.calls {
			f.calls, f.polls = max(f.calls, total(calls)), min(f.polls, calls[taskExport])
		}
	})
	return f
}

// With 100 calls a day one organization's tasks are polled every 45 minutes, and its assets are there 45 minutes after
// the scan that changed them.
func TestSmallTeam(t *testing.T) {
	f := teams()[0].measure(t, 3, false)
	t.Logf("%+v", f)
	if f.calls > 50 || f.polls < 24*60/45 || f.tasks > 45*time.Minute || f.most > 45*time.Minute {
		t.Errorf("%+v", f)
	}
}
