package simulate

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

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
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(scraped))
		if err != nil {
			t.Fatal(err)
		}
		s.scrape(slices.Collect(maps.Values(families)), n)
	}
	var text bytes.Buffer
	if err := s.write(&text); err != nil {
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
