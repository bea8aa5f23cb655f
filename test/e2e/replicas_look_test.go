//go:build e2e

package e2e

import (
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// look is one scrape of a replica.
type look struct {
	at     time.Time
	ready  bool
	series map[string]float64
}

// value is the one of a family that has one series; not a number: it is absent.
func (l look) value(name string) float64 {
	value, exposed := l.series[name]
	if !exposed {
		return math.NaN()
	}
	return value
}

// keepLooking scrapes the replica until the test ends, and requires it to expose all the time what it once had, and from
// the moment when it is ready what others have had before.
func (r *replica) keepLooking() {
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.look()
			case <-r.t.Context().Done():
				return
			}
		}
	})
	r.t.Cleanup(looking.Wait)
}

func (r *replica) look() {
	r.mu.Lock()
	base, changes, wasReady := r.base, r.changes, r.last.ready
	r.mu.Unlock()
	if base == "" {
		return
	}
	now := look{at: time.Now(), ready: wasReady}
	if !wasReady {
		answer, err := send(client, http.MethodGet, base+"/-/ready")
		now.ready = err == nil && answer.code == http.StatusOK
	}
	answer, err := send(client, http.MethodGet, base+"/metrics")
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.changes != changes || r.t.Context().Err() != nil: // it was ended meanwhile
		return
	case err != nil || answer.code != http.StatusOK:
		r.t.Errorf("%s cannot be scraped: %d, %v", r.name, answer.code, err)
		return
	}
	now.series = seriesOf(answer.body)
	r.last = now
	if !now.ready {
		return
	}
	if r.ready.IsZero() {
		r.ready = now.at
	}
	absent := r.absent(now, r.ready.Add(-followLimit))
	for series := range r.own {
		if _, exposed := now.series[series]; !exposed {
			absent[series] = true
		}
	}
	if len(absent) > 0 && !r.lacks { // once says enough
		r.lacks = true
		r.t.Errorf("at %s, %s is ready since %s and lacks %d series that it should have: %s", now.at.Format(time.TimeOnly), r.name, now.at.Sub(r.ready), len(absent),
			tail(strings.Join(slices.Sorted(maps.Keys(absent)), "\n")))
	}
	for series := range now.series {
		r.own[series] = true
	}
}

// absent are the series of the console's data that any replica had before a time, and that now are not exposed.
func (g *group) absent(now look, before time.Time) map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	absent := map[string]bool{}
	for series, since := range g.polled {
		if _, exposed := now.series[series]; !exposed && since.Before(before) {
			absent[series] = true
		}
	}
	for series := range now.series {
		name, _, _ := strings.Cut(series, "{")
		if _, known := g.polled[series]; !known && g.shared[name] {
			g.polled[series] = now.at
		}
	}
	return absent
}

// forget returns which series of the console's data there were so far, and does not require them any more.
func (g *group) forget() map[string]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	were := g.polled
	g.polled = map[string]time.Time{}
	return were
}

// sharedFamilies are those that hold the console's data.
func sharedFamilies() map[string]bool {
	shared := map[string]bool{}
	for _, metric := range collector.Catalogue() {
		shared[metric.Name] = !metric.Live
	}
	return shared
}

// seriesOf are the exporter's own series and their values. That is all that is needed, and takes less time than to parse
// the text as a whole.
func seriesOf(text []byte) map[string]float64 {
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "runzero_") {
			continue
		}
		line = strings.TrimSpace(line)
		end := strings.LastIndexByte(line, ' ')
		value, _ := strconv.ParseFloat(line[end+1:], 64)
		all[line[:end]] = value
	}
	return all
}
