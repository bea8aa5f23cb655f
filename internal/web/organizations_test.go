package web_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// gaugesOf registers a gauge for each name.
func gaugesOf(names ...string) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	for _, name := range names {
		registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: name}))
	}
	return registry
}

// withOrganization has the series of one organization besides those of everything.
func withOrganization(c *web.Config) {
	c.Registry = gaugesOf("everything")
	c.Gatherer = c.Registry
	c.Of = func(texts []string) (prometheus.Gatherer, error) {
		if i := slices.IndexFunc(texts, func(text string) bool { return text != "Acme" }); i >= 0 {
			return nil, fmt.Errorf("no organization %q is polled", texts[i])
		}
		return gaugesOf("sites", "assets"), nil
	}
}

func TestScrapeOfAnOrganization(t *testing.T) {
	for query, want := range map[string]string{
		"":                                       "everything",
		"?organization=Acme":                     "assets sites",
		"?organization=Acme&organization=Acme":   "assets sites",
		"?organization=Acme&name[]=sites":        "sites",
		"?organization=Acme&name[]=everything":   "",
		"?name[]=everything":                     "everything",
		"?name[]=sites":                          "",
		"?organization=Beacon":                   `404 Not found: no organization "Beacon" is polled; /sd/organizations lists those that are.`,
		"?organization=Acme&organization=Beacon": `404 Not found: no organization "Beacon" is polled; /sd/organizations lists those that are.`,
		"?organization=":                         `404 Not found: no organization "" is polled; /sd/organizations lists those that are.`,
	} {
		got := get(handler(withOrganization), "/metrics"+query)
		body := strings.TrimSpace(got.Body.String())
		if got.Code != http.StatusOK {
			body = fmt.Sprint(got.Code, " ", body)
		} else {
			var names []string
			for line := range strings.Lines(body) {
				if name, _, _ := strings.Cut(line, " "); !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "promhttp") {
					names = append(names, name)
				}
			}
			body = strings.Join(names, " ")
		}
		if body != want {
			t.Errorf("%s: %s, want %s", query, body, want)
		}
	}
}

// Scrapes of organizations are counted, and take places, as all others.
func TestScrapesOfOrganizationsTakePlaces(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := prometheus.NewRegistry()
	slow.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "slow"}, func() float64 {
		entered <- struct{}{}
		<-leave
		return 1
	}))
	registry := prometheus.NewRegistry()
	h := handler(func(c *web.Config) {
		c.Registry, c.Gatherer, c.MaxRequests = registry, registry, 1
		c.Of = func([]string) (prometheus.Gatherer, error) { return slow, nil }
	})
	done := make(chan int)
	go func() { done <- get(h, "/metrics?organization=Acme").Code }()
	<-entered
	for _, path := range []string{"/metrics", "/metrics?organization=Acme"} {
		got := get(h, path)
		if want := "Already 1 scrapes at the same time, which is --web.max-requests: try again later.\n"; got.Code != http.StatusServiceUnavailable || got.Body.String() != want {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	close(leave)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first scrape: %d", code)
	}
	counts := get(h, "/metrics").Body.String()
	for _, want := range []string{`promhttp_metric_handler_requests_total{code="200"} 1`, `promhttp_metric_handler_requests_total{code="503"} 2`} {
		if !strings.Contains(counts, want) {
			t.Errorf("no %s in\n%s", want, counts)
		}
	}
}

func TestServiceDiscovery(t *testing.T) {
	const (
		north = `[{"targets":["exporter.example.com:10026"],"labels":{"__meta_runzero_account_name":"north","__meta_runzero_org_id":"2","__meta_runzero_org_name":"Acme","__param_organization":"2"}},` +
			`{"targets":["exporter.example.com:10026"],"labels":{"__meta_runzero_account_name":"north","__meta_runzero_org_id":"1","__meta_runzero_org_name":"Beacon","__param_organization":"1"}},` +
			`{"targets":["exporter.example.com:10026"],"labels":{"__meta_runzero_account_name":"south","__meta_runzero_org_name":"\u003cAcme\u003e","__param_organization":"\u003cAcme\u003e"}}]`
		secure = `[{"targets":["exporter.example.com:10026"],"labels":{"__meta_runzero_org_id":"1","__meta_runzero_org_name":"Acme","__metrics_path__":"/m","__param_organization":"1","__scheme__":"https"}}]`
	)
	for name, c := range map[string]struct {
		organizations []poller.Organization
		path          string
		tls           *tls.ConnectionState
		want          string
	}{
		"none": {nil, "/metrics", nil, "[]"},
		"several accounts": {[]poller.Organization{
			{Account: "south", Name: "<Acme>"}, {Account: "north", ID: "1", Name: "Beacon"}, {Account: "north", ID: "2", Name: "Acme"},
		}, "/metrics", nil, north},
		"another path, by TLS": {[]poller.Organization{{ID: "1", Name: "Acme"}}, "/m", &tls.ConnectionState{}, secure},
	} {
		h := handler(func(config *web.Config) {
			config.TelemetryPath, config.Organizations = c.path, func() []poller.Organization { return c.organizations }
		})
		request := httptest.NewRequest(http.MethodGet, "/sd/organizations", nil)
		request.Host, request.TLS = "exporter.example.com:10026", c.tls
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		if got := recorder.Body.String(); recorder.Code != http.StatusOK || got != c.want+"\n" {
			t.Errorf("%s: %d\n%swant\n%s", name, recorder.Code, got, c.want)
		}
		if got := recorder.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
