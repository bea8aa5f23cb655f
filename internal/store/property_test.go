package store_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// random makes entries of anything that may be saved.
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
		return float64(r.IntN(100)) // never -0, which a scrape in text does not tell from 0
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

func (r random) entry() store.Entry {
	e := store.Entry{Success: time.Unix(r.Int64N(1<<36), r.Int64N(1e9)).UTC()}
	for i := range r.IntN(6) {
		of := []dto.MetricType{dto.MetricType_GAUGE, dto.MetricType_COUNTER, dto.MetricType_HISTOGRAM}[r.IntN(3)]
		f := family(fmt.Sprintf("%c%d", 'a'+rune(r.IntN(26)), i), of)
		f.Help = new(strings.TrimLeft(r.text(), " \t"))
		for n := range 1 + r.IntN(5) {
			f.Metric = append(f.Metric, r.metric(of, n))
		}
		e.Families = append(e.Families, f)
	}
	if r.IntN(3) > 0 {
		e.Sites = map[string]string{}
		for range r.IntN(4) {
			e.Sites[r.text()] = r.text()
		}
	}
	return e
}

func TestWhateverIsSavedComesBack(t *testing.T) {
	seed := rand.Uint64()
	r := random{rand.New(rand.NewPCG(seed, 0))}
	f := newFolder(t)
	kept := map[store.Key]store.Entry{}
	for i := range 200 {
		key := store.Key{Account: r.text(), Organization: r.text(), Collector: fmt.Sprint(i % 50)}
		kept[key] = r.entry()
		if err := f.Save(key, shape, kept[key]); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	f.open()
	for key, e := range kept {
		got, ok := f.Load(key, shape)
		if g, w := show(got), show(e); !ok || g != w {
			t.Fatalf("seed %d: %+v (there: %v) is\n%s\nwant\n%s\n%v", seed, key, ok, g, w, f.log)
		}
	}
	if n := len(f.names(".prom")); n != len(kept) {
		t.Errorf("seed %d: %d files for %d keys", seed, n, len(kept))
	}
}

func TestForget(t *testing.T) {
	seed := rand.Uint64()
	r := random{rand.New(rand.NewPCG(seed, 0))}
	f := newFolder(t)
	kept, gone := map[store.Key]store.Entry{}, []store.Key{}
	for i := range 40 {
		key := store.Key{Account: r.text(), Organization: r.text(), Collector: fmt.Sprint(i)}
		e := r.entry()
		f.save(key, shape, e)
		if i%2 == 0 {
			kept[key] = e
		} else {
			gone = append(gone, key)
		}
	}
	if err := f.SaveState("default", shape, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	var asked []store.Key
	if err := f.Forget(func(key store.Key) bool {
		asked = append(asked, key)
		_, ok := kept[key]
		return ok
	}); err != nil {
		t.Fatal(err)
	}
	for key, e := range kept {
		f.expect(key, shape, e)
	}
	for _, key := range gone {
		if _, ok := f.Load(key, shape); ok || !slices.Contains(asked, key) {
			t.Errorf("seed %d: %+v is kept, or was not asked for", seed, key)
		}
	}
	if _, ok := f.LoadState("default", shape); !ok || len(asked) != 40 || len(f.names("")) != 21 {
		t.Errorf("seed %d: asked %d times, %d files left", seed, len(asked), len(f.names("")))
	}
}

func TestForgetStates(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	for _, account := range []string{"", "north", "south"} {
		if err := f.SaveState(account, shape, []byte("of "+account+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	f.open()
	asked := map[string]string{}
	if err := f.ForgetStates(func(account string, data []byte) bool {
		asked[account] = string(data)
		return account != "south"
	}); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"": "of \n", "north": "of north\n", "south": "of south\n"}; !maps.Equal(asked, want) {
		t.Errorf("asked of %q, want %q", asked, want)
	}
	for account, want := range map[string]bool{"": true, "north": true, "south": false} {
		if _, ok := f.LoadState(account, shape); ok != want {
			t.Errorf("the state of %q is there: %v", account, ok)
		}
	}
	f.expect(acme(), shape, small())
}
