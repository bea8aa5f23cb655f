package exposition

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

var start = time.Unix(1.7e9, 0)

// gauges are series of a family of one organization, one for each value.
func gauges(family, organization string, values ...float64) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: &family, Type: dto.MetricType_GAUGE.Enum()}
	for i, value := range values {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("org_name"), Value: &organization}, {Name: new("site_name"), Value: new(fmt.Sprint("Site ", i))}},
			Gauge: &dto.Gauge{Value: &value},
		})
	}
	return f
}

// polls are those of an exporter: what they last found, as it changes.
type polls struct {
	r             *rand.Rand
	health, parts []*Part
}

// pass lets something happen: polls succeed, with other or the same result, jobs come and go, organizations are renamed.
func (p *polls) pass() {
	p.health, p.parts = slices.Clone(p.health), slices.Clone(p.parts)
	for range 1 + p.r.IntN(4) {
		switch n := p.r.IntN(12); {
		case n == 0 || len(p.parts) == 0:
			at := p.r.IntN(len(p.parts) + 1)
			p.health, p.parts = slices.Insert(p.health, at, nil), slices.Insert(p.parts, at, nil)
		case n == 1:
			at := p.r.IntN(len(p.parts))
			p.health, p.parts = slices.Delete(p.health, at, at+1), slices.Delete(p.parts, at, at+1)
		default:
			p.poll(p.r.IntN(len(p.parts)))
		}
	}
}

func (p *polls) poll(i int) {
	organization := fmt.Sprint([]string{"Organization ", "Renamed "}[p.r.IntN(2)], i)
	p.health[i] = NewPart(collector.NewHealthFamilies().Of(collector.PollState{Collector: "sites", Organization: organization, Failures: p.r.IntN(3)}))
	switch p.r.IntN(8) {
	case 0:
		p.parts[i] = nil
	case 1:
		p.parts[i] = NewPart(valid(randomFamilies(p.r))) // of organizations that others have, too
	default:
		var families []*dto.MetricFamily
		for _, name := range []string{"runzero_assets", "runzero_scan_last_success_timestamp_seconds", "runzero_sites", "runzero_site_assets"} {
			n := p.r.IntN(9)
			if p.r.IntN(4) == 0 {
				n = p.r.IntN(3 * pieceSeries)
			}
			values := make([]float64, n)
			for n := range values {
				values[n] = float64(n % (1 + p.r.IntN(2)))
			}
			if len(values) > 0 {
				families = append(families, gauges(name, organization, values...))
			}
		}
		p.parts[i] = NewPart(families)
	}
}

// afresh is the text of what a Merger makes that has merged nothing before, as promhttp encodes it.
func (p *polls) afresh(t testing.TB, accept string) string {
	view := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(start, p.health, p.parts)
	return decoded(t, request(promhttp.HandlerFor(publication{view: view, live: view.Ages(start)}, openMetricsOptions), http.MethodGet, accept, ""))
}

// Whatever happens in between, every scrape shows exactly one publication, and no older one than was current when it
// began. Scrapes run at the same time as publications.
func TestScrapesShowOnePublication(t *testing.T) {
	for seed := range uint64(4) {
		p := &polls{r: rand.New(rand.NewPCG(seed, 1))}
		m := NewMerger(collector.Catalogue(), collector.AgeOf())
		var published []map[string]string // by what scrapers accept
		var current atomic.Pointer[View]
		var count atomic.Int64
		var mutex sync.Mutex
		publish := func() {
			p.pass()
			texts := map[string]string{}
			for _, accept := range accepted[1:5] {
				texts[accept] = p.afresh(t, accept)
			}
			mutex.Lock()
			published = append(published, texts)
			mutex.Unlock()
			current.Store(m.Merge(start, p.health, p.parts))
			count.Add(1)
		}
		publish()
		ended := make(chan struct{})
		var scrapers sync.WaitGroup
		for i := range 3 {
			accept, encoding := accepted[[]int{1, 2, 4}[i]], acceptedEncodings[i]
			scrapers.Go(func() {
				for last := false; !last; {
					select {
					case <-ended:
						last = true
					default:
					}
					before, view := count.Load(), current.Load()
					got := readyBytes(t, publication{view: view, live: view.Ages(start)}, accept, encoding)
					mutex.Lock()
					among := published[before-1:]
					mutex.Unlock()
					if !slices.ContainsFunc(among, func(texts map[string]string) bool { return texts[accept] == got }) {
						t.Errorf("seed %d: this is no publication from %d on:\n%.3000s", seed, before, got)
						return
					}
				}
			})
		}
		for range 20 {
			publish()
		}
		close(ended)
		scrapers.Wait()
	}
}

// readyBytes is what our handler sends without promhttp.
func readyBytes(t testing.TB, p publication, accept, encoding string) string {
	t.Helper()
	response := request(NewHandler(p, openMetricsOptions), http.MethodGet, accept, encoding)
	if response.Header().Get("Content-Length") == "" {
		t.Error("the response is promhttp's")
	}
	return decoded(t, response)
}

// large is an exporter of many organizations, with a poll of each that has changed once.
func large(organizations, series int) (health, parts []*Part) {
	for i := range organizations {
		name := fmt.Sprint("Organization ", i)
		health = append(health, NewPart(collector.NewHealthFamilies().Of(collector.PollState{Collector: "sites", Organization: name})))
		parts = append(parts, manySeries(name, series, 0))
	}
	return health, parts
}

func manySeries(organization string, series int, value float64) *Part {
	values := make([]float64, series)
	values[0] = value
	return NewPart([]*dto.MetricFamily{gauges("runzero_assets", organization, values...), gauges("runzero_site_assets", organization, make([]float64, series)...)})
}

// encodedPages are those of a scrape in a form.
func encodedPages(t testing.TB, v *View, f form) map[*encoded]bool {
	t.Helper()
	if _, err := v.in(f); err != nil {
		t.Fatal(err)
	}
	pages := map[*encoded]bool{}
	for _, p := range v.pages {
		pages[p.ready[f].Load()] = true
	}
	return pages
}

// When one organization changes, the pages of others are not encoded again.
func TestOnlyWhatHasChangedIsEncodedAgain(t *testing.T) {
	const series, organizations = 30, 300
	for accept, f := range map[string]form{accepted[1]: formOf(text, gzipped), accepted[2]: formOf(openMetrics, zstded), accepted[4]: formOf(delimited, identity)} {
		health, parts := large(organizations, series)
		m := NewMerger(collector.Catalogue(), collector.AgeOf())
		before := encodedPages(t, m.Merge(start, health, parts), f)
		if len(before) < 15 || len(before) > 80 {
			t.Fatalf("%d pages", len(before))
		}
		for _, c := range []struct {
			change  string
			most    int
			changed func()
		}{
			{"nothing", 0, func() {}},
			{"the same again", 0, func() { parts[100] = manySeries("Organization 100", series, 0) }},
			{"a value", 1, func() { parts[100] = manySeries("Organization 100", series, 7) }},
			{"more series", 2, func() { parts[200] = manySeries("Organization 200", series+9, 0) }},
			{"many series", 20, func() { parts[200] = manySeries("Organization 200", series+2000, 0) }},
			{"fewer series", 4, func() { parts[200] = manySeries("Organization 200", 1, 0) }},
			{"none", 2, func() { parts[150] = nil }},
			{"other names", 2, func() { parts[150] = manySeries("Renamed", series, 0) }},
			{"a conflict", 4, func() { parts[151] = manySeries("Renamed", series, 0) }},
			{"the conflict is over", 4, func() { parts[151] = manySeries("Renamed too", series, 0) }},
			{"an organization more", 12, func() {
				health, parts = slices.Insert(health, 50, health[0]), slices.Insert(parts, 50, manySeries("New", series, 0))
			}},
			{"an organization less", 12, func() { health, parts = slices.Delete(health, 10, 11), slices.Delete(parts, 10, 11) }},
		} {
			health, parts = slices.Clone(health), slices.Clone(parts)
			c.changed()
			view := m.Merge(start, health, parts)
			after := encodedPages(t, view, f)
			if want := decoded(t, request(promhttp.HandlerFor(publication{view: view}, openMetricsOptions), http.MethodGet, accept, "")); readyBytes(t, publication{view: view}, accept, acceptedEncodings[f.encoding()]) != want {
				t.Errorf("%v, %s: not as from promhttp", f, c.change)
			}
			again := 0
			for page := range after {
				if !before[page] {
					again++
				}
			}
			most := c.most
			if f.format() == delimited { // the length of a family is where it begins
				most += min(2, most)
			}
			if again > most || c.most > 0 && again == 0 {
				t.Errorf("%v, %s: %d of %d pages were encoded again, want at most %d", f, c.change, again, len(after), most)
			}
			before = after
		}
	}
}

// Wherever pages end, also behind a header, the whole is the same.
func TestAllCutsMakeTheSameExposition(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for range 20 {
		p := &polls{r: r, health: make([]*Part, 3), parts: make([]*Part, 3)}
		p.pass()
		view := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(start, p.health, p.parts)
		var chunks []*chunk
		for _, page := range view.pages {
			chunks = append(chunks, page.chunks...)
		}
		for view.pages = nil; len(chunks) > 0; {
			n := 1 + r.IntN(min(3, len(chunks)))
			view.pages, chunks = append(view.pages, newPage(chunks[:n])), chunks[n:]
		}
		for _, accept := range accepted[1:5] {
			if readyBytes(t, publication{view: view, live: view.Ages(start)}, accept, "gzip") != p.afresh(t, accept) {
				t.Fatalf("%s: not as promhttp sends it", accept)
			}
		}
	}
}

// Only parts with series of the same owner make merging slow, and not for longer than they do.
func TestContestedOwnersAreCounted(t *testing.T) {
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	one, two, three := gauges("runzero_assets", "one", 1), gauges("runzero_assets", "two", 2), gauges("runzero_assets", "one", 3)
	alternating := &dto.MetricFamily{Name: one.Name, Type: one.Type, Metric: slices.Concat(one.Metric, two.Metric, three.Metric)}
	accountWide, first := NewPart([]*dto.MetricFamily{alternating}), NewPart([]*dto.MetricFamily{one})
	for i, c := range []struct {
		parts     []*Part
		contested int
		series    int
	}{
		{[]*Part{accountWide, nil}, 0, 3}, {[]*Part{accountWide, first}, 1, 3}, {[]*Part{first, accountWide}, 1, 2}, {[]*Part{first, nil}, 0, 1},
		{[]*Part{first, first}, 1, 1}, {[]*Part{first, first, first}, 1, 1}, {[]*Part{first, nil, first}, 1, 1}, {[]*Part{nil, nil, first}, 0, 1},
	} {
		view := m.Merge(start, nil, c.parts)
		if series := len(view.series(m.catalogue.numbers["runzero_assets"])); m.contested != c.contested || series != c.series {
			t.Errorf("%d: %d contested, %d series", i, m.contested, series)
		}
	}
}

// The series of an earlier poll leave memory even if those of the next are the same.
func TestTheSeriesOfTheLastPollReplaceTheSame(t *testing.T) {
	health, parts := large(3, 30)
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	m.Merge(start, health, parts)
	parts = []*Part{parts[0], manySeries("Organization 1", 30, 0), parts[2]}
	for _, f := range m.Merge(start, health, parts).Families() {
		for i, p := range parts {
			for _, theirs := range p.families {
				if theirs.GetName() == f.GetName() && f.Metric[i*30] != theirs.Metric[0] {
					t.Errorf("%s has other series of organization %d", f.GetName(), i)
				}
			}
		}
	}
}

func TestPagesAreNeitherSmallNorLarge(t *testing.T) {
	p := &polls{r: rand.New(rand.NewPCG(5, 1))}
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	for range 300 {
		p.pass()
		view := m.Merge(start, p.health, p.parts)
		total := 0
		for i, page := range view.pages {
			size := newPage(page.chunks).size
			total += size
			if page.size != size || size > largestBut+usualPage || i > 0 && min(size, view.pages[i-1].size) < smallPage && size+view.pages[i-1].size <= largestBut {
				t.Fatalf("page %d of %d: %d bytes", i, len(view.pages), size)
			}
		}
		if n := total / smallPage; len(view.pages) > n+2 {
			t.Fatalf("%d pages of %d bytes", len(view.pages), total)
		}
	}
}

// A form that nobody has requested for a quarter of an hour leaves memory. Others stay.
func TestFormsThatNobodyRequestsAreReleased(t *testing.T) {
	health, parts := large(10, 30)
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	kept, left := formOf(text, gzipped), formOf(delimited, identity)
	view := m.Merge(start, health, parts)
	encodedPages(t, view, left)
	for minute := range 60 {
		encodedPages(t, view, kept)
		view = m.Merge(start.Add(time.Duration(minute)*time.Minute), health, parts)
		for _, p := range view.pages {
			if p.ready[kept].Load() == nil || (p.ready[left].Load() == nil) != (minute > 15) {
				t.Fatalf("after %d minutes: %v, %v", minute, p.ready[kept].Load(), p.ready[left].Load())
			}
		}
	}
	if len(encodedPages(t, view, left)) != len(view.pages) {
		t.Error("it cannot be requested again")
	}
}
