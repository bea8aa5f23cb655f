package simulate

import (
	"bufio"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// series collects the samples of all scrapes, because OpenMetrics requires the samples of a series to follow one
// another. Most values stay the same for hours, so a value is stored once for all scrapes in a row that have it.
type series struct {
	begin time.Time
	step  time.Duration
	// The first labels, which Prometheus adds. Recorded series have no instance.
	job, instance string
	types         map[string]dto.MetricType
	spans         map[string]map[string]*spans // by family and series
	// known caches the spans of each metric of the last scrape, by its address: until the next
	// poll replaces them, the exporter exposes the same metrics with the same values.
	known map[*dto.Metric][]*spans
}

// spans are the values of one series, in the order of time.
type spans []span

// span is the value of the scrapes numbered from <= n < to.
type span struct {
	from, to int32
	value    float64
}

func newSeries(begin time.Time, h History) *series {
	return &series{
		begin: begin, step: h.Step,
		job: "job=" + labelValue(h.Job), instance: "instance=" + labelValue(h.Instance) + ",",
		types: map[string]dto.MetricType{}, spans: map[string]map[string]*spans{},
	}
}

func labelValue(value string) string {
	if strings.ContainsAny(value, "\\\n\"") { // rare, and a replacer is slow to make
		value = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(value)
	}
	return `"` + value + `"`
}

func (s *series) scrape(families []*dto.MetricFamily, n int) {
	known := make(map[*dto.Metric][]*spans, len(s.known))
	scraped := scrape{}
	for _, f := range families {
		scraped[f.GetName()] = f
		s.types[f.GetName()] = f.GetType()
		for _, m := range f.GetMetric() {
			of, ok := s.known[m]
			for _, all := range of {
				(*all)[len(*all)-1].to++
			}
			if !ok {
				for _, sample := range samples(f, m) {
					all := s.find(f.GetName(), m.GetLabel(), sample)
					all.record(sample.value, n)
					of = append(of, all)
				}
			}
			known[m] = of
		}
	}
	s.known = known
	s.types["up"] = dto.MetricType_GAUGE
	s.find("up", nil, sample{name: "up"}).record(1, n)
	for _, r := range recorded() {
		s.types[r.name] = dto.MetricType_GAUGE
		for labels, value := range r.eval(scraped) {
			s.series(r.name, r.name+"{"+s.job+labels+"}").record(value, n)
		}
	}
}

func (all *spans) record(value float64, n int) {
	if last := len(*all) - 1; last >= 0 && (*all)[last].to == int32(n) && (*all)[last].value == value {
		(*all)[last].to++
		return
	}
	*all = append(*all, span{int32(n), int32(n) + 1, value})
}

// find returns the spans of a series, empty ones if it is new.
func (s *series) find(family string, labels []*dto.LabelPair, of sample) *spans {
	var key strings.Builder
	key.WriteString(of.name + "{" + s.instance + s.job)
	for _, l := range labels {
		key.WriteString("," + l.GetName() + "=" + labelValue(l.GetValue()))
	}
	if of.le != "" {
		key.WriteString(`,le="` + of.le + `"`)
	}
	key.WriteByte('}')
	return s.series(family, key.String())
}

func (s *series) series(family, key string) *spans {
	if s.spans[family] == nil {
		s.spans[family] = map[string]*spans{}
	}
	if s.spans[family][key] == nil {
		s.spans[family][key] = &spans{}
	}
	return s.spans[family][key]
}

// sample is one value of a metric. le is the label of a histogram's bucket, else empty.
type sample struct {
	name, le string
	value    float64
}

// samples returns the samples of a metric, always in the same order.
func samples(f *dto.MetricFamily, m *dto.Metric) []sample {
	name := f.GetName()
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		return []sample{{name, "", m.GetCounter().GetValue()}}
	case dto.MetricType_HISTOGRAM:
		h := m.GetHistogram()
		count := float64(h.GetSampleCount())
		all := []sample{{name + "_count", "", count}, {name + "_sum", "", h.GetSampleSum()}, {name + "_bucket", "+Inf", count}}
		for _, b := range h.GetBucket() {
			if le := b.GetUpperBound(); !math.IsInf(le, 1) {
				all = append(all, sample{name + "_bucket", strconv.FormatFloat(le, 'g', -1, 64), float64(b.GetCumulativeCount())})
			}
		}
		return all
	}
	return []sample{{name, "", m.GetGauge().GetValue()}}
}

// size is how many series there are, and how many bytes a scrape of them takes.
func (s *series) size() (count, bytes int) {
	for _, family := range s.spans {
		for key, all := range family {
			count, bytes = count+1, bytes+len(upToTime(key, (*all)[0].value))+len("1700000000\n")
		}
	}
	return count, bytes
}

// upToTime is the line of a sample, without its time.
func upToTime(key string, value float64) string {
	return key + " " + strconv.FormatFloat(value, 'g', -1, 64) + " "
}

// write writes everything as OpenMetrics text, sorted by family, series and time, and counts the bytes.
func (s *series) write(w io.Writer, written *atomic.Int64) error {
	out := bufio.NewWriterSize(w, 1<<20) // keeps its first error, which Flush returns
	for _, family := range slices.Sorted(maps.Keys(s.spans)) {
		typ, name := s.types[family], family
		if typ == dto.MetricType_COUNTER {
			name = strings.TrimSuffix(family, "_total") // only samples have the suffix
		}
		_, _ = out.WriteString("# TYPE " + name + " " + strings.ToLower(typ.String()) + "\n")
		for _, key := range slices.Sorted(maps.Keys(s.spans[family])) {
			for _, run := range *s.spans[family][key] {
				line := []byte(upToTime(key, run.value))
				for at := run.from; at < run.to; at++ {
					text := append(strconv.AppendInt(line, s.begin.Add(time.Duration(at)*s.step).Unix(), 10), '\n')
					_, _ = out.Write(text)
					written.Add(int64(len(text)))
				}
			}
		}
	}
	_, _ = out.WriteString("# EOF\n")
	return out.Flush()
}
