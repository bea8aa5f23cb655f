//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// soakConsoles are two consoles, as programs of their own, of the same account but for the
// number of assets. What asks it is answered now by the one, now by the other, and at
// times wrongly.
type soakConsoles struct {
	twins    []*simulator.Console
	fronts   []string // what accounts ask, by their addresses
	trouble  atomic.Bool
	requests atomic.Int64
	wrong    atomic.Int64

	mu   sync.Mutex
	seen map[string]map[float64]bool // numbers of assets so far, by organization
	at   time.Time                   // until when
	now  time.Time                   // of the twins
}

func newSoakConsoles(t *testing.T) *soakConsoles {
	t.Helper()
	began := time.Now()
	c := &soakConsoles{seen: map[string]map[float64]bool{}, at: began.Add(-time.Second), now: began}
	var targets []*url.URL
	for _, assets := range []int{60, 90} {
		program := startFor(t, *soakFor+processLimit, binary, nil, "simulate", "--simulate.listen-address=127.0.0.1:0", "--simulate.seed=7",
			fmt.Sprintf("--simulate.assets=%d", assets), fmt.Sprintf("--simulate.limit=%d", endless))
		target, err := url.Parse(program.find(&program.stdout, `console is at (http://\S+)$`))
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
		c.twins = append(c.twins, simulator.New(simulator.Options{Seed: 7, Assets: assets, Limit: endless, Now: func() time.Time { return c.now }}))
	}
	for i := range soakAccounts {
		// From an address of its own, because consoles limit what one address may ask.
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
		front := httptest.NewServer(c.front(targets, dialer.DialContext))
		t.Cleanup(front.Close)
		c.fronts = append(c.fronts, front.URL)
	}
	return c
}

// front is where an account asks.
func (c *soakConsoles) front(targets []*url.URL, dial func(context.Context, string, string) (net.Conn, error)) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(targets[rand.IntN(len(targets))]) },
		Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Context().Value(cutKey{}) != nil {
				r.Body = &cutBody{ReadCloser: r.Body, left: rand.Int64N(2000)}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		if c.trouble.Load() && rand.IntN(2) == 0 {
			c.wrong.Add(1)
			switch rand.IntN(5) {
			case 0:
				w.WriteHeader(http.StatusInternalServerError)
				return
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				r = r.WithContext(context.WithValue(r.Context(), cutKey{}, true))
			case 3:
				_, _ = io.WriteString(w, `[{"id": "no more than this`)
				return
			case 4:
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}
		forward.ServeHTTP(w, r)
	})
}

type cutKey struct{}

// cutBody breaks in the middle.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("cut")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// file is the n-th configuration: some are alike, some ask more, some cannot be used, and
// one counts in another way, for which everything is asked anew.
func (c *soakConsoles) file(n int) string {
	text := "accounts:\n"
	for i, front := range c.fronts {
		text += fmt.Sprintf("  - {name: a%d, url: %q, credentials: [{authorization: {credentials: %s}}]}\n", i, front, c.twins[0].AccountToken())
	}
	switch {
	case n%16 == 7:
		text += "collectors: {assets: {top: 5}}\n"
	case n%4 == 1:
		text += "queries: [{name: alive, of: assets, search: 'alive:t', interval: 1s}]\n"
	case n%4 == 2:
		text += "no: such key\n"
	}
	return text
}

// replaceFile replaces a file as editors do, so that nobody reads half of it.
func replaceFile(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// totals are the numbers of assets that the consoles have had so far, by organization, and
// will have for as long as a wave may take.
func (c *soakConsoles) totals() map[string]map[float64]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for until := time.Now().Add(time.Minute); c.at.Before(until); c.at = c.at.Add(time.Second) {
		c.now = c.at
		for _, twin := range c.twins {
			for i, o := range twin.Organizations() {
				if c.seen[o.Name] == nil {
					c.seen[o.Name] = map[float64]bool{}
				}
				c.seen[o.Name][float64(twin.Rows(i, "assets"))] = true
			}
		}
	}
	totals := map[string]map[float64]bool{}
	for name, seen := range c.seen {
		totals[name] = map[float64]bool{}
		for n := range seen {
			totals[name][n] = true
		}
	}
	return totals
}

// text is the body as it was before it was compressed.
func (a answer) text() (string, error) {
	if a.header.Get("Content-Encoding") != "gzip" {
		return string(a.body), nil
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(unzipped)
	return string(text), err
}

// readText reads an exposition.
func readText(text string) (map[string]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the exposition cannot be parsed: %w", err)
	}
	return families, nil
}

// whole tells of how many organizations a scrape counts assets, and, as an error, that it
// holds half an answer, or halves of two.
func whole(families map[string]*dto.MetricFamily, totals map[string]map[float64]bool) (organizations int, err error) {
	sums := map[string]map[string]float64{}
	sum := func(name string, value func(*dto.Metric) float64) {
		sums[name] = map[string]float64{}
		for _, m := range families[name].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			sums[name][labels["account_name"]+"/"+labels["org_name"]] += value(m)
		}
	}
	for _, name := range []string{"runzero_assets", "runzero_assets_by_risk", "runzero_assets_by_criticality", "runzero_assets_by_os_support", "runzero_sites"} {
		sum(name, number)
	}
	sum("runzero_site_info", number)
	for of, n := range sums["runzero_assets"] {
		_, organization, _ := strings.Cut(of, "/")
		if !totals[organization][n] {
			return 0, fmt.Errorf("%v assets of %s, which never had as many: %v", n, of, totals[organization])
		}
		for _, other := range []string{"runzero_assets_by_risk", "runzero_assets_by_criticality", "runzero_assets_by_os_support"} {
			if sums[other][of] != n {
				return 0, fmt.Errorf("%v of %s of %s, and %v assets", sums[other][of], other, of, n)
			}
		}
	}
	for of, n := range sums["runzero_sites"] {
		if sums["runzero_site_info"][of] != n {
			return 0, fmt.Errorf("%v sites of %s are told of, and %v are counted", sums["runzero_site_info"][of], of, n)
		}
	}
	return len(sums["runzero_assets"]), nil
}
