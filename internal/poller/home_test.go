//go:build port

package poller_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// home is an exporter that keeps what it knows in a folder, and is started again and
// again.
type home struct {
	t       testing.TB
	dir     string
	console *simulator.Console
	share   quota.Share
	shape   string
	setup   setup
	account *poller.Account
	log     *lines // of the store
}

func newHome(t testing.TB, dir string, s setup) *home {
	return &home{t: t, dir: dir, console: simulator.New(s.console), share: usual, shape: "default", setup: s, log: &lines{}}
}

// start starts the exporter on what the folder holds.
func (h *home) start() *world { return h.begin(false) }

// idle does the same and polls nothing.
func (h *home) idle() *world { return h.begin(true) }

func (h *home) begin(idle bool) *world {
	h.t.Helper()
	kept, err := store.Open(h.dir, log.NewLogfmtLogger(h.log))
	if err != nil {
		h.t.Fatal(err)
	}
	s := h.setup
	s.on, s.idle = h.console, idle
	s.config.Store = kept
	s.target.Fingerprint = h.shape
	h.account = poller.NewAccount(h.share, poller.NewGate())
	s.target.Account = h.account
	return newWorld(h.t, s)
}

// files are the names of the files kept.
func (h *home) files() []string {
	h.t.Helper()
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// copyTo copies the folder as a process that is killed now would leave it.
func (h *home) copyTo(dir string) {
	h.t.Helper()
	for _, name := range h.files() {
		data, err := os.ReadFile(filepath.Join(h.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// soonest is the shortest time between two requests of an endpoint.
func soonest(calls []simulator.Call, endpoint string) time.Duration {
	shortest, last := time.Duration(1<<62), time.Time{}
	for _, call := range calls {
		if call.Path != endpoint {
			continue
		}
		if !last.IsZero() {
			shortest = min(shortest, call.Time.Sub(last))
		}
		last = call.Time
	}
	return shortest
}
