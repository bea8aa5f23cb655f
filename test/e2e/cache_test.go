//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	scanned    = "runzero_scan_last_success_timestamp_seconds"
	scanAge    = "runzero_scan_age_seconds"
	lastPolled = "runzero_collector_last_success_timestamp_seconds"
)

// continues requires a scrape to expose all that an earlier one did, nothing of it older, and true ages.
func continues(t *testing.T, base string, before families) families {
	t.Helper()
	from := time.Now()
	now := scrape(t, base)
	until := time.Now()
	for _, name := range []string{"runzero_assets", "runzero_sites", "runzero_tasks", "runzero_console_healthy", scanned, scanAge} {
		if was, is := len(before[name].GetMetric()), len(now[name].GetMetric()); was > 0 && is == 0 {
			t.Errorf("all %d series of %s have disappeared", was, name)
		}
	}
	polled := now.values(lastPolled)
	for labels, was := range before.values(lastPolled) {
		if is, exposed := polled[labels]; !exposed || is < was || is > float64(until.Unix()+1) {
			t.Errorf("%s was last polled at %f, and is reported at %f", labels, was, is)
		}
	}
	ages := now.values(scanAge)
	for labels, ended := range now.values(scanned) {
		const rounding = 0.01
		least, most := float64(from.UnixMilli())/1000-ended-rounding, float64(until.UnixMilli())/1000-ended+rounding
		if age := ages[labels]; age < least || age > most {
			t.Errorf("the age of %s is %f, want %f to %f", labels, age, least, most)
		}
	}
	return now
}

// Killed at any instant, the exporter has all its data at once when it starts again, and requests nothing twice but what
// was under way.
func TestKillsLoseNothingAndCostNothing(t *testing.T) {
	t.Parallel()
	restartsCostNothing(t, (*process).kill)
}

func TestStopsLoseNothingAndCostNothing(t *testing.T) {
	t.Parallel()
	restartsCostNothing(t, func(p *process) {
		p.waitForLine(&p.stderr, "(starting)") // earlier, the signal ends the program before it can handle it
		p.stop(syscall.SIGTERM)
	})
}

// restartsCostNothing starts the exporter again and again, and ends it at random instants.
func restartsCostNothing(t *testing.T, end func(*process)) {
	t.Helper()
	const interval = 2 * time.Second
	console, env := startConsole(t, 2, 200, unlimited)
	passing := startRecorder(t, console)
	folder := t.TempDir()
	args := []string{anyPort, "--runzero.url=" + passing.URL, "--cache.dir=" + folder, "--cache.interval=2s", "--collector.console.interval=2s"}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("the seed is %d", seed)
	began, cut := time.Now(), map[string]int{}

	endWithin := func(p *process, limit time.Duration) {
		select {
		case <-time.After(time.Duration(random.Float64() * float64(limit))):
		case <-p.done:
			t.Error("the exporter has ended by itself")
		}
		end(p)
		if problems := p.problems(); len(problems) > 0 {
			t.Errorf("the log shows problems:\n%s", strings.Join(problems, "\n"))
		}
		addCut(t, cut, folder)
	}
	// The first rounds never finish: nothing is known yet.
	for range 8 {
		endWithin(start(t, env, args...), 120*time.Millisecond)
	}
	p, base := startReady(t, env, args...)
	const discovery = "/api/v1.0/account/orgs "
	discovered := passing.byOrganization()[discovery]
	last := continues(t, base, nil)
	if len(last["runzero_assets"].GetMetric()) == 0 || len(last[scanAge].GetMetric()) == 0 || discovered == 0 {
		t.Fatalf("there is nothing to cache: %v", passing.byOrganization())
	}
	endWithin(p, interval)
	for i := range 36 {
		p := start(t, env, args...)
		if i%3 == 0 { // while it starts, loads its files and polls what is due
			endWithin(p, 100*time.Millisecond)
			continue
		}
		base := p.url()
		last = continues(t, base, last)
		endWithin(p, []time.Duration{0, 100 * time.Millisecond, interval / 2}[i%3])
	}
	took := time.Since(began)

	// A run without interruptions polls at its start and then once an interval. What was cut short is repeated.
	requests := passing.byOrganization()
	t.Logf("in %s, cut short %v: %v", took, cut, requests)
	for what, n := range requests {
		if most := int(took/interval) + 1 + cutOf(cut, what); n > most {
			t.Errorf("%d requests of %s in %s, want at most %d", n, what, took, most)
		}
		if strings.Contains(what, "assets") && n < 3 {
			t.Errorf("only %d requests of %s in %s", n, what, took)
		}
	}
	if n := requests[discovery] - discovered; n != 0 {
		t.Errorf("organizations were requested %d more times within an hour", n)
	}
	p, base = startReady(t, env, args...)
	continues(t, base, last)
	p.stop(syscall.SIGTERM)
	for _, pattern := range []string{"*.bad", "*.tmp"} {
		if found, err := filepath.Glob(filepath.Join(folder, "*", pattern)); err != nil || len(found) > 0 {
			t.Errorf("the folder holds %v, %v", found, err)
		}
	}
}

// addCut counts the polls that the end of a process has cut short, by collector, as the folder says.
func addCut(t *testing.T, cut map[string]int, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "state.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		type poll struct {
			Collector string
			Running   bool
			Cut       int
		}
		last := map[string]poll{} // a line takes the place of those before it
		for line := range bytes.Lines(text) {
			fields := bytes.SplitN(line, []byte(" "), 3)
			if !bytes.HasPrefix(fields[1], []byte("poll-")) {
				continue
			}
			var p poll
			if err := json.Unmarshal(fields[2], &p); err != nil {
				t.Fatal(err)
			}
			last[string(fields[1])] = p
		}
		for _, p := range last {
			if p.Running || p.Cut > 0 {
				cut[p.Collector]++
			}
		}
	}
}

// cutOf is how many polls were cut short of the collector that makes these requests.
func cutOf(cut map[string]int, request string) int { return cut[collectorOf(request)] }

// collectorOf is the collector that makes these requests.
func collectorOf(request string) string {
	for part, name := range map[string]string{
		"tasks": "tasks", "assets": "assets", "sites": "sites", "agents": "explorers", "license": "license", "keys": "api_keys", "orgs": "discovery",
		"health": "console", "releases/platform": "console", "releases/agent": "explorers",
	} {
		if strings.Contains(request, part) {
			return name
		}
	}
	return ""
}

// The lock is one between processes, and that of a killed one is free at once.
func TestOneProcessOfTwoUsesTheCache(t *testing.T) {
	t.Parallel()
	console, env := startConsole(t, 1, 20, unlimited)
	args := []string{anyPort, "--runzero.url=" + console, "--cache.dir=" + t.TempDir(), "--cache.required"}
	first, base := startReady(t, env, args...)
	second := start(t, env, args...)
	continues(t, second.url(), scrape(t, base))
	if code := second.exitCode(); code != 1 || !strings.Contains(second.stderr.String(), "in use by another exporter: give each") {
		t.Errorf("the exit code of the second is %d", code)
	}
	last := scrape(t, base)
	first.kill()
	third, base := startReady(t, env, args...)
	continues(t, base, last)
	if strings.Contains(third.stderr.String(), "in use") {
		t.Error("the lock of a killed process is not free")
	}
	third.stop(syscall.SIGTERM)
}

// Whatever happened to the files of the cache, the exporter starts, logs it once for each file, and polls.
func TestStartsWithDamagedCacheFiles(t *testing.T) {
	console, env := startConsole(t, 2, 200, unlimited)
	flags := func(folder string) []string {
		return []string{"--runzero.url=" + console, "--cache.interval=1s", "--collector.console.interval=1s", "--cache.dir=" + folder}
	}
	sound := filepath.Join(t.TempDir(), "sound")
	if code := start(t, env, append([]string{"once"}, flags(sound)...)...).exitCode(); code != 0 {
		t.Fatalf("once: the exit code is %d", code)
	}
	change := func(change func([]byte) []byte) func(string) error {
		return func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, change(data), 0o600)
		}
	}
	for what, damage := range map[string]struct {
		do       func(path string) error
		problems int // for each file
	}{
		"corrupt":   {change(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), 1},
		"truncated": {change(func(b []byte) []byte { return b[:len(b)/2] }), 1},
		"empty":     {change(func([]byte) []byte { return nil }), 1},
		"garbage":   {change(func([]byte) []byte { return []byte("\x00\xff no metrics {") }), 1},
		"of another": {func(path string) error {
			others, err := filepath.Glob(filepath.Join(sound, "*", "snapshot-*-assets-*"))
			if err != nil || len(others) == 0 {
				return errors.Join(err, errors.New("there is no other file"))
			}
			data, err := os.ReadFile(others[0])
			return errors.Join(err, os.WriteFile(path, data, 0o600))
		}, 1},
		"a folder":  {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, 1},
		"read-only": {func(path string) error { return os.Chmod(path, 0o400) }, 0},
		"lost":      {os.Remove, 0},
	} {
		// Without the state, snapshots are not loaded.
		for kind, patterns := range map[string][]string{"snapshots": {"snapshot-*-tasks-*", "snapshot-console-*"}, "state": {"state.log"}} {
			t.Run(kind+" "+what, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				if err := os.CopyFS(folder, os.DirFS(sound)); err != nil {
					t.Fatal(err)
				}
				for _, pattern := range patterns {
					files, err := filepath.Glob(filepath.Join(folder, "*", pattern))
					if err != nil || len(files) == 0 {
						t.Fatalf("there is no %s: %v", pattern, err)
					}
					if err := damage.do(files[0]); err != nil {
						t.Fatal(err)
					}
				}
				startsAndPolls(t, env, append([]string{anyPort}, flags(folder)...), damage.problems*len(patterns))
			})
		}
	}
}

func startsAndPolls(t *testing.T, env, args []string, problems int) {
	t.Helper()
	began := time.Now()
	p := start(t, env, args...)
	p.waitForMetrics(p.url(), func(f families) error {
		const jobs = 2*2 + 3 // assets and tasks of two organizations; sites, Explorers, the console
		fresh := 0
		for _, at := range f.values(lastPolled) {
			if at > float64(began.UnixMilli())/1000 {
				fresh++
			}
		}
		if fresh < jobs {
			return fmt.Errorf("%d collectors have polled", fresh)
		}
		return nil
	})
	if got := p.problems(); len(got) != problems {
		t.Errorf("want %d warnings, got:\n%s", problems, strings.Join(got, "\n"))
	}
	p.stop(syscall.SIGTERM)
}
