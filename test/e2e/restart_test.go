//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// endless is a limit that nothing here reaches.
const endless = 100_000_000

// simulate starts a simulated console of an account with so many calls a day.
func simulate(t *testing.T, organizations, limit int) (url string, env []string) {
	t.Helper()
	console := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.assets=200",
		fmt.Sprintf("--simulate.organizations=%d", organizations), fmt.Sprintf("--simulate.limit=%d", limit))
	url = console.find(&console.stdout, `console is at (http://\S+)$`)
	return url, []string{"RUNZERO_TOKEN=" + console.find(&console.stdout, `^account token:\s+(\S+)$`)}
}

// troubles are the lines of a log that say that something is wrong.
func (p *process) troubles() []string {
	return regexp.MustCompile(`(?m)^.*level=(?:warn|error).*$`).FindAllString(p.stderr.String(), -1)
}

// byLabels are a family's values by the text of their labels.
func byLabels(family *dto.MetricFamily) map[string]float64 {
	values := map[string]float64{}
	for _, m := range family.GetMetric() {
		values[fmt.Sprint(m.GetLabel())] = m.GetGauge().GetValue()
	}
	return values
}

const (
	scanned    = "runzero_scan_last_success_timestamp_seconds"
	scanAge    = "runzero_scan_age_seconds"
	lastPolled = "runzero_collector_last_success_timestamp_seconds"
)

// goesOn insists that a scrape has all that an earlier one had, nothing of it older,
// and true ages.
func goesOn(t *testing.T, base string, before map[string]*dto.MetricFamily) map[string]*dto.MetricFamily {
	t.Helper()
	from := time.Now()
	now := parse(t, get(t, base+"/metrics").body)
	until := time.Now()
	for _, name := range []string{"runzero_assets", "runzero_sites", "runzero_tasks", "runzero_console_healthy", scanned, scanAge} {
		if was, is := len(before[name].GetMetric()), len(now[name].GetMetric()); was > 0 && is == 0 {
			t.Errorf("there were %d of %s, and none is left", was, name)
		}
	}
	polled := byLabels(now[lastPolled])
	for labels, was := range byLabels(before[lastPolled]) {
		if is, there := polled[labels]; !there || is < was || is > float64(until.Unix()+1) {
			t.Errorf("%s was last polled at %f, and now at %f", labels, was, is)
		}
	}
	ages := byLabels(now[scanAge])
	for labels, ended := range byLabels(now[scanned]) {
		const rounding = 0.01
		least, most := float64(from.UnixMilli())/1000-ended-rounding, float64(until.UnixMilli())/1000-ended+rounding
		if age := ages[labels]; age < least || age > most {
			t.Errorf("the age of %s is %f, and not from %f to %f", labels, age, least, most)
		}
	}
	return now
}

// Killed at any instant, the exporter has all that it had, at once, and asks nothing
// twice.
func TestKillsCostNothing(t *testing.T) {
	costNothing(t, func(p *process) {
		p.signal(syscall.SIGKILL)
		<-p.done
	})
}

// Told to end at any instant, it ends well, and the same holds.
func TestEndsCostNothing(t *testing.T) {
	costNothing(t, func(p *process) {
		p.find(&p.stderr, "(starting)") // before, nobody listens to signals yet
		ends(t, p, stopSignal)
	})
}

// costNothing starts the exporter again and again, and stops it at instants that nothing
// chooses but chance.
func costNothing(t *testing.T, stop func(*process)) {
	t.Helper()
	const interval = 2 * time.Second
	console, env := simulate(t, 2, endless)
	seen := startProxy(t, console)
	folder := t.TempDir()
	args := []string{anyPort, "--runzero.url=" + seen.URL, "--cache.dir=" + folder, "--cache.interval=2s", "--collector.console.interval=2s"}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("the seed is %d", seed)
	began := time.Now()

	kill := func(p *process, within time.Duration) {
		select {
		case <-time.After(time.Duration(random.Float64() * float64(within))):
		case <-p.done:
			t.Error("the exporter has ended by itself")
		}
		stop(p)
		if troubles := p.troubles(); len(troubles) > 0 {
			t.Errorf("there is trouble: %s", strings.Join(troubles, "\n"))
		}
	}
	// The first rounds never come to their end, so that nothing is known yet.
	for range 8 {
		kill(start(t, env, args...), 120*time.Millisecond)
	}
	p, base := startReady(t, env, args...)
	discovered := seen.asked()["/api/v1.0/account/orgs "]
	last := goesOn(t, base, nil)
	if len(last["runzero_assets"].GetMetric()) == 0 || len(last[scanAge].GetMetric()) == 0 || discovered == 0 {
		t.Fatalf("there is nothing to keep: %v", seen.asked())
	}
	kill(p, interval)
	for i := range 36 {
		p := start(t, env, args...)
		if i%3 == 0 { // while it starts, reads its files, asks what is due
			kill(p, 100*time.Millisecond)
			continue
		}
		base := p.url()
		last = goesOn(t, base, last)
		if i%3 == 1 {
			kill(p, 100*time.Millisecond)
			continue
		}
		kill(p, interval/2)
	}
	took := time.Since(began)

	// An uninterrupted run asks at its start and then once an interval.
	most := int(took/interval) + 1
	asked := seen.asked()
	t.Logf("in %s, at most %d: %v", took, most, asked)
	for what, times := range asked {
		if times > most {
			t.Errorf("%s was asked %d times in %s, want at most %d", what, times, took, most)
		}
		if strings.Contains(what, "assets") && times < 3 {
			t.Errorf("%s was asked only %d times in %s", what, times, took)
		}
	}
	if again := asked["/api/v1.0/account/orgs "]; again != discovered {
		t.Errorf("organizations were asked for %d times more within an hour", again-discovered)
	}
	p, base = startReady(t, env, args...)
	goesOn(t, base, last)
	ends(t, p, stopSignal)
	for _, pattern := range []string{"*.bad", "*.tmp"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(found) > 0 {
			t.Errorf("there are %v, %v", found, err)
		}
	}
}

// Whatever is found in the folder, the exporter starts, says so once, and polls.
func TestDamagedFilesAreSurvived(t *testing.T) {
	console, env := simulate(t, 2, endless)
	flags := func(folder string) []string {
		return []string{"--runzero.url=" + console, "--cache.interval=1s", "--collector.console.interval=1s", "--cache.dir=" + folder}
	}
	sound := filepath.Join(t.TempDir(), "sound")
	if code := start(t, env, append([]string{"once"}, flags(sound)...)...).exitCode(soon); code != 0 {
		t.Fatalf("once: the exit code is %d", code)
	}
	write := func(change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, change(data), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	foreign := func(t *testing.T, path string) {
		t.Helper()
		others, err := filepath.Glob(filepath.Join(filepath.Dir(path), "snapshot-*-assets-*.prom"))
		if err != nil || len(others) == 0 {
			t.Fatalf("there are no others: %v", err)
		}
		data, err := os.ReadFile(others[0])
		if err != nil {
			t.Fatal(err)
		}
		write(func([]byte) []byte { return data })(t, path)
	}
	for _, damage := range []struct {
		what     string
		do       func(*testing.T, string)
		warnings int // for each file
	}{
		{"corrupt", write(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), 1},
		{"truncated", write(func(b []byte) []byte { return b[:len(b)/2] }), 1},
		{"empty", write(func([]byte) []byte { return nil }), 1},
		{"garbage", write(func([]byte) []byte { return []byte("\x00\xff no metrics {") }), 1},
		{"foreign", foreign, 1},
		{"folder", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, 1},
		{"read-only", func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
		}, 0},
		{"lost", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, 0},
	} {
		for _, kind := range []string{"snapshot-*-tasks-*", "snapshot-console-*", "state-*"} {
			t.Run(damage.what+" "+kind, func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				if err := os.CopyFS(folder, os.DirFS(sound)); err != nil {
					t.Fatal(err)
				}
				found, err := filepath.Glob(filepath.Join(folder, kind+".prom"))
				if err != nil || len(found) == 0 {
					t.Fatalf("there is no %s: %v", kind, err)
				}
				damage.do(t, found[0])
				survives(t, env, append([]string{anyPort}, flags(folder)...), damage.warnings)
			})
		}
	}
}

// survives insists that the exporter starts with so many warnings, and polls.
func survives(t *testing.T, env, args []string, warnings int) {
	t.Helper()
	began := time.Now()
	p := start(t, env, args...)
	base := p.url()
	get(t, base+"/metrics")
	eventually(t, func() error {
		a, err := ask(client, "GET", base+"/metrics")
		if err != nil {
			return err
		}
		const jobs = 2*2 + 3 // assets and tasks of two organizations; sites, Explorers, the console
		fresh := 0
		for _, at := range byLabels(parse(t, a.body)[lastPolled]) {
			if at > float64(began.UnixMilli())/1000 {
				fresh++
			}
		}
		if fresh < jobs {
			return fmt.Errorf("%d collectors have polled", fresh)
		}
		return nil
	})
	if troubles := p.troubles(); len(troubles) != warnings {
		t.Errorf("want %d warnings and not:\n%s", warnings, strings.Join(troubles, "\n"))
	}
	ends(t, p, stopSignal)
}

// A folder that cannot be is a mistake that ends the start.
func TestUnwritableCacheFolder(t *testing.T) {
	p := start(t, nil, "--demo", anyPort, "--cache.dir="+writeFile(t, "file", "")+"/below")
	if code := p.exitCode(soon); code != 1 {
		t.Errorf("the exit code is %d", code)
	}
	if said := p.stderr.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "--cache.dir") {
		t.Errorf("it says %q, and not a sentence that names --cache.dir", said)
	}
}
