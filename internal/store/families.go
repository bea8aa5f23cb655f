package store

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Counts are written as floats, which hold integers up to here.
const maxCount = 1 << 53

// parse reads families and makes them what they were before they were written.
func parse(text []byte) ([]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	parsed, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		// The parser's message quotes the data, which is nothing for a log.
		if at := (expfmt.ParseError{}); errors.As(err, &at) {
			return nil, fmt.Errorf("line %d after its head cannot be read", at.Line)
		}
		return nil, errors.New("its samples cannot be read")
	}
	// The parser returns a map. Their order is that of their TYPE lines.
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
		return nil, errors.New("it has samples of no TYPE")
	}
	if err := check(families); err != nil {
		return nil, err
	}
	share(families)
	for _, family := range families {
		for _, metric := range family.Metric {
			if h := metric.Histogram; h != nil {
				h.Bucket = finite(h.Bucket)
			}
		}
	}
	return families, nil
}

// share makes equal texts one: in a snapshot nearly all labels are repeated from
// series to series, and it stays in memory.
func share(families []*dto.MetricFamily) {
	texts := map[string]*string{}
	one := func(s *string) *string {
		if known := texts[*s]; known != nil {
			return known
		}
		texts[*s] = s
		return s
	}
	for _, family := range families {
		for _, metric := range family.Metric {
			for _, label := range metric.Label {
				label.Name, label.Value = one(label.Name), one(label.Value)
			}
		}
	}
}

// check refuses what would not come back from a file as it was. Such families are a
// bug of whoever made them, and better found when they are written.
func check(families []*dto.MetricFamily) error {
	names := map[string]bool{}
	for _, family := range families {
		name := family.GetName()
		if names[name] {
			return fmt.Errorf("%s: there are two families of this name", name)
		}
		names[name] = true
	}
	for _, family := range families {
		if err := checkFamily(family, names); err != nil {
			return fmt.Errorf("%s: %w", family.GetName(), err)
		}
	}
	return nil
}

func checkFamily(family *dto.MetricFamily, names map[string]bool) error {
	name := family.GetName()
	if !model.LegacyValidation.IsValidMetricName(name) {
		return errors.New("this is no name of a metric")
	}
	if !utf8.ValidString(family.GetHelp()) {
		return errors.New("its help is not UTF-8")
	}
	histogram := family.GetType() == dto.MetricType_HISTOGRAM
	if histogram && (names[name+"_bucket"] || names[name+"_count"] || names[name+"_sum"]) {
		return errors.New("another family has the name of a part of this histogram")
	}
	seen, hash := map[uint64]bool{}, maphash.Hash{}
	for _, metric := range family.GetMetric() {
		if metric.TimestampMs != nil {
			return errors.New("it has a timestamp")
		}
		if err := checkLabels(metric.GetLabel(), histogram); err != nil {
			return err
		}
		var there bool
		switch family.GetType() {
		case dto.MetricType_GAUGE:
			there = metric.Gauge != nil
		case dto.MetricType_COUNTER:
			there = metric.Counter != nil
		case dto.MetricType_HISTOGRAM:
			there = metric.Histogram != nil
			if err := checkHistogram(metric.GetHistogram()); err != nil {
				return err
			}
		default:
		}
		if !there {
			return errors.New("it has a sample that is not a gauge, a counter or a histogram, as its type says")
		}
		labels := series(&hash, metric.GetLabel())
		if seen[labels] {
			return errors.New("it has a series twice")
		}
		seen[labels] = true
	}
	return nil
}

func checkLabels(labels []*dto.LabelPair, histogram bool) error {
	for i, label := range labels {
		name := label.GetName()
		taken := name == model.MetricNameLabel || (histogram && name == model.BucketLabel) ||
			slices.ContainsFunc(labels[:i], func(l *dto.LabelPair) bool { return l.GetName() == name })
		if taken || !model.LegacyValidation.IsValidLabelName(name) {
			return fmt.Errorf("%q cannot be a label here", name)
		}
		if !utf8.ValidString(label.GetValue()) {
			return fmt.Errorf("a value of its label %s is not UTF-8", name)
		}
	}
	return nil
}

// series tells label sets apart whatever their order.
func series(hash *maphash.Hash, labels []*dto.LabelPair) uint64 {
	var sum uint64
	for _, label := range labels {
		hash.Reset()
		_, _ = hash.WriteString(label.GetName())
		_ = hash.WriteByte(0xFF) // which is in no text
		_, _ = hash.WriteString(label.GetValue())
		sum += hash.Sum64()
	}
	return sum
}

func checkHistogram(h *dto.Histogram) error {
	switch {
	case h.GetSampleCount() > maxCount:
		return errors.New("it counts more than can be written exactly")
	case h.GetSampleCountFloat() != 0 || h != nil && (h.Schema != nil || h.ZeroThreshold != nil || h.ZeroCount != nil ||
		h.ZeroCountFloat != nil || len(h.PositiveSpan)+len(h.NegativeSpan) > 0):
		return errors.New("it is a native histogram, which has no text form")
	}
	last := math.Inf(-1)
	for i, bucket := range h.GetBucket() {
		bound := bucket.GetUpperBound()
		switch {
		case math.IsNaN(bound) || i > 0 && bound <= last:
			return errors.New("its buckets are not in order")
		case bucket.GetCumulativeCountFloat() != 0 || bucket.GetCumulativeCount() > h.GetSampleCount():
			return errors.New("a bucket counts what is not in the histogram")
		case math.IsInf(bound, 1) && bucket.GetCumulativeCount() != h.GetSampleCount():
			return errors.New("its +Inf bucket is not its count")
		}
		last = bound
	}
	return nil
}

// finite leaves the +Inf bucket out: it is the count once more, and what collectors
// make has none.
func finite(buckets []*dto.Bucket) []*dto.Bucket {
	if n := len(buckets); n > 0 && math.IsInf(buckets[n-1].GetUpperBound(), 1) {
		return buckets[:n-1]
	}
	return buckets
}
