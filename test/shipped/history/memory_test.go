package history

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory holds samples by series, for Prometheus' query engine.
type memory map[string]*promql.Series

func (m memory) add(l labels.Labels, p promql.FPoint) {
	key := l.String()
	if m[key] == nil {
		m[key] = &promql.Series{Metric: l}
	}
	m[key].Floats = append(m[key].Floats, p)
}

// read reads a history: what was scraped, and what was recorded.
func read(t *testing.T, text string) (scraped, recorded memory) {
	t.Helper()
	scraped, recorded = memory{}, memory{}
	p := parser.NewParser(parser.Options{})
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), "} ")
		if !ok {
			continue
		}
		l, err := p.ParseMetric(name + "}")
		if err != nil {
			t.Fatal(err)
		}
		value, at, _ := strings.Cut(rest, " ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		into := scraped
		if strings.Contains(l.Get(model.MetricNameLabel), ":") {
			into = recorded
		}
		into.add(l, promql.FPoint{T: 1000 * seconds, F: v})
	}
	return scraped, recorded
}

// at are the series that have a sample at a time, and their values.
func (m memory) at(t time.Time) map[string]float64 {
	values := map[string]float64{}
	for key, s := range m {
		if i := slices.IndexFunc(s.Floats, func(p promql.FPoint) bool { return p.T == t.UnixMilli() }); i >= 0 {
			values[key] = s.Floats[i].F
		}
	}
	return values
}

// eval evaluates an expression at a time.
func (m memory) eval(t *testing.T, engine *promql.Engine, expr string, at time.Time) promql.Vector {
	t.Helper()
	q, err := engine.NewInstantQuery(t.Context(), m, nil, expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	defer q.Close()
	result := q.Exec(t.Context())
	v, err := result.Vector()
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return slices.Clone(v)
}

// Querier implements storage.Queryable.
func (m memory) Querier(from, to int64) (storage.Querier, error) {
	return querier{m, from, to}, nil
}

type querier struct {
	memory

	from, to int64
}

// Select implements storage.Querier.
func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, s := range q.memory {
		if slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.Metric.Get(m.Name)) }) {
			continue
		}
		in := slices.DeleteFunc(slices.Clone(s.Floats), func(p promql.FPoint) bool { return p.T < q.from || p.T > q.to })
		found = append(found, promql.NewStorageSeries(promql.Series{Metric: s.Metric, Floats: in}))
	}
	return &set{all: found}
}

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) Close() error { return nil }

// set is a storage.SeriesSet.
type set struct {
	all []storage.Series
	at  storage.Series
}

func (s *set) Next() bool {
	if len(s.all) == 0 {
		return false
	}
	s.at, s.all = s.all[0], s.all[1:]
	return true
}

func (s *set) At() storage.Series              { return s.at }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }
