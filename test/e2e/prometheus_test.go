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
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// prometheus is a real Prometheus that scrapes one exporter.
type prometheus struct {
	*process
	url string
}

func startPrometheus(t *testing.T, exporter string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf(`
global: {scrape_interval: 500ms}
scrape_configs:
  - job_name: runzero
    static_configs: [{targets: [%q]}]
`, strings.TrimPrefix(exporter, "http://"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{process: startProgram(t, "prometheus", nil,
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), anyPort,
		// Latencies are native histograms where these are switched on.
		"--enable-feature=native-histograms")}
	p.url = p.process.url()
	waitFor(t, p.process, p.url+"/-/ready", http.StatusOK)
	return p
}

// sample is one sample of an instant vector.
type sample struct {
	labels map[string]string
	at     time.Time
	value  float64
}

func (p *prometheus) query(promQL string) ([]sample, error) {
	a, err := ask(client, http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(promQL))
	if err != nil {
		return nil, err
	}
	if a.code != http.StatusOK {
		return nil, fmt.Errorf("%s: %d: %s", promQL, a.code, a.body)
	}
	var result struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	decode(p.t, a.body, &result)
	var samples []sample
	for _, r := range result.Data.Result {
		at, isTime := r.Value[0].(float64)
		text, isText := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if !isTime || !isText || err != nil {
			return nil, fmt.Errorf("%s: %v is no sample", promQL, r.Value)
		}
		samples = append(samples, sample{r.Metric, time.UnixMilli(int64(at * 1000)), value})
	}
	return samples, nil
}

// by waits for an answer and returns its values by one label.
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

func TestPrometheusScrapesTheTruth(t *testing.T) {
	console := startConsole(t)
	seen := startProxy(t, console.url)
	_, exporter := startReady(t, console.tokenEnv(), "--runzero.url="+seen.URL)
	prometheus := startPrometheus(t, exporter)

	prometheus.by("job", `up == 1 and on (instance) runzero_up == 1`)
	t.Run("assets", func(t *testing.T) { assetsAreTrue(t, console, prometheus) })
	t.Run("ages", func(t *testing.T) { agesAreTrue(t, console, prometheus) })
	t.Run("quota", func(t *testing.T) {
		left := prometheus.by("credential", "runzero_api_usage_remaining / runzero_api_usage_limit")
		charged := 0
		for _, path := range seen.requests() {
			// What needs no token is not charged.
			if !strings.HasSuffix(path, "/health") && !strings.Contains(path, "/releases/") {
				charged++
			}
		}
		if want := float64(9000-charged) / 9000; len(left) != 1 || math.Abs(left["default"]-want) > 1e-9 {
			t.Errorf("%v of the quota is left, and after %d calls %v are", left, charged, want)
		}
	})
	t.Run("native histogram", func(t *testing.T) {
		count := prometheus.by("", "sum (histogram_count (runzero_api_request_duration_seconds))")
		if sent := len(seen.requests()); count[""] != float64(sent) {
			t.Errorf("the durations of %v requests are known, and %d were sent", count[""], sent)
		}
	})
}

// attempts tells when each organization was asked for a topic last.
func (p *prometheus) attempts(collector string) map[string]time.Time {
	p.t.Helper()
	instants := map[string]time.Time{}
	for org, at := range p.by("org_name", fmt.Sprintf("runzero_collector_last_attempt_timestamp_seconds{collector=%q}", collector)) {
		instants[org] = time.Unix(int64(at), 0)
	}
	return instants
}

func assetsAreTrue(t *testing.T, console *console, prometheus *prometheus) {
	polled := prometheus.attempts("assets")
	total := map[string]float64{}
	for i, org := range console.twin.Organizations() {
		if org.Demo || org.Inactive {
			if _, found := polled[org.Name]; found {
				t.Errorf("%s is a demo or inactive, and was polled", org.Name)
			}
			continue
		}
		got := prometheus.by("asset_type", fmt.Sprintf("sum by (asset_type) (runzero_assets{org_name=%q})", org.Name))
		// The answer was made within a second or two of the poll's beginning.
		var want map[string]float64
		for wait := range 3 {
			console.now = polled[org.Name].Add(time.Duration(wait) * time.Second)
			want = map[string]float64{}
			for asset := range console.twin.Assets(i) {
				name := strings.TrimSpace(asset.Type)
				if name == "" {
					name = "unknown"
				}
				want[name]++
			}
			if maps.Equal(got, want) {
				break
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s has %v, and not %v", org.Name, want, got)
		}
		for name, n := range want {
			total[name] += n
		}
	}
	if got := prometheus.by("asset_type", "sum by (asset_type) (runzero_assets)"); !maps.Equal(got, total) {
		t.Errorf("there are %v, and not %v", total, got)
	}
}

func agesAreTrue(t *testing.T, console *console, prometheus *prometheus) {
	ends := map[string]time.Time{}
	for org, at := range prometheus.attempts("tasks") {
		console.now = at.Add(time.Second)
		console.lastGoodScans(t, org, ends)
	}
	if len(ends) == 0 {
		t.Fatal("the simulated console has no scans")
	}
	const lag = 5 // a scrape interval and then some
	eventually(t, func() error {
		samples, err := prometheus.query("max by (site_name) (runzero_scan_age_seconds)")
		if err != nil {
			return err
		}
		var wrong []string
		for _, s := range samples {
			end, known := ends[s.labels["site_name"]]
			if age := s.at.Sub(end).Seconds(); !known || math.Abs(age-s.value) > lag {
				wrong = append(wrong, fmt.Sprintf("%s: %v and not %v", s.labels["site_name"], s.value, age))
			}
		}
		if len(samples) != len(ends) || len(wrong) > 0 {
			slices.Sort(wrong)
			return fmt.Errorf("%d sites of %d; wrong: %v", len(samples), len(ends), wrong)
		}
		return nil
	})
}

// lastGoodScans notes when each site's last good scan ended: of sites of one name,
// the one whose is the longest ago. It reads the console's answer its own way.
func (c *console) lastGoodScans(t *testing.T, orgName string, ends map[string]time.Time) {
	t.Helper()
	sites := map[string]string{}
	id := ""
	for _, org := range c.twin.Organizations() {
		if org.Name == orgName {
			id = org.ID
			for _, site := range org.Sites {
				sites[site.ID] = site.Name
			}
		}
	}
	request := httptest.NewRequest(http.MethodGet, "/api/v1.0/export/org/tasks.jsonl?_oid="+id, http.NoBody)
	request.Header.Set("Authorization", "Bearer "+c.twin.AccountToken())
	answer := httptest.NewRecorder()
	c.twin.ServeHTTP(answer, request)
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

func TestPrometheusScrapesTheDemo(t *testing.T) {
	_, exporter := startReady(t, nil, "--demo")
	prometheus := startPrometheus(t, exporter)
	for _, promQL := range []string{
		"sum by (asset_type) (runzero_assets)",
		"max by (site_name) (runzero_scan_age_seconds)",
		"runzero_api_usage_remaining / runzero_api_usage_limit > 0.9 < 1",
		"runzero_exporter_build_info",
		"process_resident_memory_bytes",
		"promhttp_metric_handler_requests_total",
	} {
		prometheus.by("", promQL)
	}
	problems, err := prometheus.query(`up == 0 or runzero_up == 0 or runzero_collector_success == 0`)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
