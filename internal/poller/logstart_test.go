package poller_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// What is polled, and that everything has been polled, is logged once at the start.
func TestTheStartIsLogged(t *testing.T) {
	t.Parallel()
	account := (*simulator.Console).AccountToken
	silent := small
	silent.Limit = -1
	for name, c := range map[string]struct {
		console       simulator.Options
		fault         simulator.Fault
		token         func(*simulator.Console) string // nil: an export token
		polling, done string
	}{
		"an account token": {small, simulator.Fault{Path: "/x"}, account,
			`credentials="account credential" organizations=3 polls=14 calls_per_day_needed=655 calls_per_day_allowed=5000 account_limit=10000 limit_source=header`,
			`succeeded=13 failed=0 unsupported=0 took=`},
		"an export token": {small, simulator.Fault{Path: "/x"}, nil,
			`credentials="export token" organizations=1 polls=5 calls_per_day_needed=313 calls_per_day_allowed=5000`,
			`succeeded=5 failed=0 unsupported=4 took=`},
		"a console without usage headers": {silent, simulator.Fault{Path: "/x"}, nil,
			`organizations=1 polls=5 calls_per_day_needed=313 calls_per_day_allowed=unknown`,
			`succeeded=5 failed=0 unsupported=4 took=`},
		"a poll that fails": {small, simulator.Fault{Path: "/export/org/assets.jsonl", Status: http.StatusBadGateway}, nil,
			`organizations=1 polls=5 `,
			`succeeded=4 failed=1 unsupported=4 took=`},
		"a poll that takes nine minutes": {small, simulator.Fault{Path: "/export/org/assets.jsonl", Delay: 9 * time.Minute}, nil,
			`organizations=1 polls=5 `,
			`succeeded=5 failed=0 unsupported=4 took=9m`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(c.console, emptyTasks, c.fault), Token: c.token})
				w.Pass(3 * time.Hour)
				polling, done := w.Log.Lines(`level=info msg=polling console=`), w.Log.Lines(`level=info msg="first round complete"`)
				if len(polling) != 1 || len(done) != 1 || !strings.Contains(polling[0], c.polling) || !strings.Contains(done[0], c.done) {
					t.Errorf("want %s and %s; logged:\n%s", c.polling, c.done, w.Log)
				}
				if log := w.Log.String(); strings.Index(log, "msg=polling") > strings.Index(log, "first round complete") {
					t.Errorf("logged in the wrong order:\n%s", log)
				}
			})
		})
	}
}

// Nothing is known to be polled until the right token is there. A restart with a cache knows everything at once.
func TestTheStartIsLoggedWhenItIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(small)
		rejected := console.Inject(simulator.Fault{Status: http.StatusUnauthorized})
		w := harness.Start(t, harness.Setup{On: console, CacheDir: t.TempDir(), Flags: func(f *config.Flags) { f.Token = console.AccountToken() }})
		w.Pass(time.Hour)
		if lines := append(w.Log.Lines("msg=polling"), w.Log.Lines("first round")...); len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
		rejected()
		w.Pass(3 * time.Hour)
		w.Restart()
		w.Pass(time.Second)
		polling, done := w.Log.Lines("msg=polling"), w.Log.Lines("first round complete")
		if len(polling) != 2 || len(done) != 2 || strings.Contains(done[0], "from_cache") || !strings.Contains(done[1], "took=0s from_cache=13") {
			t.Errorf("logged %q and %q", polling, done)
		}
	})
}

// An exporter that takes over the cache of another one logs its start once, too.
func TestTheStartIsLoggedOnceByWhoWaitsForTheCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		setup := harness.Setup{On: newConsole(small, emptyTasks), CacheDir: t.TempDir()}
		first := harness.Start(t, setup)
		first.Pass(time.Minute)
		second := harness.Start(t, setup)
		second.Pass(10 * time.Second)
		first.Stop()
		second.Pass(time.Hour)
		if len(second.Log.Lines("cache folder is free")) != 1 || len(second.Log.Lines("msg=polling console=")) != 1 || len(second.Log.Lines("first round complete")) != 1 {
			t.Errorf("logged:\n%s", second.Log)
		}
	})
}

// Two accounts have two lines each, a reload adds those of a third.
func TestTheStartOfEachAccountIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		consoles := map[string]*simulator.Console{}
		file := "accounts:\n"
		for name, address := range map[string]string{"north": harness.North, "south": harness.South} {
			consoles[address] = simulator.New(small)
			file += harness.Account(name, address, consoles[address].AccountToken())
		}
		consoles[harness.East] = simulator.New(small)
		w := harness.Start(t, harness.Setup{Dials: harness.Pipes(t, consoles), File: file})
		w.Pass(time.Minute)
		w.WriteFile(file + harness.Account("east", harness.East, consoles[harness.East].AccountToken()))
		if err := w.Reload(); err != nil {
			t.Fatal(err)
		}
		w.Pass(time.Hour)
		for name, address := range map[string]string{"north": harness.North, "south": harness.South, "east": harness.East} {
			of := "account_name=" + name + " "
			if n := len(w.Log.Lines(of, "msg=polling console="+address)); n != 1 || len(w.Log.Lines(of, "first round complete")) != 1 {
				t.Errorf("%s: logged:\n%s", name, w.Log)
			}
		}
	})
}

// More than twice their length is a warning, once.
func TestWarnsOfLongIntervals(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]struct{ warnings, infos int }{10000: {}, 600: {infos: 1}, 100: {warnings: 1}} {
		synctest.Test(t, func(t *testing.T) {
			options := small
			options.Limit = limit
			w := harness.Start(t, harness.Setup{On: newConsole(options, emptyTasks)})
			w.Pass(6 * time.Hour)
			const line = `msg="intervals are stretched"`
			if warnings := w.Log.Lines("level=warn", line, "do="); len(warnings) != want.warnings || len(w.Log.Lines("level=info", line)) != want.infos {
				t.Errorf("limit %d: logged:\n%s", limit, w.Log)
			}
		})
	}
}
