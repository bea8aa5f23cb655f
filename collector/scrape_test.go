package collector

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// seriesOf returns the series of families as in a scrape, and the duplicates among them.
func seriesOf(families []*dto.MetricFamily) (series map[string]float64, duplicates []string) {
	series = map[string]float64{}
	add := func(name string, labels []*dto.LabelPair, value float64, more string) {
		key := name
		for _, label := range labels {
			key += fmt.Sprintf(" %s=%q", label.GetName(), label.GetValue())
		}
		key += more
		if _, ok := series[key]; ok {
			duplicates = append(duplicates, key)
		}
		series[key] = value
	}
	for _, family := range families {
		name := family.GetName()
		for _, m := range family.GetMetric() {
			h := m.GetHistogram()
			if h == nil {
				// Counters are not supported: collectors export none, and expfmt does not read their
				// OpenMetrics form.
				add(name, m.GetLabel(), m.GetGauge().GetValue(), "")
				continue
			}
			for _, b := range h.GetBucket() {
				if !math.IsInf(b.GetUpperBound(), 1) {
					add(name+"_bucket", m.GetLabel(), float64(b.GetCumulativeCount()), fmt.Sprintf(" le=%v", b.GetUpperBound()))
				}
			}
			add(name+"_count", m.GetLabel(), float64(h.GetSampleCount()), "")
			add(name+"_sum", m.GetLabel(), h.GetSampleSum(), "")
		}
	}
	return series, duplicates
}

// misread returns an error if families, encoded in any format, decode to something else.
// OpenMetrics is decoded as the older text format, of which it is a dialect.
func misread(families []*dto.MetricFamily) error {
	want, duplicates := seriesOf(families)
	if len(duplicates) > 0 {
		return fmt.Errorf("duplicate series: %s", strings.Join(duplicates, ", "))
	}
	for _, format := range []expfmt.Format{
		expfmt.NewFormat(expfmt.TypeTextPlain), expfmt.NewFormat(expfmt.TypeOpenMetrics), expfmt.NewFormat(expfmt.TypeProtoDelim),
	} {
		var text bytes.Buffer
		encoder := expfmt.NewEncoder(&text, format)
		for _, family := range families {
			if err := encoder.Encode(family); err != nil {
				return fmt.Errorf("%s: %w", format, err)
			}
		}
		if closer, ok := encoder.(expfmt.Closer); ok {
			if err := closer.Close(); err != nil {
				return fmt.Errorf("%s: %w", format, err)
			}
		}
		got, err := parsed(&text, format)
		if err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		if series, duplicates := seriesOf(got); !maps.Equal(series, want) || len(duplicates) > 0 {
			return fmt.Errorf("%s: %d series (%d duplicate) instead of %d, or others", format, len(series), len(duplicates), len(want))
		}
	}
	return nil
}

func parsed(text io.Reader, format expfmt.Format) ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	if format.FormatType() != expfmt.TypeProtoDelim {
		parser := expfmt.NewTextParser(model.LegacyValidation)
		byName, err := parser.TextToMetricFamilies(text)
		for _, family := range byName {
			families = append(families, family)
		}
		return families, err
	}
	decoder := expfmt.NewDecoder(text, format)
	for {
		family := &dto.MetricFamily{}
		if err := decoder.Decode(family); err != nil {
			if errors.Is(err, io.EOF) {
				return families, nil
			}
			return families, err
		}
		families = append(families, family)
	}
}

func TestMisreadDetectsFaults(t *testing.T) {
	gauge := func(name, value string, at float64) *dto.MetricFamily {
		label, of := "org_name", dto.MetricType_GAUGE
		return &dto.MetricFamily{Name: &name, Help: &name, Type: &of, Metric: []*dto.Metric{
			{Label: []*dto.LabelPair{{Name: &label, Value: &value}}, Gauge: &dto.Gauge{Value: &at}},
		}}
	}
	if err := misread([]*dto.MetricFamily{gauge("a", "x", 1), gauge("b", "\"\\\n", math.MaxFloat64)}); err != nil {
		t.Error(err)
	}
	counter := dto.MetricType_COUNTER
	mixed := gauge("a", "x", 1)
	mixed.Type = &counter
	for what, families := range map[string][]*dto.MetricFamily{
		"duplicate series": {gauge("a", "x", 1), gauge("a", "x", 2)},
		"duplicate family": {gauge("a", "x", 1), gauge("a", "y", 2)},
		"a name":           {gauge("a b", "x", 1)},
		"not UTF-8":        {gauge("a", "\xff", 1)},
		"a gauge as a sum": {mixed},
	} {
		if misread(families) == nil {
			t.Errorf("%s is not found", what)
		}
	}
}
