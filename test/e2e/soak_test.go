//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var soakFor = flag.Duration("soak", 45*time.Second, "how long TestSoak takes")

const (
	soakAccounts      = 4 // each of which polls as often as the burst limit of a console permits
	soakOrganizations = 3 * soakAccounts
	soakClients       = 100 // that scrape at the same time
	waveEvery         = 3 * time.Second
	troubleEvery      = 5 * time.Second // it comes and goes
	reloadEvery       = 2 * time.Second
)

// A hundred clients scrape again and again while the exporter polls as often as it can,
// consoles fail and recover, and the configuration is reloaded. Every scrape is consistent,
// the race detector finds nothing, and in the end the exporter is as small as at first.
func TestSoak(t *testing.T) {
	race := filepath.Join(t.TempDir(), "runzero_exporter-race")
	if err := build(race, "-race"); err != nil {
		t.Fatal(err)
	}
	consoles := newSoakConsoles(t)
	file := writeFile(t, "config.yml", consoles.file(0))
	p := startProgram(t, race, []string{"GORACE=halt_on_error=0"}, anyPort, "--config.file="+file, "--cache.dir="+t.TempDir(),
		"--cache.interval=1s", "--quota.share=1", "--quota.reserve=0", "--log.level=debug", fmt.Sprintf("--web.max-requests=%d", 2*soakClients),
		"--collector.tasks.interval=10s", "--collector.console.interval=1s", "--collector.license.interval=1s", "--collector.organizations.interval=1s")
	base := p.url()
	waitForOK(t, p, base+"/-/ready")
	s := &soak{t: t, url: base + "/metrics", consoles: consoles, client: newClient(&http.Transport{DisableCompression: true, MaxIdleConnsPerHost: soakClients})}
	s.wave()
	first := s.footprint()

	ctx, cancel := context.WithTimeout(t.Context(), *soakFor)
	defer cancel()
	var running sync.WaitGroup
	every := func(interval time.Duration, do func(n int)) {
		running.Go(func() {
			tick := time.NewTicker(interval)
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
	every(waveEvery, func(int) { s.wave() })
	every(troubleEvery, func(n int) { consoles.trouble.Store(n%2 == 1) })
	every(reloadEvery, func(n int) {
		overwrite(t, file, consoles.file(n))
		p.signal(syscall.SIGHUP)
	})
	running.Wait()
	consoles.trouble.Store(false)
	overwrite(t, file, consoles.file(0))
	p.signal(syscall.SIGHUP)

	// It recovers by itself, and is no larger than before. What has failed often waits for minutes, but not after a reload,
	// of which one in half a minute counts.
	checks := 0
	eventually(t, func() error {
		err := s.recovered()
		if checks++; err != nil && checks%100 == 0 {
			p.signal(syscall.SIGHUP)
		}
		return err
	})
	var last footprint
	eventually(t, func() error {
		last = s.footprint()
		return last.exceeds(first)
	})
	t.Logf("%d scrapes, %d of them complete; %d requests of consoles, %d of them failed; first %+v, last %+v",
		s.scrapes.Load(), s.complete.Load(), consoles.requests.Load(), consoles.failed.Load(), first, last)
	if s.scrapes.Load() < 2*soakClients || s.complete.Load() < soakClients || consoles.failed.Load() == 0 || consoles.requests.Load() < 100 ||
		!strings.Contains(p.stderr.String(), "configuration reloaded") {
		t.Error("this run proves nothing")
	}
	p.stop(syscall.SIGTERM)
	if _, race, found := strings.Cut(p.stderr.String(), "WARNING: DATA RACE"); found {
		t.Errorf("data race: %s", race[:min(len(race), 4000)])
	}
}

// soak are the clients.
type soak struct {
	t        *testing.T
	url      string
	consoles *soakConsoles
	client   *http.Client
	scrapes  atomic.Int64
	complete atomic.Int64 // scrapes with the assets of all organizations
}

// wave makes all clients scrape at once, each in a format of its own.
func (s *soak) wave() {
	totals := s.consoles.totals()
	var clients sync.WaitGroup
	for range soakClients {
		clients.Go(func() {
			f, err := s.scrape()
			n := 0
			if err == nil {
				n, err = consistent(f, totals)
			}
			if err != nil {
				s.t.Error(err)
			}
			if n == soakOrganizations {
				s.complete.Add(1)
			}
		})
	}
	clients.Wait()
}

var comments = regexp.MustCompile(`(?m)^#.*\n`)

func (s *soak) scrape() (families, error) {
	var header []string
	openMetrics := rand.IntN(2) == 0
	if openMetrics {
		header = append(header, "Accept", "application/openmetrics-text; version=1.0.0")
	}
	if rand.IntN(2) == 0 {
		header = append(header, "Accept-Encoding", "gzip")
	}
	r, err := send(s.client, http.MethodGet, s.url, header...)
	if err != nil {
		return nil, err
	}
	s.scrapes.Add(1)
	if r.code != http.StatusOK {
		return nil, fmt.Errorf("GET /metrics: %d: %s", r.code, tail(string(r.body)))
	}
	text := r.body
	if r.header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(bytes.NewReader(r.body))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(unzipped); err != nil {
			return nil, err
		}
	}
	if openMetrics {
		if !bytes.HasSuffix(text, []byte("\n# EOF\n")) {
			return nil, errors.New("the OpenMetrics text has no end")
		}
		text = comments.ReplaceAll(text, nil) // the rest can be parsed as text
	}
	return parse(text)
}

// consistent returns of how many organizations a scrape has assets. It is an error if the
// numbers are not those of one poll.
func consistent(f families, totals map[string]map[float64]bool) (organizations int, err error) {
	sums := func(name string) map[string]float64 {
		sums := map[string]float64{}
		for _, m := range f[name].GetMetric() {
			sums[label(m, "account_name")+"/"+label(m, "org_name")] += value(m)
		}
		return sums
	}
	assets, sites := sums("runzero_assets"), sums("runzero_sites")
	for of, n := range assets {
		_, organization, _ := strings.Cut(of, "/")
		if !totals[organization][n] {
			return 0, fmt.Errorf("%s has %v assets, but never had: %v", of, n, totals[organization])
		}
	}
	for name, want := range map[string]map[string]float64{
		"runzero_assets_by_risk": assets, "runzero_assets_by_criticality": assets, "runzero_assets_by_os_support": assets, "runzero_site_info": sites,
	} {
		got := sums(name)
		for of, n := range want {
			if got[of] != n {
				return 0, fmt.Errorf("%s of %s is %v, want %v", name, of, got[of], n)
			}
		}
	}
	return len(assets), nil
}

// recovered returns an error while a collector fails, or an organization has no assets.
func (s *soak) recovered() error {
	f, err := s.scrape()
	if err != nil {
		return err
	}
	for labels, ok := range f.values("runzero_collector_success") {
		if ok != 1 {
			return fmt.Errorf("a collector fails: %s", labels)
		}
	}
	n, err := consistent(f, s.consoles.totals())
	if err == nil && n != soakOrganizations {
		err = fmt.Errorf("assets of %d organizations, want %d", n, soakOrganizations)
	}
	return err
}

// footprint is the size of the exporter. Memory is in MiB.
type footprint struct{ goroutines, descriptors, heap, resident float64 }

func (s *soak) footprint() footprint {
	s.t.Helper()
	s.client.CloseIdleConnections()
	f, err := s.scrape()
	if err != nil {
		s.t.Fatal(err)
	}
	value := func(name string) float64 {
		metrics := f[name].GetMetric()
		if len(metrics) != 1 {
			s.t.Fatalf("%d series of %s", len(metrics), name)
		}
		return value(metrics[0])
	}
	const mebi = 1 << 20
	return footprint{
		goroutines: value("go_goroutines"), descriptors: value("process_open_fds"),
		heap: value("go_memstats_heap_inuse_bytes") / mebi, resident: value("process_resident_memory_bytes") / mebi,
	}
}

// exceeds returns an error if more has grown than what comes and goes: idle connections, and
// memory that has not been collected yet.
func (f footprint) exceeds(first footprint) error {
	switch {
	case f.goroutines > first.goroutines+25:
		return fmt.Errorf("%v goroutines, at first %v", f.goroutines, first.goroutines)
	case f.descriptors > first.descriptors+25:
		return fmt.Errorf("%v open files, at first %v", f.descriptors, first.descriptors)
	case f.heap > 2*first.heap+16:
		return fmt.Errorf("%.1f MiB of heap, at first %.1f", f.heap, first.heap)
	case f.resident > 2*first.resident+64:
		return fmt.Errorf("%.1f MiB resident, at first %.1f", f.resident, first.resident)
	}
	return nil
}
