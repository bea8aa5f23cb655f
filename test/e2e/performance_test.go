//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// memory reads a line of /proc/PID/status in MiB. What getrusage tells of a child is
// no use: it counts the parent's memory at the fork.
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

// processor is the processor time the program has used.
func (p *process) processor() time.Duration {
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

// polled starts the exporter against a console of so many assets and waits until it
// has polled everything once.
func polled(t *testing.T, assets int) *process {
	t.Helper()
	console := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.organizations=1",
		fmt.Sprintf("--simulate.assets=%d", assets))
	url := console.find(&console.stdout, `console is at (http://\S+)$`)
	token := console.find(&console.stdout, `^export token:\s+(\S+)$`)
	p := start(t, []string{"RUNZERO_TOKEN=" + token}, anyPort, "--runzero.url="+url)
	page := p.url()
	eventually(t, func() error { return succeeds(page + "/-/ready") })
	return p
}

func succeeds(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

func TestMemoryDoesNotGrowWithTheFleet(t *testing.T) {
	few := polled(t, 1_000)
	idle, small := few.memory("VmRSS"), few.memory("VmHWM")
	large := polled(t, 1_000_000).memory("VmHWM")
	t.Logf("resident after a round of 1,000 assets: %.1f MiB; at most with 1,000: %.1f MiB, with 1,000,000: %.1f MiB", idle, small, large)
	if idle >= 40 {
		t.Errorf("%.1f MiB resident, want less than 40", idle)
	}
	if large-small >= 32 {
		t.Errorf("a million assets take %.1f MiB more than a thousand, want less than 32", large-small)
	}
}

func TestPollingTakesNextToNoProcessorTime(t *testing.T) {
	p := polled(t, 1_200)
	spent := p.processor()
	t.Logf("start and one round: %s of processor time, %.4f %% of the 15 minutes until the next", spent, spent.Seconds()/9)
	if spent > 900*time.Millisecond {
		t.Errorf("%s, want less than 0.1 %% of 15 minutes", spent)
	}
}

func TestStartToTheFirstScrape(t *testing.T) {
	url, env := simulate(t, 2, endless)
	warm := []string{"--runzero.url=" + url, "--cache.dir=" + t.TempDir()}
	if code := start(t, env, append([]string{"once"}, warm...)...).exitCode(soon); code != 0 {
		t.Fatalf("once: the exit code is %d", code)
	}
	for _, c := range []struct {
		what string
		env  []string
		args []string
		has  string // from the first scrape on
	}{
		{"demo", nil, []string{"--demo"}, "runzero_exporter_build_info"},
		{"warm cache", env, warm, "runzero_assets"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var took []time.Duration
			for range 5 {
				began := time.Now()
				p := start(t, c.env, append([]string{anyPort}, c.args...)...)
				scrape := get(t, p.url()+"/metrics").body
				took = append(took, time.Since(began))
				if parse(t, scrape)[c.has] == nil {
					t.Errorf("the first scrape has no %s", c.has)
				}
				ends(t, p, stopSignal)
			}
			slices.Sort(took)
			t.Logf("from start to the first scrape: %s", took)
			if took[2] > 100*time.Millisecond {
				t.Errorf("median %s, want less than 100 ms", took[2])
			}
		})
	}
}
