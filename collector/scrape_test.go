package collector

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// misread returns an error if families, written in the text format and read again, are not
// the same, or if a series is there twice.
func misread(families []*dto.MetricFamily) error {
	before, err := sortedLines(families)
	if err != nil {
		return err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	read, err := parser.TextToMetricFamilies(strings.NewReader(strings.Join(before, "")))
	if err != nil {
		return err
	}
	after, err := sortedLines(slices.Collect(maps.Values(read)))
	if err != nil {
		return err
	}
	if !slices.Equal(before, after) {
		return fmt.Errorf("%d lines instead of %d, or others", len(after), len(before))
	}
	series := map[string]bool{}
	for _, line := range before {
		key := line[:strings.LastIndexByte(line, ' ')]
		if line[0] != '#' && series[key] {
			return fmt.Errorf("duplicate series %s", key)
		}
		series[key] = true
	}
	return nil
}

// sortedLines are the lines of each family, ordered by the families' names.
func sortedLines(families []*dto.MetricFamily) ([]string, error) {
	var lines []string
	families = slices.Clone(families)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	for _, family := range families {
		var text strings.Builder
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, err
		}
		lines = slices.AppendSeq(lines, strings.Lines(text.String()))
	}
	return lines, nil
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
