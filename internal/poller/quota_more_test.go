//go:build port

package poller_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestALimitThatIsRaisedMakesIntervalsShorterAndALoweredOneLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(3 * time.Hour)
		var by atomic.Int64
		by.Store(-900)
		w, account := limited(t, usual, setup{console: licence(1000), handler: raised(&by)})
		w.console.Inject(noTasks)
		w.pass(6 * time.Hour)
		before := w.values("runzero_collector_interval_seconds", "collector")["sites"]
		if s := account.Standing(time.Now()); s.Limit != 100 || s.Stretch < 4 || before < 3600 {
			t.Fatalf("an interval of %v seconds at a limit of %d, stretched by %v", before, s.Limit, s.Stretch)
		}
		if n := strings.Count(w.log.String(), `msg="intervals are stretched"`); n < 1 || n > 3 {
			t.Errorf("said %d times that intervals are stretched: %s", n, w.log)
		}
		by.Store(0)
		w.pass(4 * time.Hour) // the next poll tells
		if now := w.values("runzero_collector_interval_seconds", "collector")["sites"]; now != 900 {
			t.Errorf("an interval of %v seconds after the limit was raised, want 900", now)
		}
		if n := strings.Count(w.log.String(), `msg="intervals are as configured again"`); n != 1 {
			t.Errorf("said %d times that intervals are as configured again: %s", n, w.log)
		}
		by.Store(-800)
		w.pass(4 * time.Hour)
		if now := w.values("runzero_collector_interval_seconds", "collector")["sites"]; now < 1800 {
			t.Errorf("an interval of %v seconds after the limit was lowered", now)
		}
		w.pass(48 * time.Hour)
		for day, n := range ownByDay(w.console.Calls(), 0) {
			if day.Day() > 1 && n > 100 {
				t.Errorf("%d calls on %s, of a share of 100", n, day)
			}
		}
	})
}

func TestAConsoleThatTellsNoLimitIsAskedAsConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, account := limited(t, usual, setup{console: licence(-1)})
		w.console.Inject(noTasks)
		w.pass(3 * 24 * time.Hour)
		for _, endpoint := range polled[1:] {
			if n := w.asked(endpoint); n < 3*96*9/10 || n > 3*96+1 {
				t.Errorf("%s asked %d times in three days, want about %d", endpoint, n, 3*96)
			}
		}
		s := account.Standing(time.Now())
		if s.Stretch != 1 || s.Stopped() || s.Allowance.Known || !strings.Contains(s.Explain(), "no daily limit") {
			t.Errorf("%+v: %s", s, s.Explain())
		}
		if strings.Contains(w.log.String(), "stretched") || strings.Contains(w.log.String(), "stopped") {
			t.Errorf("the log: %s", w.log)
		}
	})
}

func TestTwoExportersWithOneCredentialKeepWithinTheirSharesTogether(t *testing.T) {
	for _, dayStart := range []time.Duration{0, 9 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(4 * time.Hour)
			options := licence(100)
			options.DayStart = dayStart
			console := simulator.New(options)
			console.Inject(noTasks)
			share := quota.Share{Share: 0.4, Reserve: 0.1}
			one, _ := limited(t, share, setup{on: console})
			two, _ := limited(t, share, setup{on: console})
			one.pass(4 * 24 * time.Hour)
			total := 0
			for day, n := range ownByDay(console.Calls(), dayStart) {
				if n > 80 {
					t.Errorf("%d calls on %s, want at most 80", n, day)
				}
				total += n
			}
			if total < 4*80*8/10 {
				t.Errorf("%d calls in four days of 80", total)
			}
			for _, w := range []*world{one, two} {
				if !w.poller.Ready() || strings.Contains(w.log.String(), "poll failed") {
					t.Errorf("one of two starves: %s", w.log)
				}
			}
		})
	}
}

// TestAConsoleThatIsDownDoesNotSpendTheDay has the data back soon after the console
// is, whatever the polls that failed have cost.
func TestAConsoleThatIsDownDoesNotSpendTheDay(t *testing.T) {
	for _, fault := range []simulator.Fault{{Drop: true}, {Status: http.StatusBadGateway, Header: http.Header{"X-Api-Usage-Remaining": nil, "X-Api-Usage-Limit": nil}}} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(20 * time.Hour)
			w, account := limited(t, usual, setup{console: licence(100)})
			w.pass(6 * time.Hour)
			remove := w.console.Inject(fault)
			w.pass(40 * time.Hour) // two resets go by unseen
			for day, n := range ownByDay(w.console.Calls(), 0) {
				if n > 50 {
					t.Errorf("%d calls on %s", n, day)
				}
			}
			remove()
			w.pass(6 * time.Hour)
			now := float64(time.Now().Unix())
			for _, name := range []string{"sites", "tasks", "assets"} {
				if age := now - w.values("runzero_collector_last_success_timestamp_seconds", "collector")[name]; age > 6*3600 {
					t.Errorf("six hours after the console came back, %s is %.1f hours old; %s", name, age/3600, account.Standing(time.Now()).Explain())
				}
			}
		})
	}
}
