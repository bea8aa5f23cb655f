package replay

import (
	"context"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
)

// sample is the value of a series. A slice of them is what one scrape returns.
type sample struct {
	series labels.Labels
	value  float64
}

// prometheus scrapes and evaluates when it is told to, in simulated time. Its rules are evaluated by Prometheus' own
// code, with `for`, `keep_firing_for` and staleness.
type prometheus struct {
	t       *testing.T
	memory  *memory
	queries map[string]*query
	groups  []*rules.Group // in the order of the file
	firing  []labels.Labels
	targets map[string]map[string]scraped // by target and series
	scrapes int
}

// scraped is a series of a target, and the number of the scrape that last had it.
type scraped struct {
	ref    storage.SeriesRef
	series labels.Labels
	scrape int
}

// newPrometheus returns one that has the rules of the files, and scrapes and evaluates every interval.
func newPrometheus(t *testing.T, files []string, interval time.Duration) *prometheus {
	t.Helper()
	p := &prometheus{t: t, memory: newMemory(interval), queries: map[string]*query{}, targets: map[string]map[string]scraped{}}
	language := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: math.MaxInt32, Timeout: time.Minute, LookbackDelta: interval,
		EnableAtModifier: true, EnableNegativeOffset: true, Parser: language,
	})
	manager := rules.NewManager(&rules.ManagerOptions{
		Context: t.Context(), Logger: slog.New(slog.DiscardHandler), ExternalURL: &url.URL{},
		Appendable: p.memory, Queryable: p.memory, Parser: language,
		QueryFunc: p.cached(rules.EngineQueryFunc(engine, p.memory)),
		NotifyFunc: func(_ context.Context, _ string, alerts ...*rules.Alert) {
			for _, a := range alerts {
				if a.ResolvedAt.IsZero() {
					p.firing = append(p.firing, a.Labels)
				}
			}
		},
	})
	groups, problems := manager.LoadGroups(interval, labels.EmptyLabels(), "", nil, false, files...)
	for _, file := range files {
		content, more := rulefmt.ParseFile(file, false, model.UTF8Validation, language, nil)
		if problems = append(problems, more...); len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, group := range content.Groups { // a map has no order
			p.groups = append(p.groups, groups[rules.GroupKey(file, group.Name)])
		}
	}
	for _, group := range p.groups {
		for _, rule := range group.Rules() {
			if lookback := p.memory.willRead(rule.Query()); lookback != nil {
				p.queries[rule.Query().String()] = &query{lookback: lookback}
			}
		}
	}
	return p
}

// scrape stores what a target responded. Series that it had at the scrape before and lacks now are stale.
func (p *prometheus) scrape(now time.Time, target string, response []sample) {
	known := p.targets[target]
	if known == nil {
		known = map[string]scraped{}
		p.targets[target] = known
	}
	p.scrapes++
	app := p.memory.Appender(p.t.Context())
	var buffer [1024]byte
	for _, s := range response {
		key := s.series.Bytes(buffer[:])
		k := known[string(key)]
		ref, err := app.Append(k.ref, s.series, now.UnixMilli(), s.value)
		if err != nil {
			p.t.Fatalf("store %s: %v", s.series, err)
		}
		known[string(key)] = scraped{ref: ref, series: s.series, scrape: p.scrapes}
	}
	for key, k := range known {
		if k.scrape == p.scrapes {
			continue
		}
		if _, err := app.Append(k.ref, k.series, now.UnixMilli(), math.Float64frombits(value.StaleNaN)); err != nil {
			p.t.Fatalf("store %s: %v", k.series, err)
		}
		delete(known, key)
	}
	if err := app.Commit(); err != nil {
		p.t.Fatal(err)
	}
}

// evaluate evaluates all rules and returns the alerts that fire.
func (p *prometheus) evaluate(now time.Time) []labels.Labels {
	p.firing = nil
	for _, group := range p.groups {
		group.Eval(p.t.Context(), now)
		for _, rule := range group.Rules() {
			if err := rule.LastError(); err != nil {
				p.t.Fatalf("%s: %s: %v", now.Format(time.DateTime), rule.Name(), err)
			}
		}
	}
	return p.firing
}

// query is one whose result depends on the values that it reads, and on nothing else.
type query struct {
	lookback map[string]time.Duration // by name
	changes  int                      // of these values before the result
	settled  bool                     // none of them was within the lookback
	result   promql.Vector
}

// cached returns a function that evaluates a query only if what it reads has changed. Most values change at polls, that
// is at each third evaluation.
func (p *prometheus) cached(evaluate rules.QueryFunc) rules.QueryFunc {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		q := p.queries[expr]
		if q == nil {
			return evaluate(ctx, expr, at)
		}
		changes, settled := 0, true
		for name, past := range q.lookback {
			change := p.memory.changes[name]
			changes += change.number
			settled = settled && (past == 0 || at.Add(-past-p.memory.step).UnixMilli() > change.last)
		}
		if !q.settled || changes != q.changes {
			result, err := evaluate(ctx, expr, at)
			if err != nil {
				return nil, err
			}
			q.changes, q.settled, q.result = changes, settled, result
		}
		result := slices.Clone(q.result) // the caller changes it
		for i := range result {
			result[i].T = at.UnixMilli()
		}
		return result, nil
	}
}
