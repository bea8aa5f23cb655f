package exposition

import (
	"context"
	"fmt"
	"io"
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

// Whatever polls found or the store had cached, the exposition is valid: no series comes
// twice, families are as in the catalogue, and nothing is missing but what another part owns.
func TestTheExpositionIsValidWhateverThePartsHold(t *testing.T) {
	s, err := store.Open(t.TempDir(), store.Options{Logger: log.NewNopLogger()})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	describe := collector.NewHealthFamilies()
	health := []*Part{
		NewPart(describe.Of(collector.PollState{Collector: "sites", Organization: "Acme"})),
		NewPart(describe.Of(collector.PollState{Collector: "sites", Organization: "é", Account: "a"})),
		NewPart(describe.Of(collector.PollState{Collector: "tasks"})),
	}
	contested := 0
	for range 300 {
		var parts []*Part
		for range 1 + r.IntN(12) {
			families := valid(randomFamilies(r))
			if r.IntN(10) == 0 {
				families = savedAndLoaded(t, s, families)
			}
			parts = append(parts, NewPart(families))
		}
		view, now := m.Merge(time.Time{}, health, parts), time.Unix(1.7e9, 0)
		families := view.Gather(now)
		expectValid(t, m, families)
		some := []Organization{{"", "Acme"}, {"a", "é"}, {"b", "unknown"}}[r.IntN(3):]
		if got, want := textOf(view.Of(some).Gather(now)), textOf(only(families, some)); got != want {
			t.Fatalf("of %v:\n%s\nwant\n%s", some, got, want)
		}
		want, lost := m.expected(parts)
		if got := m.polledSeries(families); !maps.Equal(got, want) {
			t.Fatalf("%d series, want %d", len(got), len(want))
		}
		contested += lost
	}
	if contested < 100 {
		t.Errorf("%d series were contested: this tests little", contested)
	}
}

func TestAgesAreOfTheScrapeAndNeverNegative(t *testing.T) {
	instant := func(site string, at float64) *dto.Metric {
		return &dto.Metric{Label: []*dto.LabelPair{{Name: new("site_name"), Value: &site}}, Gauge: &dto.Gauge{Value: &at}}
	}
	v := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(time.Time{}, nil, []*Part{NewPart([]*dto.MetricFamily{{
		Name: new("runzero_scan_last_success_timestamp_seconds"), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{instant("HQ", 1000.25), instant("Plant", 5000)},
	}})})
	for now, want := range map[int64][]float64{1001: {0.75, 0}, 6000: {4999.75, 1000}} {
		var ages []float64
		for _, f := range v.Gather(time.Unix(now, 0)) {
			if f.GetName() == "runzero_scan_age_seconds" {
				for _, metric := range f.Metric {
					ages = append(ages, metric.GetGauge().GetValue())
				}
			}
		}
		if !slices.Equal(ages, want) {
			t.Errorf("at %d the ages are %v, want %v", now, ages, want)
		}
	}
}

// only is a slow and simple View.Of.
func only(families []*dto.MetricFamily, organizations []Organization) []*dto.MetricFamily {
	var some []*dto.MetricFamily
	for _, f := range families {
		theirs := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type}
		for _, m := range f.Metric {
			if slices.Contains(organizations, ownerOf("", m).Organization) {
				theirs.Metric = append(theirs.Metric, m)
			}
		}
		if theirs.Metric != nil {
			some = append(some, theirs)
		}
	}
	return some
}

func textOf(families []*dto.MetricFamily) string {
	var text strings.Builder
	for _, f := range families {
		_, _ = expfmt.MetricFamilyToText(&text, f)
	}
	return text.String()
}

func expectValid(t *testing.T, m *Merger, families []*dto.MetricFamily) {
	t.Helper()
	if _, err := (prometheus.Gatherers{gatherer(families)}).Gather(); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range families {
		if d, known := m.definition(f.GetName()); !known || names[f.GetName()] || d.help != f.GetHelp() || d.typ != f.GetType() {
			t.Fatalf("%s comes twice, or is not as in the catalogue: %s %q", f.GetName(), f.GetType(), f.GetHelp())
		}
		names[f.GetName()] = true
		for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
			if err := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(format)).Encode(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (m *Merger) definition(name string) (definition, bool) {
	number, known := m.catalogue.numbers[name]
	return m.catalogue.families[number], known
}

func gatherer(families []*dto.MetricFamily) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
}

func randomFamilies(r *rand.Rand) []*dto.MetricFamily {
	var families []*dto.MetricFamily
	for range 1 + r.IntN(6) {
		families = append(families, randomFamily(r))
	}
	return families
}

// randomFamily is in the catalogue or not, and of its type or another.
func randomFamily(r *rand.Rand) *dto.MetricFamily {
	names := []string{
		"runzero_assets", "runzero_assets", "runzero_sites", "runzero_sites", "runzero_query_results", "runzero_collector_folded_values", "runzero_scan_last_success_timestamp_seconds",
		"runzero_asset_last_seen_age_seconds", "runzero_scan_age_seconds", "runzero_collector_success", "runzero_up", "go_goroutines", "runzero_sites_total",
	}
	f := &dto.MetricFamily{Name: &names[r.IntN(len(names))], Help: new(fmt.Sprint("help ", r.IntN(3))), Type: dto.MetricType_GAUGE.Enum()}
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
		if f.GetType() == dto.MetricType_GAUGE {
			m.Gauge = &dto.Gauge{Value: new(float64(r.IntN(9)))}
		} else {
			m.Histogram = &dto.Histogram{SampleSum: new(float64(r.IntN(9))), SampleCount: new(uint64(r.IntN(9)))}
		}
		f.Metric = append(f.Metric, m)
	}
	return f
}

// valid returns what a registry lets through, as it does with the result of every poll.
func valid(families []*dto.MetricFamily) []*dto.MetricFamily {
	families, _ = prometheus.Gatherers{gatherer(families)}.Gather()
	return families
}

// savedAndLoaded returns what is left of families after a restart.
func savedAndLoaded(t *testing.T, s *store.Folder, families []*dto.MetricFamily) []*dto.MetricFamily {
	t.Helper()
	key := store.Key{Collector: "sites"}
	s.Prune(key.Account, nil)
	s.Save(key, "", store.Snapshot{Families: families})
	ended, end := context.WithCancel(t.Context())
	end()
	_ = s.Run(ended)
	snapshot, ok := s.LoadSnapshot(key, "")
	if ok != s.Healthy() {
		t.Fatalf("loaded: %v, saved: %v", ok, s.Healthy())
	}
	return snapshot.Families
}

// polledSeries counts the series that polls can have produced, by their labels.
func (m *Merger) polledSeries(families []*dto.MetricFamily) map[string]int {
	series := map[string]int{}
	for _, f := range families {
		if d, ok := m.definition(f.GetName()); !ok || d.live || d.typ != f.GetType() {
			continue
		}
		for _, metric := range f.Metric {
			var labels []string
			for _, label := range metric.Label {
				labels = append(labels, label.String())
			}
			slices.Sort(labels)
			series[f.GetName()+strings.Join(labels, " ")]++
		}
	}
	return series
}

// expected is a slow and simple merge: of several parts with series of one owner, the first
// has them. It also counts the series that are left out.
func (m *Merger) expected(parts []*Part) (series map[string]int, lost int) {
	series = map[string]int{}
	for i, p := range parts {
		var owned []*dto.MetricFamily
		for _, f := range p.families {
			rest := &dto.MetricFamily{Name: f.Name, Type: f.Type}
			for _, metric := range f.Metric {
				if ownedBefore(parts[:i], f, metric) {
					lost++
				} else {
					rest.Metric = append(rest.Metric, metric)
				}
			}
			owned = append(owned, rest)
		}
		for name, n := range m.polledSeries(owned) {
			series[name] += n
		}
	}
	return series, lost
}

func ownedBefore(parts []*Part, family *dto.MetricFamily, metric *dto.Metric) bool {
	owner := ownerOf(family.GetName(), metric)
	for _, p := range parts {
		for _, f := range p.families {
			if f.GetName() == family.GetName() && f.GetType() == family.GetType() &&
				slices.ContainsFunc(f.Metric, func(m *dto.Metric) bool { return ownerOf(f.GetName(), m) == owner }) {
				return true
			}
		}
	}
	return false
}
