package replay

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory is a storage with all samples in slices, because a month's replay in a TSDB takes minutes. It keeps of each
// name what queries read, and counts the changes of values, so that a query can be answered as before if there is none.
type memory struct {
	step     time.Duration // between two samples of a series
	byName   map[string][]*series
	byHash   map[uint64][]*series
	byRef    []*series
	lookback map[string]time.Duration // how far queries look back, by name
	changes  map[string]change        // of values, by name
}

// change is how many changes there were, and when the last was.
type change struct {
	number int
	last   int64
}

type series struct {
	labels   labels.Labels
	name     string
	ref      storage.SeriesRef
	samples  []promql.FPoint
	lookback int64
}

func newMemory(step time.Duration) *memory {
	return &memory{
		step:   step,
		byName: map[string][]*series{}, byHash: map[uint64][]*series{}, byRef: []*series{nil},
		lookback: map[string]time.Duration{}, changes: map[string]change{},
	}
}

// Appender returns what stores each sample at once.
func (m *memory) Appender(context.Context) storage.Appender { return appender{memory: m} }

type appender struct {
	storage.Appender // there are no histograms, exemplars and metadata

	memory *memory
}

func (appender) SetOptions(*storage.AppendOptions) {}
func (appender) Commit() error                     { return nil }

func (a appender) Append(ref storage.SeriesRef, l labels.Labels, at int64, v float64) (storage.SeriesRef, error) {
	m := a.memory
	s := m.find(ref, l)
	n := len(s.samples)
	if n > 0 && s.samples[n-1].T >= at {
		return 0, fmt.Errorf("%s: %w", l, storage.ErrDuplicateSampleForTimestamp)
	}
	if n == 0 || math.Float64bits(s.samples[n-1].F) != math.Float64bits(v) {
		m.changes[s.name] = change{number: m.changes[s.name].number + 1, last: at}
	}
	// What is too old is removed when it is half of all.
	if n > 1 && s.samples[n/2].T < at-s.lookback {
		s.samples = s.samples[:copy(s.samples, s.samples[n/2:])]
	}
	s.samples = append(s.samples, promql.FPoint{T: at, F: v})
	return s.ref, nil
}

func (m *memory) find(ref storage.SeriesRef, l labels.Labels) *series {
	if ref != 0 {
		return m.byRef[ref]
	}
	hash := l.Hash()
	for _, s := range m.byHash[hash] {
		if labels.Equal(s.labels, l) {
			return s
		}
	}
	name := l.Get(model.MetricNameLabel)
	s := &series{labels: l, name: name, ref: storage.SeriesRef(len(m.byRef)), lookback: (m.lookback[name] + m.step).Milliseconds()}
	m.byHash[hash] = append(m.byHash[hash], s)
	m.byName[name] = append(m.byName[name], s)
	m.byRef = append(m.byRef, s)
	return s
}

// willRead takes note of what an expression reads. It returns how far it looks back by name, or nil if its result
// depends on the time, too.
func (m *memory) willRead(expr parser.Expr) map[string]time.Duration {
	lookback, timeless := map[string]time.Duration{}, true
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			past := max(n.OriginalOffset, 0)
			for _, above := range path {
				switch a := above.(type) {
				case *parser.MatrixSelector:
					past += a.Range
				case *parser.SubqueryExpr:
					past += a.Range + max(a.OriginalOffset, 0)
				}
			}
			lookback[n.Name] = max(lookback[n.Name], past)
			m.lookback[n.Name] = max(m.lookback[n.Name], past)
		case *parser.Call:
			timeless = timeless && !slices.Contains([]string{"time", "timestamp", "hour", "minute", "day_of_week", "deriv", "predict_linear"}, n.Func.Name)
		}
		return nil
	})
	if !timeless {
		return nil
	}
	return lookback
}

// Querier returns a querier of all series that have samples since mint.
func (m *memory) Querier(mint, _ int64) (storage.Querier, error) {
	return querier{memory: m, mint: mint}, nil
}

type querier struct {
	storage.LabelQuerier // rules ask for no names or values of labels

	memory *memory
	mint   int64
}

func (q querier) Close() error { return nil }

func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesSet{}
	name := slices.IndexFunc(matchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual })
	for _, s := range q.memory.byName[matchers[name].Value] {
		if s.samples[len(s.samples)-1].T >= q.mint && s.match(matchers) {
			found.series = append(found.series, s)
		}
	}
	return found
}

type seriesSet struct {
	series []*series
	next   int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.series) }
func (s *seriesSet) At() storage.Series                { return s.series[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

func (s *series) Labels() labels.Labels { return s.labels }

func (s *series) match(matchers []*labels.Matcher) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) })
}

func (s *series) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	i, ok := reuse.(*iterator)
	if !ok {
		i = &iterator{}
	}
	i.samples, i.at = s.samples, -1
	return i
}

type iterator struct {
	chunkenc.Iterator // there are no histograms

	samples []promql.FPoint
	at      int
}

func (i *iterator) Next() chunkenc.ValueType {
	if i.at++; i.at >= len(i.samples) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// milliseconds is an alias because vet takes every Seek of an int64 for io.Seeker's.
type milliseconds = int64

func (i *iterator) Seek(t milliseconds) chunkenc.ValueType {
	from := max(i.at, 0)
	n, _ := slices.BinarySearchFunc(i.samples[min(from, len(i.samples)):], t, func(p promql.FPoint, t int64) int { return cmp.Compare(p.T, t) })
	i.at = from + n - 1
	return i.Next()
}

func (i *iterator) At() (int64, float64) { return i.samples[i.at].T, i.samples[i.at].F }
func (i *iterator) AtT() int64           { return i.samples[i.at].T }
func (i *iterator) AtST() int64          { return 0 }
func (i *iterator) Err() error           { return nil }
