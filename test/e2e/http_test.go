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
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// client asks plainly: it neither decompresses nor follows redirects, so that tests
// see what is sent.
var client = newClient(&http.Transport{DisableCompression: true, DisableKeepAlives: true})

func newClient(transport *http.Transport) *http.Client {
	return &http.Client{
		Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a whole answer.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// ask sends one request. header is pairs of name and value.
func ask(c *http.Client, method, address string, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, address, http.NoBody)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body}, err
}

// get asks and insists on success.
func get(t *testing.T, address string, header ...string) answer {
	t.Helper()
	a, err := ask(client, http.MethodGet, address, header...)
	if err != nil {
		t.Fatal(err)
	}
	if a.code != http.StatusOK {
		t.Fatalf("GET %s: %d: %s", address, a.code, tail(string(a.body)))
	}
	return a
}

// waitFor waits for a page to answer with this status.
func waitFor(t *testing.T, p *process, address string, code int) answer {
	t.Helper()
	var a answer
	eventually(t, func() (err error) {
		if err := p.running(); err != nil {
			return err
		}
		if a, err = ask(client, http.MethodGet, address); err == nil && a.code != code {
			err = fmt.Errorf("GET %s: %d: %s", address, a.code, tail(string(a.body)))
		}
		return err
	})
	return a
}

// startReady starts the exporter and waits until every collector has had an answer.
func startReady(t *testing.T, env []string, args ...string) (p *process, base string) {
	t.Helper()
	p = start(t, env, append([]string{anyPort}, args...)...)
	base = p.url()
	waitFor(t, p, base+"/-/ready", http.StatusOK)
	return p, base
}

// parse reads an exposition.
func parse(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("the exposition cannot be parsed: %v", err)
	}
	return families
}

// proxy is a reverse proxy that notes what passes.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
	times map[string]int // by path and organization
}

func startProxy(t *testing.T, to string) *proxy {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{times: map[string]int{}}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// Without a word, because exporters are killed while they ask.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.paths = append(p.paths, r.URL.Path)
		p.times[r.URL.Path+" "+r.URL.Query().Get("_oid")]++
		p.mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.paths...)
}

// asked tells how many requests there were for each path and organization.
func (p *proxy) asked() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.times)
}

// serveConsole serves a simulated console in the test, where faults can be injected. Its
// limit leaves short intervals as they are.
func serveConsole(t *testing.T) (c *simulator.Console, address string, env []string) {
	t.Helper()
	c = simulator.New(simulator.Options{Seed: 7, Assets: 300, Limit: endless})
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL, []string{"RUNZERO_TOKEN=" + c.AccountToken()}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// decode reads JSON.
func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v: %s", err, tail(string(data)))
	}
}
