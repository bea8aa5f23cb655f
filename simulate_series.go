package main

import (
	"bufio"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// historySeries holds what was scraped, by series, until it can be written in the order
// that OpenMetrics wants. Most values stay for hours, so each is held once, with the
// scrapes that had it.
type historySeries struct {
	begun  time.Time
	step   time.Duration
	target string // the labels that Prometheus adds
	types  map[string]dto.MetricType
	of     map[string]map[string]*[]span // by family and series
	key    []byte
}

// span is a value at the scrapes from one number to another, which is not one of them.
type span struct {
	from, to int32
	value    float64
}

func newHistorySeries(begun time.Time, o historyOptions) *historySeries {
	return &historySeries{
		begun: begun, step: o.step, target: "{instance=" + labelValue(o.instance) + ",job=" + labelValue(o.job),
		types: map[string]dto.MetricType{}, of: map[string]map[string]*[]span{},
	}
}

var labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func labelValue(value string) string { return `"` + labelEscaper.Replace(value) + `"` }

// families notes the samples of families at scrapes.
func (s *historySeries) families(families []*dto.MetricFamily, from, to int) {
	if from >= to {
		return
	}
	for _, f := range families {
		name, typ := f.GetName(), f.GetType()
		for _, m := range f.GetMetric() {
			labels := m.GetLabel()
			switch typ {
			case dto.MetricType_COUNTER:
				s.sample(name, typ, name, labels, "", m.GetCounter().GetValue(), from, to)
			case dto.MetricType_HISTOGRAM:
				h := m.GetHistogram()
				for _, b := range h.GetBucket() {
					le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
					s.sample(name, typ, name+"_bucket", labels, le, float64(b.GetCumulativeCount()), from, to)
				}
				if n := len(h.GetBucket()); n == 0 || !math.IsInf(h.GetBucket()[n-1].GetUpperBound(), 1) {
					s.sample(name, typ, name+"_bucket", labels, "+Inf", float64(h.GetSampleCount()), from, to)
				}
				s.sample(name, typ, name+"_count", labels, "", float64(h.GetSampleCount()), from, to)
				s.sample(name, typ, name+"_sum", labels, "", h.GetSampleSum(), from, to)
			default:
				s.sample(name, typ, name, labels, "", m.GetGauge().GetValue(), from, to)
			}
		}
	}
}

// sample notes a value at scrapes; le is that of a bucket, empty for all else.
func (s *historySeries) sample(family string, typ dto.MetricType, name string, labels []*dto.LabelPair, le string, value float64, from, to int) {
	key := append(append(s.key[:0], name...), s.target...)
	add := func(name, value string) {
		key = append(append(append(key, ','), name...), '=', '"')
		key = append(append(key, labelEscaper.Replace(value)...), '"')
	}
	for _, l := range labels {
		add(l.GetName(), l.GetValue())
	}
	if le != "" {
		add("le", le)
	}
	key = append(key, '}')
	s.key = key
	of := s.of[family]
	if of == nil {
		of = map[string]*[]span{}
		s.of[family], s.types[family] = of, typ
	}
	spans := of[string(key)]
	if spans == nil {
		spans = &[]span{}
		of[string(key)] = spans
	}
	if n := len(*spans); n > 0 && (*spans)[n-1].to == int32(from) && (*spans)[n-1].value == value {
		(*spans)[n-1].to = int32(to)
		return
	}
	*spans = append(*spans, span{int32(from), int32(to), value})
}

// write writes all that was noted as OpenMetrics text: by family, by series, by time.
func (s *historySeries) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	var line []byte
	for _, family := range slices.Sorted(maps.Keys(s.of)) {
		typ := s.types[family]
		line = append(append(line[:0], "# TYPE "...), openMetricsName(family, typ)...)
		line = append(append(line, ' '), strings.ToLower(typ.String())...)
		line = append(line, '\n')
		for _, key := range slices.Sorted(maps.Keys(s.of[family])) {
			for _, run := range *s.of[family][key] {
				for at := run.from; at < run.to; at++ {
					line = append(append(line, key...), ' ')
					line = append(strconv.AppendFloat(line, run.value, 'g', -1, 64), ' ')
					line = strconv.AppendInt(line, s.begun.Add(time.Duration(at)*s.step).Unix(), 10)
					line = append(line, '\n')
					if _, err := out.Write(line); err != nil {
						return err
					}
					line = line[:0]
				}
			}
		}
	}
	if _, err := out.WriteString("# EOF\n"); err != nil {
		return err
	}
	return out.Flush()
}

// openMetricsName is what OpenMetrics calls a family: the samples of counters end in
// _total, their families do not.
func openMetricsName(family string, typ dto.MetricType) string {
	if typ == dto.MetricType_COUNTER {
		return strings.TrimSuffix(family, "_total")
	}
	return family
}
