package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// random makes snapshots of everything that can be saved.
type random struct{ *rand.Rand }

func (r random) text() string {
	alphabet := []rune("ab \"\\\n\r\t\x00{}=,#é🏭\u2028\ufffd\u202e01")
	text := make([]rune, r.IntN(12))
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}

func (r random) float() float64 {
	switch r.IntN(4) {
	case 0:
		return float64(r.IntN(100)) // never -0, which the text format prints as 0
	case 1:
		return []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}[r.IntN(5)]
	}
	if f := math.Float64frombits(r.Uint64()); f == f && f != 0 {
		return f
	}
	return 0
}

func (r random) metric(of dto.MetricType, n int) *dto.Metric {
	pairs := []string{"n", fmt.Sprint(n)}
	for _, name := range []string{"a", "org_name", "Le", "_"} {
		if r.IntN(2) == 0 {
			pairs = append(pairs, name, r.text())
		}
	}
	switch of {
	case dto.MetricType_GAUGE:
		return gauge(r.float(), pairs...)
	case dto.MetricType_COUNTER:
		return counter(r.float(), pairs...)
	default:
	}
	var buckets []uint64
	var count uint64
	for range r.IntN(12) {
		buckets = append(buckets, count)
		count += r.Uint64N(1 << 49)
	}
	return histogram(r.float(), count, buckets, pairs...)
}

func (r random) snapshot() store.Snapshot {
	snapshot := store.Snapshot{Success: time.Unix(r.Int64N(1<<36), r.Int64N(1e9)).UTC()}
	for i := range r.IntN(6) {
		of := []dto.MetricType{dto.MetricType_GAUGE, dto.MetricType_COUNTER, dto.MetricType_HISTOGRAM}[r.IntN(3)]
		f := family(fmt.Sprintf("%c%d", 'a'+rune(r.IntN(26)), i), of)
		f.Help = new("H" + r.text())
		for n := range 1 + r.IntN(5) {
			f.Metric = append(f.Metric, r.metric(of, n))
		}
		snapshot.Families = append(snapshot.Families, f)
	}
	if r.IntN(3) > 0 {
		snapshot.Sites = map[string]string{}
		for range r.IntN(4) {
			snapshot.Sites[r.text()] = r.text()
		}
	}
	return snapshot
}

func TestEverySnapshotIsLoadedAsItWasSaved(t *testing.T) {
	seed := rand.Uint64()
	r := random{rand.New(rand.NewPCG(seed, 0))}
	f := newFolder(t)
	saved := map[store.Key]store.Snapshot{}
	for i := range 60 {
		key := store.Key{Account: named(r.text()), Organization: r.text(), Collector: fmt.Sprint(i % 50)}
		saved[key] = r.snapshot()
		f.save(key, saved[key])
	}
	f.open()
	for key, snapshot := range saved {
		got, ok := f.load(key)
		if g, w := show(got), show(snapshot); !ok || g != w {
			t.Fatalf("seed %d: %+v (found: %v) is\n%s\nwant\n%s\n%s", seed, key, ok, g, w, f.log.String())
		}
	}
	if n := len(f.names(".prom")); n != len(saved) {
		t.Errorf("seed %d: %d files for %d keys", seed, n, len(saved))
	}
}
