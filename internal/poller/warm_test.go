//go:build port

package poller_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestALostAnswerIsAskedForAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small})
		w := h.start()
		w.pass(time.Hour)
		w.stop()
		for _, name := range h.files() {
			if strings.Contains(name, "-assets-") {
				if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := h.console.Count()
		w = h.start()
		w.pass(0) // not longer: something may be due within the next second
		if asked := h.console.Count() - before; asked != 1 || len(w.values("runzero_assets")) == 0 || !w.poller.Ready() {
			t.Errorf("%d calls, want one for what is lost; ready: %v", asked, w.poller.Ready())
		}
	})
}

func TestAnotherIntervalHoldsFromTheRestartOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small})
		w := h.start()
		w.pass(time.Hour)
		w.stop()
		h.setup.target.Collectors = collectors()
		for i := range h.setup.target.Collectors {
			h.setup.target.Collectors[i].Interval = time.Minute
		}
		before := h.console.Count()
		h.start().pass(10 * time.Minute)
		if asked := h.console.Count() - before; asked < 4*7 {
			t.Errorf("%d calls in ten minutes of an interval of one", asked)
		}
	})
}

func TestARestartDoesNotMakeTheFirstRoundOneOfManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := setup{console: simulator.Options{Organizations: 20, Sites: 2, Assets: 20, Limit: 100}, token: (*simulator.Console).AccountToken}
		h := newHome(t, t.TempDir(), s)
		w := h.start()
		w.pass(time.Minute)
		first := h.console.Count()
		for range 20 {
			w.stop()
			w = h.start()
			w.pass(10 * time.Second)
		}
		if more := h.console.Count() - first; more > 2 {
			t.Errorf("%d calls at the start, and %d more by restarts", first, more)
		}
	})
}

func TestOnceIsNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := setup{console: simulator.Options{Organizations: 8, Sites: 2, Assets: 20, Limit: 100}, token: (*simulator.Console).AccountToken}
		h := newHome(t, t.TempDir(), s)
		w := h.idle()
		if err := w.poller.Once(t.Context()); err != nil {
			t.Errorf("26 calls of a share of 50: %v", err)
		}
	})
}

func TestOnceSaysWhatItCouldNotAskAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := setup{console: simulator.Options{Organizations: 30, Sites: 2, Assets: 20, Limit: 100}, token: (*simulator.Console).AccountToken}
		h := newHome(t, t.TempDir(), s)
		w := h.idle()
		if err := w.poller.Once(t.Context()); err == nil {
			t.Error("92 calls of a share of 50 were made")
		}
		if text := w.log.String(); !strings.Contains(text, `msg="not polled"`) || !strings.Contains(text, "has spent 50") {
			t.Errorf("the log: …%s", text[max(len(text)-600, 0):])
		}
	})
}

// TestAFirstPollThatWasCutShortIsMadeUpForSoon: the licence is asked for each six hours.
func TestAFirstPollThatWasCutShortIsMadeUpForSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, t.TempDir(), setup{console: small, token: (*simulator.Console).AccountToken})
		for _, spec := range collector.Specs() {
			if spec.Name == "license" || spec.Name == "sites" {
				h.setup.target.Collectors = append(h.setup.target.Collectors, poller.Collector{
					Name: spec.Name, Scope: spec.Scope, Needs: spec.Needs, Interval: cmp.Or(spec.Interval, interval), Collector: spec.New(collector.Settings{}),
				})
			}
		}
		remove := h.console.Inject(simulator.Fault{Path: "/account/license", Delay: time.Minute})
		for range 5 { // killed, in the middle of it or right after the start
			w := h.start()
			w.pass(10 * time.Second)
			next := t.TempDir()
			h.copyTo(next)
			h.dir = next
			w.stop()
		}
		remove()
		w := h.start()
		w.pass(0)
		if n := w.asked("/account/license"); n != 1 {
			t.Errorf("a crash loop asked for the licence %d times", n)
		}
		w.pass(interval)
		w.stop()
		if w := h.idle(); !w.poller.Ready() || w.asked("/account/license") != 2 {
			t.Errorf("after %s it was asked for %d times", interval, w.asked("/account/license"))
		}
	})
}
