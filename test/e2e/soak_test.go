//go:build e2e

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

var soakFor = flag.Duration("soak", 2*time.Minute, "how long TestSoak goes on")

const (
	soakAccounts      = 4 // each of which may be asked as often as the burst limit of one console lets it
	soakOrganizations = 3 * soakAccounts
	soakClients       = 100 // that scrape at once
	soakEvery         = 3 * time.Second
	troubleEvery      = 5 * time.Second // it comes, and goes, and comes
	reloadEvery       = 2 * time.Second
)

// raceBinary builds the exporter with the race detector.
func raceBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runzero_exporter-race")
	ctx, cancel := context.WithTimeout(t.Context(), buildLimit)
	defer cancel()
	if said, err := exec.CommandContext(ctx, "go", "build", "-race", "-o", path, "../..").CombinedOutput(); err != nil {
		t.Fatalf("the exporter cannot be built with the race detector: %v\n%s", err, said)
	}
	return path
}

// TestSoak lets a hundred clients scrape the exporter again and again while it polls as
// often as it may, consoles fail and heal, and its configuration is reloaded. Every scrape
// is whole, the race detector finds nothing, and in the end the exporter is as small as it
// was at first.
func TestSoak(t *testing.T) {
	consoles := newSoakConsoles(t)
	file := writeFile(t, "config.yml", consoles.file(0))
	p := startFor(t, *soakFor+processLimit, raceBinary(t), []string{"GORACE=halt_on_error=0"}, anyPort, "--config.file="+file, "--cache.dir="+t.TempDir(),
		"--cache.interval=1s", "--quota.share=1", "--quota.reserve=0", "--log.level=debug", fmt.Sprintf("--web.max-requests=%d", 2*soakClients),
		"--collector.tasks.interval=10s", "--collector.console.interval=1s", "--collector.license.interval=1s", "--collector.organizations.interval=1s")
	base := p.url()
	waitFor(t, p, base+"/-/ready", http.StatusOK)
	s := &soak{t: t, base: base, consoles: consoles, client: newClient(&http.Transport{
		DisableCompression: true, MaxIdleConnsPerHost: soakClients,
	})}
	s.client.Timeout = time.Minute
	s.wave()
	first := s.footprint()

	ctx, cancel := context.WithTimeout(t.Context(), *soakFor)
	defer cancel()
	var parts sync.WaitGroup
	every := func(d time.Duration, do func(n int)) {
		parts.Go(func() {
			tick := time.NewTicker(d)
			defer tick.Stop()
			for n := 1; ; n++ {
				select {
				case <-tick.C:
					do(n)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	every(soakEvery, func(int) { s.wave() })
	every(troubleEvery, func(n int) { consoles.trouble.Store(n%2 == 1) })
	every(reloadEvery, func(n int) {
		if err := replaceFile(file, consoles.file(n)); err != nil {
			t.Error(err)
		}
		p.signal(syscall.SIGHUP)
	})
	parts.Wait()
	consoles.trouble.Store(false)

	// It heals by itself, and is no larger than it was.
	eventually(t, s.healed)
	var last footprint
	eventually(t, func() error {
		last = s.footprint()
		return last.exceeds(first)
	})
	t.Logf("%d scrapes, %d with everything, %d requests of consoles of which %d went wrong; first %+v, last %+v", s.scrapes.Load(), s.full.Load(), consoles.requests.Load(), consoles.wrong.Load(), first, last)
	if s.scrapes.Load() < 2*soakClients || s.full.Load() < soakClients || consoles.wrong.Load() == 0 || consoles.requests.Load() < 100 || !strings.Contains(p.stderr.String(), "is reloaded") {
		t.Error("this tests nothing")
	}
	ends(t, p, stopSignal)
	if _, race, found := strings.Cut(p.stderr.String(), "WARNING: DATA RACE"); found {
		t.Errorf("there is a data race: %s", race[:min(len(race), 4000)])
	}
}

// soak is what scrapes.
type soak struct {
	t        *testing.T
	base     string
	consoles *soakConsoles
	client   *http.Client
	scrapes  atomic.Int64
	full     atomic.Int64 // of them, those with the assets of all organizations
}

// wave has all clients scrape at once, each in a format of its own.
func (s *soak) wave() {
	totals := s.consoles.totals()
	var clients sync.WaitGroup
	for range soakClients {
		clients.Go(func() {
			families, err := s.scrape()
			n := 0
			if err == nil {
				n, err = whole(families, totals)
			}
			if err != nil {
				s.t.Error(err)
			}
			if n == soakOrganizations {
				s.full.Add(1)
			}
		})
	}
	clients.Wait()
}

func (s *soak) scrape() (map[string]*dto.MetricFamily, error) {
	var header []string
	openMetrics := rand.IntN(2) == 0
	if openMetrics {
		header = append(header, "Accept", "application/openmetrics-text; version=1.0.0")
	}
	if rand.IntN(2) == 0 {
		header = append(header, "Accept-Encoding", "gzip")
	}
	a, err := ask(s.client, http.MethodGet, s.base+"/metrics", header...)
	if err != nil {
		return nil, err
	}
	s.scrapes.Add(1)
	if a.code != http.StatusOK {
		return nil, fmt.Errorf("GET /metrics: %d: %s", a.code, tail(string(a.body)))
	}
	text, err := a.text()
	if err == nil && openMetrics && !strings.HasSuffix(text, "\n# EOF\n") {
		err = errors.New("the OpenMetrics end in the middle")
	}
	if err != nil {
		return nil, err
	}
	if openMetrics {
		text = comments.ReplaceAllString(text, "") // the rest reads as text does
	}
	return readText(text)
}

var comments = regexp.MustCompile(`(?m)^#.*\n`)

// number is a sample's value, of whatever type.
func number(m *dto.Metric) float64 { return m.GetGauge().GetValue() + m.GetUntyped().GetValue() }

// healed tells, as an error, what does not succeed.
func (s *soak) healed() error {
	families, err := s.scrape()
	if err != nil {
		return err
	}
	for _, m := range families["runzero_collector_success"].GetMetric() {
		if number(m) != 1 {
			return fmt.Errorf("fails: %v", m.GetLabel())
		}
	}
	n, err := whole(families, s.consoles.totals())
	if err == nil && n != soakOrganizations {
		err = fmt.Errorf("assets of %d organizations, want %d", n, soakOrganizations)
	}
	return err
}

// footprint is what the exporter tells of its own size.
type footprint struct{ goroutines, descriptors, heap, resident float64 }

func (s *soak) footprint() footprint {
	s.t.Helper()
	s.client.CloseIdleConnections()
	families, err := s.scrape()
	if err != nil {
		s.t.Fatal(err)
	}
	value := func(name string) float64 {
		metrics := families[name].GetMetric()
		if len(metrics) != 1 {
			s.t.Fatalf("%d series of %s", len(metrics), name)
		}
		return number(metrics[0])
	}
	const mebi = 1 << 20
	return footprint{
		goroutines: value("go_goroutines"), descriptors: value("process_open_fds"),
		heap: value("go_memstats_heap_inuse_bytes") / mebi, resident: value("process_resident_memory_bytes") / mebi,
	}
}

// exceeds tells, as an error, what is larger than it was by more than what comes and goes:
// idle connections, and what a collection of garbage has not come to yet.
func (f footprint) exceeds(first footprint) error {
	switch {
	case f.goroutines > first.goroutines+25:
		return fmt.Errorf("%v goroutines, at first %v", f.goroutines, first.goroutines)
	case f.descriptors > first.descriptors+25:
		return fmt.Errorf("%v open files, at first %v", f.descriptors, first.descriptors)
	case f.heap > 2*first.heap+16:
		return fmt.Errorf("a heap of %.1f MiB, at first %.1f", f.heap, first.heap)
	case f.resident > 2*first.resident+64:
		return fmt.Errorf("%.1f MiB resident, at first %.1f", f.resident, first.resident)
	}
	return nil
}
