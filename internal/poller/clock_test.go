package poller_test

import (
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// The clock of one run is wrong by years: behind, as a machine without a battery boots, in the second, and ahead in the
// first. Whenever it is set, what is cached stays exposed, and polls go on at their interval.
func TestAClockThatIsWrongByYears(t *testing.T) {
	t.Parallel()
	const years = 20 * 365 * 24 * time.Hour
	for what, wrong := range map[string]struct{ first, second time.Duration }{
		"behind in the second run": {second: -years}, "ahead in the first run": {first: years},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ahead atomic.Int64
				ahead.Store(int64(wrong.first))
				now := func() time.Time { return time.Now().Round(0).Add(years + time.Duration(ahead.Load())) }
				f := &fake{result: oneSite}
				s := setup{
					store: openStore(t, harness.CacheDir(t)), collectors: []schedule.Collector{f.named("sites")},
					config: poller.Config{MaxAge: 72 * time.Hour, Now: now},
				}
				run := func() *world {
					s.quota = quota.New(quota.Share{Share: 0.5, Reserve: 0.1}, quota.NewUnlimitedGate(now))
					return start(t, s)
				}
				w := run()
				w.pass(10 * time.Minute)
				w.stop()
				if n := len(f.seen()); n != 1 {
					t.Fatalf("polled %d times", n)
				}
				spent := s.quota.State(now()).Spent
				ahead.Store(int64(wrong.second))
				f.become(func(collector.Poll) (collector.Snapshot, error) { return collector.Snapshot{}, io.ErrUnexpectedEOF }) // what is exposed is what is cached
				w = run()
				if n := s.quota.State(now()).Spent; n != spent || n == 0 {
					t.Errorf("%d calls are counted after the restart, %d before", n, spent)
				}
				for minute := range 240 {
					if len(w.values("runzero_sites")) != 1 {
						t.Errorf("nothing is exposed in minute %d", minute)
					}
					switch minute {
					case 3:
						ahead.Store(0)
					case 60:
						f.become(oneSite)
					}
					w.pass(time.Minute)
				}
				if n := len(f.seen()); n < 1+240/18 || n > 8+240/15 {
					t.Errorf("%d polls in four hours, at an interval of %s", n, interval)
				}
			})
		})
	}
}
