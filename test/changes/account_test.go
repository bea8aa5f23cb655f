package changes

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const (
	interval   = 15 * time.Minute // of tasks
	taskList   = "/account/tasks"
	taskExport = "/export/org/tasks.jsonl"
	assets     = "/export/org/assets.jsonl"
)

// account is an exporter, its console, and what passes between them.
type account struct {
	*harness.World
	t       *testing.T
	setup   harness.Setup
	console *simulator.Console // World's, before it has begun
	network *harness.Network
	oracle  *oracle

	mu         sync.Mutex
	calls      map[string]map[string]int // by day and endpoint
	assetPolls map[string][]time.Time    // those that succeeded, by organization
	taskPolls  map[string]time.Time      // the last that succeeded, by organization
	exported   map[string]bool           // organizations whose tasks were exported
	oldest     time.Duration             // the longest time between two of them
	distrusted bool                      // the account-wide list is wrong
	lost       bool                      // what the exporter writes to its disk is lost
}

// start starts an exporter with an account credential on a new console.
func start(t *testing.T, o simulator.Options, change func(*account)) *account {
	t.Helper()
	console := simulator.New(o)
	a := &account{t: t, console: console, calls: map[string]map[string]int{}, assetPolls: map[string][]time.Time{}, taskPolls: map[string]time.Time{}, exported: map[string]bool{}}
	a.oracle = newOracle(t, console, time.Now)
	a.World = &harness.World{Console: console}
	a.network = harness.NewNetwork(t, a)
	a.setup = harness.Setup{On: console, Network: a.network, CacheDir: harness.CacheDir(t), Token: (*simulator.Console).AccountToken, Disk: a.disk, Flags: harness.OnChange}
	if change != nil {
		change(a)
	}
	a.World = harness.Start(t, a.setup)
	return a
}

// ServeHTTP is the console, which is watched.
func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, path, _ := strings.Cut(r.URL.Path, "/api/v1.0")
	organization, now := r.URL.Query().Get("_oid"), time.Now()
	a.mu.Lock()
	day := now.UTC().Format(time.DateOnly)
	if a.calls[day] == nil {
		a.calls[day] = map[string]int{}
	}
	a.calls[day][path]++
	a.mu.Unlock()

	status := &statusWriter{ResponseWriter: w}
	a.console.ServeHTTP(status, r)
	if status.code != http.StatusOK {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch path {
	case taskList:
		if !a.distrusted {
			a.tasksPolled(slices.Collect(maps.Keys(a.oracle.names)), now)
		}
	case taskExport:
		if organization == "" { // of an export token
			organization = a.console.Organizations()[0].ID
		}
		a.exported[organization] = true
		a.tasksPolled([]string{organization}, now)
	case assets:
		if organization == "" {
			organization = a.console.Organizations()[0].ID
		}
		a.assetPolls[organization] = append(a.assetPolls[organization], now)
	}
}

// tasksPolled is called when the tasks of some organizations have been polled. The caller holds mu.
func (a *account) tasksPolled(organizations []string, now time.Time) {
	for _, id := range organizations {
		if before, ok := a.taskPolls[id]; ok {
			a.oldest = max(a.oldest, now.Sub(before))
		}
		a.taskPolls[id] = now
	}
	a.oracle.polled(organizations)
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// disk loses what is written while the account says so, as when the exporter is killed before it writes.
func (a *account) disk(write store.WriteFile) store.WriteFile {
	return func(name string, data []byte) error {
		a.mu.Lock()
		lost := a.lost
		a.mu.Unlock()
		if lost {
			return nil
		}
		return write(name, data)
	}
}

// kill restarts the exporter. What it has learned in the time before is not saved.
func (a *account) kill(before time.Duration) {
	a.t.Helper()
	set := func(lost bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.lost = lost
	}
	set(true)
	a.Pass(before)
	a.Stop()
	set(false)
	a.Restart()
}

// restartWithoutCache forgets everything.
func (a *account) restartWithoutCache() {
	a.t.Helper()
	a.Flags.CacheDir = harness.CacheDir(a.t)
	a.Restart()
	a.oracle.forget()
}

// outage lets the console be unreachable for a time.
func (a *account) outage(d time.Duration) {
	refused := func(context.Context) error { return errors.New("connection refused") }
	a.network.Break(harness.Fault{Dial: refused, Serve: func(http.Handler, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }})
	a.Pass(d)
	a.network.Repair()
}

// checkpoint compares what is exported with what complete exports say, after the next poll of the tasks of each
// organization.
func (a *account) checkpoint() {
	a.t.Helper()
	a.oracle.watch()
	a.Pass(interval + interval/10 + time.Minute)
	families, err := a.Exporter.Gather()
	if err != nil {
		a.t.Fatal(err)
	}
	a.oracle.compare(families)
}

// indices are those of n organizations.
func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// countAgain forgets what has been counted.
func (a *account) countAgain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls, a.exported, a.oldest = map[string]map[string]int{}, map[string]bool{}, 0
}

func total(calls map[string]int) int {
	sum := 0
	for _, n := range calls {
		sum += n
	}
	return sum
}

// firstAssets is when the assets of an organization were first polled after t; zero if they were not.
func (a *account) firstAssets(organization string, t time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.assetPolls[organization] {
		if !at.Before(t) {
			return at
		}
	}
	return time.Time{}
}
