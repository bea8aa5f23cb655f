//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// memory reads a line of /proc/PID/status in MiB. getrusage is of no use: it includes the
// memory of the parent at the fork.
func (p *process) memory(line string) float64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	match := regexp.MustCompile(line + `:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		p.t.Fatalf("no %s in %s", line, status)
	}
	kib, err := strconv.ParseFloat(string(match[1]), 64)
	if err != nil {
		p.t.Fatal(err)
	}
	return kib / 1024
}

// processorTime is the processor time that the program has used.
func (p *process) processorTime() time.Duration {
	p.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ") // the name in brackets may hold anything
	fields := strings.Fields(after)
	ticks := 0
	for _, field := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

var memoryAssets = flag.Int("memory.assets", 1_000_000, "how many assets TestMemoryDoesNotGrowWithTheFleet reads; ten million take minutes")

func TestMemoryDoesNotGrowWithTheFleet(t *testing.T) {
	t.Parallel()
	polled := func(assets int) (p *process, took time.Duration) {
		console, env := startConsole(t, 1, assets, unlimited)
		began := time.Now()
		p = start(t, env, anyPort, "--runzero.url="+console)
		ready := p.url() + "/-/ready"
		eventuallyWithin(t, patience*time.Duration(1+assets/1_000_000), func() error { return p.responds(ready) })
		return p, time.Since(began).Round(time.Second)
	}
	few, _ := polled(1_000)
	resident, processor := few.memory("VmRSS"), few.processorTime()
	large, took := polled(*memoryAssets)
	peak := large.memory("VmHWM")
	t.Logf("1,000 assets: %.1f MiB, at most %.1f MiB, %s of processor time", resident, few.memory("VmHWM"), processor)
	t.Logf("%d assets: at most %.1f MiB, %s of processor time, %s until all were read", *memoryAssets, peak, large.processorTime(), took)
	if resident >= 40 {
		t.Errorf("%.1f MiB resident, want less than 40", resident)
	}
	if peak >= 48 {
		t.Errorf("%d assets take %.1f MiB, want less than 48", *memoryAssets, peak)
	}
	if processor > 900*time.Millisecond {
		t.Errorf("start and one round take %s of processor time, want less than 0.1 %% of the 15 minutes until the next", processor)
	}
}

func TestFirstScrapeAfterAStartIsFast(t *testing.T) {
	console, env := startConsole(t, 2, 200, unlimited)
	warm := []string{"--runzero.url=" + console, "--cache.dir=" + t.TempDir()}
	if code := start(t, env, append([]string{"once"}, warm...)...).exitCode(); code != 0 {
		t.Fatalf("once: the exit code is %d", code)
	}
	for _, c := range []struct {
		name string
		env  []string
		args []string
		has  string // from the first scrape on
	}{
		{"demo", nil, []string{"--demo"}, "runzero_exporter_build_info"},
		{"warm cache", env, warm, "runzero_assets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var took []time.Duration
			for range 5 {
				elapsed := stopwatch()
				p := start(t, c.env, append([]string{anyPort}, c.args...)...)
				f := scrape(t, p.url())
				took = append(took, elapsed())
				if f[c.has] == nil {
					t.Errorf("the first scrape has no %s", c.has)
				}
				p.stop(syscall.SIGTERM)
			}
			slices.Sort(took)
			t.Logf("from start to the first scrape: %s", took)
			if took[2] > 100*time.Millisecond {
				t.Errorf("median %s, want less than 100 ms", took[2])
			}
		})
	}
}

// A discovery reads a million services in one call, and holds no more of them than are wanted.
func TestMemoryOfADiscoveryDoesNotGrowWithTheServices(t *testing.T) {
	t.Parallel()
	const assets, wanted = 400_000, 1000
	console, env := startConsole(t, 1, assets, unlimited)
	passing := startRecorder(t, console)
	discover := func(search string) (peak float64, found families) {
		before := len(passing.requests())
		file := writeFile(t, "discovery.yml", fmt.Sprintf("discovery: [{name: d, of: services, search: %q, max_targets: %d}]", search, wanted))
		p := start(t, env, anyPort, "--runzero.url="+passing.URL, "--config.file="+file, "--no-collector.assets")
		url := p.url()
		eventually(t, func() error { return p.responds(url + "/-/ready") })
		calls := 0
		for _, path := range passing.requests()[before:] {
			if strings.HasSuffix(path, "/services.jsonl") {
				calls++
			}
		}
		if listed, err := targetsAt(url + "/sd/d"); err != nil || len(listed) == 0 || calls != 1 {
			t.Errorf("%d targets by %d calls, %v", len(listed), calls, err)
		}
		return p.memory("VmHWM"), scrape(t, url)
	}
	total := func(f families, name string) (n float64) {
		for _, value := range f.values(name) {
			n += value
		}
		return n
	}
	few, found := discover("protocol:snmp and type:router")
	if n := total(found, "runzero_discovery_targets"); n < wanted/2 || total(found, "runzero_discovery_targets_dropped") > 0 {
		t.Errorf("%v targets of a search for few", n)
	}
	many, found := discover("")
	kept, dropped := total(found, "runzero_discovery_targets"), total(found, "runzero_discovery_targets_dropped")
	t.Logf("few: at most %.1f MiB; %.0f services: at most %.1f MiB", few, kept+dropped, many)
	if kept != wanted || dropped < 1_000_000 {
		t.Errorf("%v targets and %v dropped", kept, dropped)
	}
	if few >= 48 || many >= 48 {
		t.Errorf("%.1f and %.1f MiB, want less than 48", few, many)
	}
}
