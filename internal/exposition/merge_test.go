//go:build port

package exposition

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// gathered makes a Gatherer of families.
func gathered(families []*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
}

// rumour is a family that no catalogue promised, or one that it did.
func rumour(r *rand.Rand) *dto.MetricFamily {
	names := []string{
		"runzero_assets", "runzero_assets", "runzero_sites", "runzero_sites", "runzero_query_results", "runzero_collector_folded_values", "runzero_scan_last_success_timestamp_seconds",
		"runzero_asset_last_seen_age_seconds", "runzero_scan_age_seconds", "runzero_collector_success", "runzero_up", "go_goroutines", "runzero_sites_total",
	}
	name, help := names[r.IntN(len(names))], fmt.Sprint("help ", r.IntN(3))
	f := &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
	if r.IntN(4) == 0 {
		f.Type = dto.MetricType_HISTOGRAM.Enum()
	}
	for range 1 + r.IntN(5) {
		m := &dto.Metric{}
		for _, label := range []struct{ name, values string }{
			{collector.AccountLabel, "a|b"}, {"collector", "tasks|assets"}, {"org_name", "Acme|Acme (4ffe8ffb)|\"Ac\\me\n\"|é||unknown"}, {"query", "q|r"}, {"site_name", "HQ|Plant|"},
		} {
			values := strings.Split(label.values, "|")
			if value := values[r.IntN(len(values))]; r.IntN(3) > 0 {
				m.Label = append(m.Label, &dto.LabelPair{Name: &label.name, Value: &value})
			}
		}
		value, count := float64(r.IntN(9)), uint64(r.IntN(9))
		if f.GetType() == dto.MetricType_GAUGE {
			m.Gauge = &dto.Gauge{Value: &value}
		} else {
			m.Histogram = &dto.Histogram{SampleSum: &value, SampleCount: &count}
		}
		f.Metric = append(f.Metric, m)
	}
	return f
}

// valid is what of families is valid by itself: what a registry lets through.
func valid(families []*dto.MetricFamily) []*dto.MetricFamily {
	families, _ = prometheus.Gatherers{gathered(families)}.Gather()
	return families
}

// restored is what becomes of families that are saved and loaded again.
func restored(t *testing.T, s *store.Store, families []*dto.MetricFamily) []*dto.MetricFamily {
	t.Helper()
	key := store.Key{Collector: "sites"}
	s.Prune(func(store.Key) bool { return false })
	s.Save(key, "", store.Snapshot{Families: families})
	ended, end := context.WithCancel(t.Context())
	end()
	s.Run(ended)
	if !s.Healthy() {
		return nil // and nothing is restored
	}
	entry, ok := s.LoadSnapshot(key, "")
	if !ok {
		t.Fatal("what was saved is not there")
	}
	return entry.Families
}

// Whatever jobs found, or the store kept, what is made of all of it can be scraped: no series comes twice, each
// family is as the catalogue has it, and what is not another's is all there.
func TestWhateverJobsSayTheExpositionIsValid(t *testing.T) {
	s, err := store.Open(t.TempDir(), log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	all := catalogue()
	made := collector.NewHealthFamilies()
	conflicts := 0
	for range 300 {
		var found []*part
		for range 1 + r.IntN(12) {
			var families []*dto.MetricFamily
			for range 1 + r.IntN(6) {
				families = append(families, rumour(r))
			}
			families = valid(families)
			if r.IntN(2) == 0 {
				families = restored(t, s, families)
			}
			found = append(found, newPart(&collector.Snapshot{Families: families}))
		}
		health := [][]*dto.MetricFamily{
			made.Of(collector.PollState{Collector: "sites", Organization: "Acme"}), made.Of(collector.PollState{Collector: "sites", Organization: "é", Account: "a"}), made.Of(collector.PollState{Collector: "tasks"}),
		}
		families := merge(health, found, all).gather(time.Unix(1.7e9, 0))
		if _, err := (prometheus.Gatherers{gathered(families)}).Gather(); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, f := range families {
			if k := all[f.GetName()]; names[f.GetName()] || k.help != f.GetHelp() || k.of != f.GetType() {
				t.Fatalf("%s is there twice, or not as the catalogue has it: %s %q", f.GetName(), f.GetType(), f.GetHelp())
			}
			names[f.GetName()] = true
			for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
				if err := expfmt.NewEncoder(&bytes.Buffer{}, expfmt.NewFormat(format)).Encode(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, lost := heard(found, all)
		if got := spoken(families, all); !maps.Equal(got, want) {
			t.Fatalf("%d series, want %d", len(got), len(want))
		}
		conflicts += lost
	}
	if conflicts < 100 {
		t.Errorf("%d series were another's: this proves nothing", conflicts)
	}
}

// spoken is how many series there are that jobs can have found, by all of their labels.
func spoken(families []*dto.MetricFamily, all map[string]known) map[string]int {
	series := map[string]int{}
	for _, f := range families {
		if k, ok := all[f.GetName()]; !ok || k.live || k.of != f.GetType() {
			continue
		}
		for _, m := range f.Metric {
			var labels []string
			for _, label := range m.Label {
				labels = append(labels, label.String())
			}
			slices.Sort(labels)
			series[f.GetName()+strings.Join(labels, " ")]++
		}
	}
	return series
}

// heard is what of all parts is to be there: of what belongs to one job, that of the
// first who speaks of it. It also counts what is not.
func heard(found []*part, all map[string]known) (series map[string]int, lost int) {
	series = map[string]int{}
	for i, p := range found {
		mine := []*dto.MetricFamily{}
		for _, f := range p.of.Families {
			alone := &dto.MetricFamily{Name: f.Name, Type: f.Type}
			for _, m := range f.Metric {
				taken := slices.ContainsFunc(found[:i], func(before *part) bool {
					return slices.ContainsFunc(before.of.Families, func(b *dto.MetricFamily) bool {
						return b.GetName() == f.GetName() && b.GetType() == f.GetType() && slices.ContainsFunc(b.Metric, func(bm *dto.Metric) bool { return ownerOf("", bm) == ownerOf("", m) })
					})
				})
				if taken {
					lost++
				} else {
					alone.Metric = append(alone.Metric, m)
				}
			}
			mine = append(mine, alone)
		}
		for name, n := range spoken(mine, all) {
			series[name] += n
		}
	}
	return series, lost
}
