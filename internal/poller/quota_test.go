//go:build port

package poller_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// usual is the share by default.
var usual = quota.Share{Share: 0.5, Reserve: 0.1}

// licence is a small console on a licence of so many calls a day.
func licence(limit int) simulator.Options {
	return simulator.Options{Sites: 2, Assets: 40, Limit: limit}
}

// noTasks spares the time that a long history of tasks takes, where it tests nothing.
var noTasks = simulator.Fault{Path: "/export/org/tasks.jsonl", Body: new(string)}

// limited makes a world in which the default configuration spends a share.
func limited(t *testing.T, share quota.Share, s setup) (*world, *poller.Account) {
	t.Helper()
	s.target.Account = poller.NewAccount(share, poller.NewGate())
	return newWorld(t, s), s.target.Account
}

// ownByDay counts requests by the account's day.
func ownByDay(calls []simulator.Call, dayStart time.Duration) map[time.Time]int {
	days := map[time.Time]int{}
	for _, call := range calls {
		days[call.Time.Add(-dayStart).UTC().Truncate(24*time.Hour)]++
	}
	return days
}

// gaps returns the largest and the mean time between requests of an endpoint.
func (w *world) gaps(endpoint string) (largest, mean time.Duration) {
	var first, last time.Time
	n := 0
	for _, call := range w.console.Calls() {
		if call.Path != endpoint {
			continue
		}
		if n++; n == 1 {
			first = call.Time
		} else {
			largest = max(largest, call.Time.Sub(last))
		}
		last = call.Time
	}
	if n < 2 {
		return 1 << 62, 1
	}
	return largest, last.Sub(first) / time.Duration(n-1)
}

// polled are the endpoints of the default configuration's collectors.
var polled = []string{"/health", "/export/org/sites.json", "/export/org/tasks.jsonl", "/export/org/assets.jsonl"}

func TestTheDefaultConfigurationOnTheSmallestLicence(t *testing.T) {
	for _, dayStart := range []time.Duration{0, 7 * time.Hour, 15*time.Hour + 30*time.Minute, 23*time.Hour + 59*time.Minute} {
		t.Run(dayStart.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(5*time.Hour + 17*time.Minute) // nobody starts at midnight
				console := licence(100)
				console.DayStart = dayStart
				w, account := limited(t, usual, setup{console: console})
				w.console.Inject(noTasks)
				oldest := 0.0
				for range 3 * 24 * 4 {
					w.pass(15 * time.Minute)
					for name, last := range w.values("runzero_collector_last_success_timestamp_seconds", "collector") {
						if name != poller.Discovery { // an export token's organization is asked for once
							oldest = max(oldest, float64(time.Now().Unix())-last)
						}
					}
					if s := account.Standing(time.Now()); s.Spent > 50 {
						t.Fatalf("%d spent", s.Spent)
					}
				}
				total := 0
				for day, n := range ownByDay(w.console.Calls(), dayStart) {
					if n > 50 {
						t.Errorf("%d calls in the day of %s, want at most 50", n, day.Format(time.DateOnly))
					}
					total += n
				}
				if total < 3*50*85/100 {
					t.Errorf("%d calls in three days of 50: the data starves", total)
				}
				for _, endpoint := range polled {
					if largest, mean := w.gaps(endpoint); largest > 3*mean || mean > 12*time.Hour {
						t.Errorf("%s is polled every %s, and once not for %s", endpoint, mean, largest)
					}
				}
				if oldest > 12*3600 {
					t.Errorf("data as old as %.1f hours was served", oldest/3600)
				}
				if !w.poller.Ready() {
					t.Error("not ready")
				}
			})
		})
	}
}

func TestWhenOthersHaveSpentEverythingAskingStopsAndGoesOnAfterTheReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w, account := limited(t, usual, setup{console: licence(1000)})
		w.pass(2 * time.Hour)
		sites := w.values("runzero_sites")
		w.console.Spend(w.console.Usage().Remaining)
		// One may find out, by a 429 that the console does not charge.
		before := len(w.console.Calls())
		w.pass(2 * time.Hour)
		own := len(w.console.Calls()) - before
		s := account.Standing(time.Now())
		if own > 4 || !s.Paused[poller.Quota] || s.Paused[poller.RateLimit] || !s.Stopped() {
			t.Errorf("%d more calls, paused for %v, want a few and the quota", own, s.Paused)
		}
		before = len(w.console.Calls())
		w.pass(11*time.Hour + 50*time.Minute)
		if own := len(w.console.Calls()) - before; own != 0 {
			t.Errorf("%d calls with nothing left", own)
		}
		if len(sites) == 0 || fmt.Sprint(w.values("runzero_sites")) != fmt.Sprint(sites) {
			t.Errorf("the last answers are not served on: %v, before %v", w.values("runzero_sites"), sites)
		}
		for _, line := range []string{`msg="asking has stopped`, `the day is expected to turn at 00:00 UTC`} {
			if n := strings.Count(w.log.String(), line); n != 1 {
				t.Errorf("%q stands %d times in the log: %s", line, n, w.log)
			}
		}
		if next := w.values("runzero_collector_next_poll_timestamp_seconds", "collector")["sites"]; int64(next) != s.Reset.Unix() {
			t.Errorf("the next poll is told for %v, want the reset at %d", next, s.Reset.Unix())
		}
		w.pass(2 * time.Hour) // past midnight
		if s := account.Standing(time.Now()); s.Stopped() {
			t.Errorf("still paused for %v after the reset", s.Paused)
		}
		for _, endpoint := range polled[1:] {
			n := 0
			for _, call := range w.console.Calls() {
				if call.Path == endpoint && call.Time.Day() == 2 {
					n++
				}
			}
			if n < 4 {
				t.Errorf("%s is asked %d times in the new day's first hours", endpoint, n)
			}
		}
		if n := strings.Count(w.log.String(), `msg="asking goes on"`); n != 1 {
			t.Errorf("said %d times that asking goes on: %s", n, w.log)
		}
	})
}

func TestAnAccountDownToTheReserveIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(8 * time.Hour)
		w, account := limited(t, usual, setup{console: licence(1000)})
		w.pass(time.Hour)
		w.console.Spend(w.console.Usage().Remaining - 100)
		before := len(w.console.Calls())
		w.pass(12 * time.Hour)
		if own := len(w.console.Calls()) - before; own > 4 {
			t.Errorf("%d calls into the reserve", own)
		}
		s := account.Standing(time.Now())
		if !s.Paused[poller.Reserve] || s.Paused[poller.Quota] {
			t.Errorf("paused for %v, want the reserve", s.Paused)
		}
		if text := s.Explain(); !strings.Contains(text, "--quota.reserve") || !strings.Contains(text, "00:00 UTC") {
			t.Errorf("explained as %q", text)
		}
	})
}

func TestAPausedPollIsNoFailureOfTheCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut, whole := 0, 0
		account := poller.NewAccount(usual, poller.NewGate())
		// Polls of four requests and a share of ten calls: the third is cut short.
		target := one(collectFunc(func(ctx context.Context, _ collector.Poll) (collector.Snapshot, error) {
			for range 4 {
				if err := account.Admit(ctx); err != nil {
					cut++
					return collector.Snapshot{}, fmt.Errorf("the next page: %w", err)
				}
				account.Responded(runzero.Exchange{Sent: time.Now(), Code: http.StatusOK, Usage: runzero.Usage{Limit: runzero.Known(20)}})
			}
			whole++
			return collector.Snapshot{}, nil
		}))
		target.Account = account
		w := newWorld(t, setup{console: licence(20), target: target})
		for range 72 {
			w.pass(time.Hour)
			if n := w.values("runzero_collector_consecutive_failures", "collector")["sites"]; n != 0 {
				t.Fatalf("has failed %v times", n)
			}
			if s := account.Standing(time.Now()); s.Spent > 10 {
				t.Fatalf("%d spent", s.Spent)
			}
		}
		if cut == 0 || whole < 4 {
			t.Errorf("%d polls cut short and %d whole: this tests nothing", cut, whole)
		}
		if strings.Contains(w.log.String(), "poll failed") {
			t.Errorf("the log tells of a failure: %s", w.log)
		}
	})
}

// raised adds to the limit that the console tells, and to what remains of it.
func raised(by *atomic.Int64) func(*simulator.Console) http.Handler {
	return func(console *simulator.Console) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			console.ServeHTTP(&raisedWriter{ResponseWriter: w, by: by.Load()}, r)
		})
	}
}

type raisedWriter struct {
	http.ResponseWriter
	by int64
}

func (w *raisedWriter) WriteHeader(code int) {
	for _, name := range []string{"X-API-Usage-Limit", "X-API-Usage-Remaining"} {
		if n, err := strconv.ParseInt(w.Header().Get(name), 10, 64); err == nil {
			w.Header().Set(name, strconv.FormatInt(max(n+w.by, 0), 10))
		}
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *raisedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
