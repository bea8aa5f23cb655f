//go:build port

package poller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// What an account was told of all its organizations, when it still could be asked, is
// not served beside what each of them tells now.
func TestAnAnswerForAWholeAccountIsNotServedOnceItCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone, wide := &asks{}, &asks{sites: accountSites}
		alone.sites = func(collector.Poll) (collector.SiteNames, error) { return collector.SiteNames{"1": "A"}, nil }
		h := newHome(t, t.TempDir(), ten)
		h.setup.target.Collectors = []poller.Collector{{Name: "sites", Interval: interval, Collector: alone, Wide: wide}}
		w := h.start()
		w.pass(time.Minute)
		if values := w.values("runzero_sites", "org_name"); len(values) != 1 || values["all"] != 1 {
			t.Fatalf("asked at once: %v", values)
		}
		wide.mu.Lock()
		wide.sites = unsupported
		wide.mu.Unlock()
		w.pass(time.Hour)
		before := w.values("runzero_sites", "org_name")
		w.stop()
		if after := h.idle().values("runzero_sites", "org_name"); len(before) != 10 || len(after) != 10 {
			t.Errorf("asked one by one: %v, after a restart: %v", before, after)
		}
	})
}
