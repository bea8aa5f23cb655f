package exposition

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// publication is a Source of one view.
type publication struct {
	view *View
	live []*dto.MetricFamily
	err  error
}

func (p publication) Exposition() (*View, []*dto.MetricFamily, error) { return p.view, p.live, p.err }

func (p publication) Gather() ([]*dto.MetricFamily, error) {
	return append(p.view.Families(), p.live...), p.err
}

var (
	openMetricsOptions = promhttp.HandlerOpts{EnableOpenMetrics: true}
	accepted           = []string{
		"", "text/plain", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,*/*;q=0.1", "application/openmetrics-text;version=0.0.1",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", "application/openmetrics-text;version=2.0.0",
	}
	acceptedEncodings = []string{"", "gzip", "zstd", "gzip;q=0.5, zstd", "gzip, deflate, br, zstd", "*;q=0", "identity;q=0"}
)

func request(h http.Handler, method, accept, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/metrics", nil)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", encoding)
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// decoded returns the body without its encoding. It reads one gzip member, as curl and browsers do.
func decoded(t testing.TB, r *httptest.ResponseRecorder) string {
	t.Helper()
	var reader io.Reader = r.Body
	var err error
	switch encoding := r.Header().Get("Content-Encoding"); encoding {
	case "":
	case "gzip":
		var unzip *gzip.Reader
		unzip, err = gzip.NewReader(r.Body)
		if err == nil {
			unzip.Multistream(false)
		}
		reader = unzip
	case "zstd":
		reader, err = zstd.NewReader(bufio.NewReader(r.Body)) // which would look into a buffer of bytes
	default:
		t.Fatal(encoding)
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil || r.Body.Len() > 0 {
		t.Fatal(err, r.Body.Len(), "bytes are left")
	}
	return string(body)
}

// expectAsPromhttp scrapes a publication in each format, in these encodings, and expects what promhttp answers.
func expectAsPromhttp(t testing.TB, p publication, encodings ...string) {
	t.Helper()
	ours, theirs := NewHandler(p, openMetricsOptions), promhttp.HandlerFor(p, openMetricsOptions)
	for _, accept := range accepted {
		for _, encoding := range encodings {
			got, want := request(ours, http.MethodGet, accept, encoding), request(theirs, http.MethodGet, accept, encoding)
			head := request(ours, http.MethodHead, accept, encoding)
			length := got.Header().Get("Content-Length")
			if rare := strings.Contains(accept, "encoding=text"); !rare && (length != strconv.Itoa(got.Body.Len()) || head.Header().Get("Content-Length") != length || head.Body.Len() > 0) {
				t.Fatalf("%q, %q: Content-Length %s of %d bytes; of HEAD %s", accept, encoding, length, got.Body.Len(), head.Header().Get("Content-Length"))
			}
			got.Header().Del("Content-Length")
			if got.Code != want.Code || fmt.Sprint(got.Header()) != fmt.Sprint(want.Header()) {
				t.Fatalf("%q, %q: %d %v, want %d %v", accept, encoding, got.Code, got.Header(), want.Code, want.Header())
			}
			if got, want := decoded(t, got), decoded(t, want); got != want {
				t.Fatalf("%q, %q:\n%q\nwant\n%q", accept, encoding, got, want)
			}
		}
	}
}

// Whatever is published, scrapers get what promhttp would send them.
func FuzzScrapesAreAsOfPromhttp(f *testing.F) {
	f.Add(uint64(1), "Acme", 1.0)
	f.Add(uint64(2), "a\\b\"c\nd é\x00 \u2028", math.NaN())
	f.Add(uint64(3), strings.Repeat("long", 1000), math.Inf(1))
	f.Add(uint64(4), "\xff", math.Copysign(0, -1))
	f.Fuzz(func(t *testing.T, seed uint64, label string, value float64) {
		r := rand.New(rand.NewPCG(seed, 2))
		m := NewMerger(collector.Catalogue(), collector.AgeOf())
		health := []*Part{NewPart(collector.NewHealthFamilies().Of(collector.PollState{Collector: "sites", Organization: strings.ToValidUTF8(label, "?")}))}
		parts := make([]*Part, r.IntN(5))
		for range 4 {
			for i := range parts {
				if r.IntN(2) == 0 {
					parts[i] = NewPart(valid(withOdd(r, randomFamilies(r), strings.ToValidUTF8(label, "?"), value)))
				}
			}
			view := m.Merge(time.Unix(1.7e9, 0), health, slices.Clone(parts))
			live := append(view.Ages(time.Unix(1.7e9, 0)), liveFamilies()...)
			expectAsPromhttp(t, publication{view: view, live: live}, acceptedEncodings[r.IntN(len(acceptedEncodings))])
		}
	})
}

// withOdd gives some series the label value, and the value.
func withOdd(r *rand.Rand, families []*dto.MetricFamily, label string, value float64) []*dto.MetricFamily {
	for _, f := range families {
		for _, m := range f.Metric {
			if len(m.Label) > 0 && r.IntN(3) == 0 {
				m.Label[r.IntN(len(m.Label))].Value = &label
			}
			if m.Gauge != nil && r.IntN(3) == 0 {
				m.Gauge.Value = &value
			}
			if m.Histogram != nil && r.IntN(3) > 0 {
				m.Histogram.SampleSum = &value
				for i := range r.IntN(4) {
					m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: new(float64(i)), CumulativeCount: new(uint64(i))})
				}
			}
		}
	}
	return families
}

// liveFamilies are of every kind that a registry makes.
func liveFamilies() []*dto.MetricFamily {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "z_total", Help: "A \"counter\"\\."})
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "z_seconds"})
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "z_bytes", Objectives: map[float64]float64{0.5: 0.1}})
	registry.MustRegister(counter, histogram, summary, prometheus.NewGauge(prometheus.GaugeOpts{Name: "z"}))
	histogram.Observe(1)
	summary.Observe(2)
	families, err := registry.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

func TestNothingIsAScrapeToo(t *testing.T) {
	m := NewMerger(collector.Catalogue(), collector.AgeOf())
	expectAsPromhttp(t, publication{view: m.Merge(time.Time{}, nil, nil)}, acceptedEncodings...)
	expectAsPromhttp(t, publication{view: m.Merge(time.Time{}, []*Part{nil}, []*Part{nil, nil})}, acceptedEncodings...)
	expectAsPromhttp(t, publication{view: m.Merge(time.Time{}, nil, nil), live: liveFamilies()}, acceptedEncodings...)
}

// What the handler leaves to promhttp is counted and logged there.
func TestErrorsAreThoseOfPromhttp(t *testing.T) {
	view := NewMerger(collector.Catalogue(), collector.AgeOf()).Merge(time.Time{}, nil, []*Part{NewPart(valid(randomFamilies(rand.New(rand.NewPCG(1, 1)))))})
	name := view.Families()[0].GetName()
	for _, c := range []struct {
		source publication
		query  string
		code   int
		want   string
	}{
		{publication{view: view, live: liveFamilies()}, "?name[]=z_total", 200, ""},
		{publication{view: view}, "?name[]=" + name + "&name[]=x", 200, ""},
		{publication{view: view}, "?x=name", 200, ""},
		{publication{view: view, err: errors.New("two are the same")}, "", 200, "error gathering metrics: two are the same"},
		{publication{view: NewMerger(collector.Catalogue(), nil).Merge(time.Time{}, nil, nil), err: errors.New("two are the same")}, "", 500, "error gathering metrics: two are the same"},
		{publication{view: view, live: []*dto.MetricFamily{{Name: new("x")}}}, "", 200, "error encoding and sending metric family: MetricFamily has no metrics"},
	} {
		var logged, wantLogged logger
		serve := func(make func(promhttp.HandlerOpts) http.Handler, to *logger) *httptest.ResponseRecorder {
			recorder := httptest.NewRecorder()
			make(promhttp.HandlerOpts{ErrorLog: to, ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics"+c.query, nil))
			return recorder
		}
		got := serve(func(o promhttp.HandlerOpts) http.Handler { return NewHandler(c.source, o) }, &logged)
		want := serve(func(o promhttp.HandlerOpts) http.Handler { return promhttp.HandlerFor(c.source, o) }, &wantLogged)
		if got.Code != c.code || got.Code != want.Code || got.Body.String() != want.Body.String() {
			t.Errorf("%s: %d %s, want %d %s", c.query, got.Code, got.Body, want.Code, want.Body)
		}
		if logged != wantLogged || !strings.Contains(string(logged), c.want) {
			t.Errorf("%s: logged %s, want %s", c.query, logged, wantLogged)
		}
	}
}

type logger string

func (l *logger) Println(v ...any) { *l += logger(fmt.Sprintln(v...)) }

// Of thousands of scrapers with other headers, few are remembered, and none with long ones.
func TestHeadersOfScrapersAreForgotten(t *testing.T) {
	h := NewHandler(publication{view: NewMerger(collector.Catalogue(), nil).Merge(time.Time{}, nil, nil)}, openMetricsOptions).(*handler)
	for i := range 1000 {
		request(h, http.MethodGet, fmt.Sprint("text/plain;q=0.", i), "gzip")
		request(h, http.MethodGet, "text/plain", strings.Repeat("x", longestRequest)+fmt.Sprint(i))
	}
	if n := len(h.answers); n == 0 || n > mostAnswers {
		t.Errorf("%d are kept", n)
	}
	for request := range h.answers {
		if len(request) > longestRequest {
			t.Errorf("%d bytes are kept", len(request))
		}
	}
}

var errBroken = errors.New("broken pipe")

type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestAScrapeThatEndsEarlyIsLogged(t *testing.T) {
	var logged logger
	h := NewHandler(publication{view: NewMerger(collector.Catalogue(), nil).Merge(time.Time{}, nil, nil), live: liveFamilies()}, promhttp.HandlerOpts{ErrorLog: &logged})
	h.ServeHTTP(brokenWriter{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := logger("error sending metrics: broken pipe\n"); logged != want {
		t.Errorf("logged %s, want %s", logged, want)
	}
	if got := request(h, http.MethodGet, "", ""); !bytes.Contains(got.Body.Bytes(), []byte("z_total")) {
		t.Errorf("the next scrape: %s", got.Body)
	}
}
