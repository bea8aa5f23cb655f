package simulate

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// families reads a scrape.
func families(t *testing.T, text string) []*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	read, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Values(read))
}

func TestWritesScrapesAsOpenMetrics(t *testing.T) {
	s := newSeries(time.Unix(1000, 0), History{Step: time.Minute, Job: `"the" job`, Instance: "localhost"})
	for n, scraped := range []string{
		`
# TYPE assets gauge
assets{os="a\\b"} 3
# TYPE calls_total counter
calls_total 1
`, `
# TYPE assets gauge
assets{os="a\\b"} 3
assets{os="new"} 0.5
# TYPE calls_total counter
calls_total 1
# TYPE age histogram
age_bucket{le="1"} 2
age_bucket{le="+Inf"} 3
age_sum 7.5
age_count 3
`, `
# TYPE calls_total counter
calls_total 4
`,
	} {
		s.scrape(families(t, scraped), n)
	}
	var text bytes.Buffer
	if err := s.write(&text, new(atomic.Int64)); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`# TYPE age histogram
age_bucket{TARGET,le="+Inf"} 3 1060
age_bucket{TARGET,le="1"} 2 1060
age_count{TARGET} 3 1060
age_sum{TARGET} 7.5 1060
# TYPE assets gauge
assets{TARGET,os="a\\b"} 3 1000
assets{TARGET,os="a\\b"} 3 1060
assets{TARGET,os="new"} 0.5 1060
# TYPE calls counter
calls_total{TARGET} 1 1000
calls_total{TARGET} 1 1060
calls_total{TARGET} 4 1120
# TYPE up gauge
up{TARGET} 1 1000
up{TARGET} 1 1060
up{TARGET} 1 1120
# EOF
`, "TARGET", `instance="localhost",job="\"the\" job"`)
	if text.String() != want {
		t.Errorf("wrote:\n%s\nwant:\n%s", text.String(), want)
	}
}

// Accounts are told apart. Of the three sites of A that have been scanned one is overdue, a fourth has never been.
func TestRecordsByAccount(t *testing.T) {
	s := newSeries(time.Unix(1000, 0), History{Step: time.Minute, Job: "job"})
	s.scrape(families(t, `
# TYPE runzero_collector_last_success_timestamp_seconds gauge
runzero_collector_last_success_timestamp_seconds{account_name="A",collector="tasks",org_name="O"} 900
runzero_collector_last_success_timestamp_seconds{account_name="B",collector="tasks",org_name="O"} 500
# TYPE runzero_scan_max_age_seconds gauge
runzero_scan_max_age_seconds{account_name="A",org_name="O",site_name="1"} 300
runzero_scan_max_age_seconds{account_name="A",org_name="O",site_name="2"} 300
runzero_scan_max_age_seconds{account_name="A",org_name="O",site_name="4"} 300
runzero_scan_max_age_seconds{account_name="B",org_name="O",site_name="1"} 300
# TYPE runzero_scan_last_success_timestamp_seconds gauge
runzero_scan_last_success_timestamp_seconds{account_name="A",org_name="O",site_name="1"} 500
runzero_scan_last_success_timestamp_seconds{account_name="A",org_name="O",site_name="2"} 700
runzero_scan_last_success_timestamp_seconds{account_name="A",org_name="O",site_name="3"} 100
runzero_scan_last_success_timestamp_seconds{account_name="B",org_name="O",site_name="1"} 400
# TYPE runzero_site_assets gauge
runzero_site_assets{account_name="A",org_name="O",site_name="1",state="all"} 9
runzero_site_assets{account_name="A",org_name="O",site_name="1",state="recent"} 7
`), 0)
	var text bytes.Buffer
	if err := s.write(&text, new(atomic.Int64)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`account:runzero_sites_overdue:ratio{job="job",account_name="A"} 0.3333333333333333 1000`,
		`account:runzero_sites_overdue:ratio{job="job",account_name="B"} 0 1000`,
		`site:runzero_assets_recent:max{job="job",account_name="A",org_name="O",site_name="1"} 7 1000`,
	} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("%s is missing in\n%s", want, text.String())
		}
	}
}
