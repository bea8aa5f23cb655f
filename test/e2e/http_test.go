//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// client neither decompresses nor follows redirects: tests see what is sent.
var client = newClient(&http.Transport{DisableCompression: true, DisableKeepAlives: true})

func newClient(transport *http.Transport) *http.Client {
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type response struct {
	code   int
	header http.Header
	body   []byte
}

// send sends a request. header is pairs of name and value.
func send(c *http.Client, method, address string, header ...string) (response, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, address, http.NoBody)
	if err != nil {
		return response{}, err
	}
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	r, err := c.Do(request)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	return response{r.StatusCode, r.Header, body}, err
}

// get requires status 200.
func get(t *testing.T, address string, header ...string) response {
	t.Helper()
	r, err := send(client, http.MethodGet, address, header...)
	if err != nil {
		t.Fatal(err)
	}
	if r.code != http.StatusOK {
		t.Fatalf("GET %s: %d: %s", address, r.code, tail(string(r.body)))
	}
	return r
}

// waitForOK waits until a page responds with status 200.
func waitForOK(t *testing.T, p *process, address string, header ...string) {
	t.Helper()
	eventually(t, func() error { return p.responds(address, header...) })
}

// responds returns nil once a page responds with status 200.
func (p *process) responds(address string, header ...string) error {
	if err := p.alive(); err != nil {
		return err
	}
	r, err := send(client, http.MethodGet, address, header...)
	if err == nil && r.code != http.StatusOK {
		err = fmt.Errorf("GET %s: %d: %s", address, r.code, tail(string(r.body)))
	}
	return err
}

// startReady starts the exporter and waits until it is ready.
func startReady(t *testing.T, env []string, args ...string) (p *process, base string) {
	t.Helper()
	p = start(t, env, append([]string{anyPort}, args...)...)
	base = p.url()
	waitForOK(t, p, base+"/-/ready")
	return p, base
}

type families map[string]*dto.MetricFamily

func parse(text []byte) (families, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(bytes.NewReader(text))
}

func scrape(t *testing.T, base string) families {
	t.Helper()
	f, err := parse(get(t, base+"/metrics").body)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// waitForMetrics scrapes until the check succeeds.
func (p *process) waitForMetrics(base string, check func(families) error) {
	p.t.Helper()
	eventually(p.t, func() error {
		if err := p.alive(); err != nil {
			return err
		}
		return check(scrape(p.t, base))
	})
}

// values are a family's values by the text of their labels.
func (f families) values(name string) map[string]float64 {
	values := map[string]float64{}
	for _, m := range f[name].GetMetric() {
		values[fmt.Sprint(m.GetLabel())] = value(m)
	}
	return values
}

func value(m *dto.Metric) float64 {
	return m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// count is the number of a family's series whose label has this value.
func (f families) count(name, labelName, labelValue string) int {
	n := 0
	for _, m := range f[name].GetMetric() {
		if label(m, labelName) == labelValue {
			n++
		}
	}
	return n
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v: %s", err, tail(string(data)))
	}
}

// recorder is a reverse proxy that records what passes.
type recorder struct {
	*httptest.Server
	mu     sync.Mutex
	paths  []string
	counts map[string]int // by path and organization
}

func startRecorder(t *testing.T, target string) *recorder {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &recorder{counts: map[string]int{}}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		// Exporters are killed while they wait for a response: nothing to log.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.paths = append(p.paths, r.URL.Path)
		p.counts[r.URL.Path+" "+r.URL.Query().Get("_oid")]++
		p.mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *recorder) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.paths)
}

func (p *recorder) byOrganization() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// unlimited is a daily limit that no test reaches.
const unlimited = 100_000_000

// serveConsole serves a simulated console inside the test, where faults can be injected.
func serveConsole(t *testing.T) (c *simulator.Console, address string, env []string) {
	t.Helper()
	c = simulator.New(simulator.Options{Seed: 7, Assets: 300, Limit: unlimited})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL, []string{"RUNZERO_TOKEN=" + c.AccountToken()}
}

// startConsole starts a simulated console as a program of its own.
func startConsole(t *testing.T, organizations, assets, limit int) (url string, env []string) {
	t.Helper()
	p := start(t, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.seed=7", fmt.Sprintf("--simulate.assets=%d", assets),
		fmt.Sprintf("--simulate.organizations=%d", organizations), fmt.Sprintf("--simulate.limit=%d", limit))
	url = p.waitForLine(&p.stdout, `console is at (http://\S+)$`)
	return url, []string{"RUNZERO_TOKEN=" + p.waitForLine(&p.stdout, `^account token:\s+(\S+)$`)}
}

// closedPort is an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
