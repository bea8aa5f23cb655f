package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// maxCount is up to where the text parser, which reads floats, is exact.
const maxCount = 1 << 53

// check refuses families that the text format would change. The registry that gathered
// them has checked everything else.
func check(families []*dto.MetricFamily) error {
	for _, family := range families {
		switch family.GetType() {
		case dto.MetricType_GAUGE, dto.MetricType_COUNTER, dto.MetricType_HISTOGRAM:
		default:
			return fmt.Errorf("%s: it is neither a gauge, a counter nor a histogram", family.GetName())
		}
		for _, metric := range family.GetMetric() {
			h := metric.GetHistogram()
			switch {
			case metric.TimestampMs != nil:
				return fmt.Errorf("%s: it has a timestamp", family.GetName())
			case h != nil && h.Schema != nil:
				return fmt.Errorf("%s: it is a native histogram", family.GetName())
			case h.GetSampleCount() > maxCount:
				return fmt.Errorf("%s: its count is too large", family.GetName())
			}
		}
	}
	return nil
}

// parse reads families and restores what they were before they were written. Its errors
// do not quote the data, which must not get into a log.
func parse(text []byte) ([]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	parsed, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		if at := (expfmt.ParseError{}); errors.As(err, &at) {
			return nil, fmt.Errorf("its samples cannot be parsed: line %d after the header", at.Line)
		}
		return nil, errors.New("its samples cannot be parsed")
	}
	// The parser returns a map. The TYPE lines have the order.
	families := make([]*dto.MetricFamily, 0, len(parsed))
	for line := range bytes.Lines(text) {
		name, found := bytes.CutPrefix(line, []byte("# TYPE "))
		if !found {
			continue
		}
		name, _, _ = bytes.Cut(name, []byte(" "))
		if family := parsed[string(name)]; family != nil {
			families = append(families, family)
			delete(parsed, string(name))
		}
	}
	if len(parsed) > 0 {
		return nil, errors.New("it has samples without a type")
	}
	if check(families) != nil {
		return nil, errors.New("it has samples of an unexpected type")
	}
	gatherer := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
	if _, err := (prometheus.Gatherers{gatherer}).Gather(); err != nil {
		return nil, errors.New("its samples contradict each other")
	}
	shareLabels(families)
	return families, nil
}

// shareLabels makes equal label texts share memory: most are repeated from series to
// series, and the snapshot stays in memory.
func shareLabels(families []*dto.MetricFamily) {
	texts := map[string]*string{}
	share := func(s *string) *string {
		if known := texts[*s]; known != nil {
			return known
		}
		texts[*s] = s
		return s
	}
	for _, family := range families {
		for _, metric := range family.Metric {
			for _, label := range metric.Label {
				label.Name, label.Value = share(label.Name), share(label.Value)
			}
		}
	}
}
