//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// prometheus is a real Prometheus.
type prometheus struct {
	*process
	url string
}

// sample is one sample of an instant vector.
type sample struct {
	labels map[string]string
	at     time.Time
	value  float64
}

func (p *prometheus) query(promQL string) ([]sample, error) {
	r, err := send(client, http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(promQL))
	if err != nil {
		return nil, err
	}
	if r.code != http.StatusOK {
		return nil, fmt.Errorf("%s: %d: %s", promQL, r.code, r.body)
	}
	var result struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	decode(p.t, r.body, &result)
	var samples []sample
	for _, r := range result.Data.Result {
		at, isTime := r.Value[0].(float64)
		text, isText := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if !isTime || !isText || err != nil {
			return nil, fmt.Errorf("%s: invalid sample %v", promQL, r.Value)
		}
		samples = append(samples, sample{r.Metric, time.UnixMilli(int64(at * 1000)), value})
	}
	return samples, nil
}

// by waits for samples and returns their values by one label.
func (p *prometheus) by(label, promQL string) map[string]float64 {
	p.t.Helper()
	values := map[string]float64{}
	eventually(p.t, func() error {
		samples, err := p.query(promQL)
		if err == nil && len(samples) == 0 {
			err = fmt.Errorf("%s: no sample", promQL)
		}
		for _, s := range samples {
			values[s.labels[label]] = s.value
		}
		return err
	})
	return values
}

// twin is a simulated console inside the test that equals the one in another process: it knows the truth at any time.
type twin struct {
	*simulator.Console
	now time.Time
}

func newTwin(organizations, assets int) *twin {
	w := &twin{now: time.Now()}
	w.Console = simulator.New(simulator.Options{Seed: 7, Organizations: organizations, Assets: assets, Limit: unlimited, Now: func() time.Time { return w.now }})
	return w
}

func TestPrometheusScrapesTheTruth(t *testing.T) {
	t.Parallel()
	const organizations, assets, limit = 3, 500, 9000
	console, env := startConsole(t, organizations, assets, limit)
	passing := startRecorder(t, console)
	_, exporter := startReady(t, env, "--runzero.url="+passing.URL)
	truth := newTwin(organizations, assets)
	for _, v := range versions(t) {
		t.Run(v.name, func(t *testing.T) { scrapesTheTruth(t, v, exporter, truth, passing, limit) })
	}
}

func scrapesTheTruth(t *testing.T, v version, exporter string, truth *twin, passing *recorder, limit int) {
	// Latencies are native histograms where Prometheus has enabled them.
	p := v.start(t, v.nativeHistograms(scrapeConfig(exporter, "")), filepath.Join(t.TempDir(), "data"), "--enable-feature=native-histograms")
	p.by("job", `up == 1 and on (instance) runzero_up == 1`)
	t.Run("assets", func(t *testing.T) { assetsAreTrue(t, truth, p) })
	t.Run("ages of scans", func(t *testing.T) { agesAreTrue(t, truth, p) })
	t.Run("quota", func(t *testing.T) {
		charged := 0
		for _, path := range passing.requests() {
			// Requests that need no token are not charged.
			if !strings.HasSuffix(path, "/health") && !strings.Contains(path, "/releases/") {
				charged++
			}
		}
		left := p.by("credential", "runzero_api_usage_remaining / runzero_api_usage_limit")
		if want := float64(limit-charged) / float64(limit); len(left) != 1 || math.Abs(left["default"]-want) > 1e-9 {
			t.Errorf("%v of the quota remains, want %v after %d calls", left, want, charged)
		}
	})
	t.Run("customers", func(t *testing.T) { customersAreScraped(t, v, exporter, p) })
	t.Run("native histogram", func(t *testing.T) {
		count := p.by("", "sum (histogram_count (runzero_api_request_duration_seconds))")
		if sent := len(passing.requests()); count[""] != float64(sent) {
			t.Errorf("the durations of %v requests are exposed, %d were sent", count[""], sent)
		}
	})
}

// scrapeConfig has Prometheus scrape one exporter. more are keys before the jobs.
func scrapeConfig(exporter, more string) string {
	return fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
%s
scrape_configs:
  - job_name: runzero
    static_configs: [{targets: [%q], labels: {instance: %q}}]
`, more, strings.TrimPrefix(exporter, "http://"), liveInstance)
}

// customersAreScraped scrapes each organization by itself, as the example has it: that gives the series that one scrape
// of everything gives, and up for each organization.
func customersAreScraped(t *testing.T, v version, exporter string, everything *prometheus) {
	t.Helper()
	example, err := os.ReadFile("../../examples/prometheus/customers.yml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("runzero_exporter:10026", strings.TrimPrefix(exporter, "http://"), "30s", "1s", "1m", "1s",
		"../../alerts", rules+"/alerts", "customers.rules.yml", rules+"/examples/prometheus/customers.rules.yml").Replace(string(example))
	p := v.start(t, config, filepath.Join(t.TempDir(), "data"))
	const series = `count by (org_name) ({__name__=~"runzero_(assets|scan|site|organization|collector|up|api_usage).*"})`
	eventually(t, func() error {
		if got, want := p.by("org_name", series), everything.by("org_name", series); !maps.Equal(got, want) {
			return fmt.Errorf("series by customer: %v, of one scrape: %v", got, want)
		}
		return nil
	})
	if up, polled := p.by("org_name", `up{job="runzero",org_name!=""} == 1`), everything.attempts("assets"); len(up) != len(polled) {
		t.Errorf("up is there for %v, want %v", up, polled)
	}
	p.by("job", `count by (job) (up) == 4 unless count by (job) ({exported_org_name!=""})`)
	p.by("job", "customer:runzero_organization_assets_live:sum > 0")
}

// attempts returns when each organization was last polled by a collector.
func (p *prometheus) attempts(collector string) map[string]time.Time {
	p.t.Helper()
	attempts := map[string]time.Time{}
	for org, at := range p.by("org_name", fmt.Sprintf("runzero_collector_last_attempt_timestamp_seconds{collector=%q}", collector)) {
		attempts[org] = time.Unix(int64(at), 0)
	}
	return attempts
}

func assetsAreTrue(t *testing.T, truth *twin, p *prometheus) {
	polled := p.attempts("assets")
	for i, org := range truth.Organizations() {
		at, found := polled[org.Name]
		if active := !org.Demo && !org.Inactive; found != active {
			t.Errorf("%s is active: %t, and was polled: %t", org.Name, active, found)
		}
		if !found {
			continue
		}
		got := p.by("asset_type", fmt.Sprintf("sum by (asset_type) (runzero_assets{org_name=%q})", org.Name))
		matches := false
		var want map[string]float64
		// The response was made soon after the poll began.
		for truth.now = at; !matches && truth.now.Before(at.Add(time.Minute)); truth.now = truth.now.Add(time.Second) {
			want = map[string]float64{}
			for asset := range truth.Assets(i) {
				name := strings.TrimSpace(asset.Type)
				if name == "" {
					name = "unknown"
				}
				want[name]++
			}
			matches = maps.Equal(got, want)
		}
		if !matches {
			t.Errorf("%s has assets %v, exposed are %v", org.Name, want, got)
		}
	}
}

func agesAreTrue(t *testing.T, truth *twin, p *prometheus) {
	ends := map[string]time.Time{}
	for org, at := range p.attempts("tasks") {
		truth.now = at.Add(time.Second)
		truth.lastGoodScans(t, org, ends)
	}
	if len(ends) == 0 {
		t.Fatal("the simulated console has no scans")
	}
	const lag = 5 // a scrape interval, generously
	eventually(t, func() error {
		samples, err := p.query("max by (site_name) (runzero_scan_age_seconds)")
		if err != nil {
			return err
		}
		if len(samples) != len(ends) {
			return fmt.Errorf("ages of %d sites, want %d", len(samples), len(ends))
		}
		for _, s := range samples {
			end, known := ends[s.labels["site_name"]]
			if age := s.at.Sub(end).Seconds(); !known || math.Abs(age-s.value) > lag {
				return fmt.Errorf("%s: age %v, want %v", s.labels["site_name"], s.value, age)
			}
		}
		return nil
	})
}

// lastGoodScans adds when each site's last good scan ended; of sites with the same name, the
// one whose ended the longest ago. It reads the console's response in its own way.
func (w *twin) lastGoodScans(t *testing.T, orgName string, ends map[string]time.Time) {
	t.Helper()
	sites := map[string]string{}
	id := ""
	for _, org := range w.Organizations() {
		if org.Name == orgName {
			id = org.ID
			for _, site := range org.Sites {
				sites[site.ID] = site.Name
			}
		}
	}
	request := httptest.NewRequest(http.MethodGet, "/api/v1.0/export/org/tasks.jsonl?_oid="+id, http.NoBody)
	request.Header.Set("Authorization", "Bearer "+w.AccountToken())
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, request)
	last := map[string]int64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		var task struct {
			Type, Status string
			Recur        bool
			SiteID       string `json:"site_id"`
			Ended        int64  `json:"data_acquisition_ended_at"`
			Processed    int64  `json:"data_processing_ended_at"`
			Updated      int64  `json:"updated_at"`
		}
		decode(t, lines.Bytes(), &task)
		if task.Type != "scan" || task.Recur || task.Status != "processed" && task.Status != "completed" {
			continue
		}
		end := task.Ended
		if end == 0 {
			end = task.Processed
		}
		if end == 0 {
			end = task.Updated
		}
		last[task.SiteID] = max(last[task.SiteID], end)
	}
	for site, end := range last {
		name, at := sites[site], time.Unix(end, 0)
		if known, found := ends[name]; name != "" && (!found || at.Before(known)) {
			ends[name] = at
		}
	}
}
