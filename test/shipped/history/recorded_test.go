// Package history tests that a simulated history has the series that alerts compare with the past, as the rules would
// have recorded them.
package history

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/command/simulate"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const step = 5 * time.Minute

type rule struct{ Record, Alert, Expr string }

func rules(t *testing.T) (all []rule) {
	t.Helper()
	text, err := os.ReadFile("../../../alerts/runzero.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// history simulates the last two hours of a small console.
func history(t *testing.T) (scraped, recorded memory) {
	t.Helper()
	var text bytes.Buffer
	err := simulate.Run(t.Context(), command.Env{Logger: log.NewNopLogger(), Stdout: &text}, simulate.Options{
		Flags: harness.DefaultFlags(), Console: simulator.Options{Seed: 1, Organizations: 3, Assets: 200, Limit: 10_000}, Incidents: true,
		History: simulate.History{Length: 2 * time.Hour, Step: step, Job: "runzero", Instance: "localhost:10026"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return read(t, text.String())
}

func TestRecordedSeriesAreThoseOfTheRules(t *testing.T) {
	scraped, recorded := history(t)
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e7, Timeout: time.Minute, LookbackDelta: step, EnableAtModifier: true, Parser: parser.NewParser(parser.Options{}),
	})
	names := map[string]bool{}
	var end time.Time
	for _, s := range recorded {
		names[s.Metric.Get(model.MetricNameLabel)] = true
		end = time.UnixMilli(max(end.UnixMilli(), s.Floats[len(s.Floats)-1].T))
	}
	for _, ago := range []time.Duration{2 * time.Hour, time.Hour, 0} {
		at := end.Add(-ago)
		want := map[string]float64{}
		for _, rule := range rules(t) {
			if rule.Record == "" {
				continue
			}
			for _, s := range scraped.eval(t, engine, rule.Expr, at) {
				l := labels.NewBuilder(s.Metric).Set(model.MetricNameLabel, rule.Record).Labels()
				scraped.add(l, promql.FPoint{T: at.UnixMilli(), F: s.F}) // for rules that read it
				if names[rule.Record] {
					want[l.String()] = s.F
				}
			}
		}
		if got := recorded.at(at); len(got) < 10 || !maps.Equal(got, want) {
			t.Errorf("%s before the end, the history has\n%v\nand the rules record\n%v", ago, got, want)
		}
	}
}

// An alert whose rules have recorded for less than an hour misses nothing that lasts.
func TestRecordsAllThatAlertsCompareWithThePast(t *testing.T) {
	_, recorded := history(t)
	got, want := map[string]bool{}, map[string]bool{}
	for _, s := range recorded {
		got[s.Metric.Get(model.MetricNameLabel)] = true
	}
	for _, rule := range rules(t) {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(rule.Expr)
		if err != nil {
			t.Fatal(err)
		}
		parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
			s, ok := node.(*parser.VectorSelector)
			// The last one is read to remember what was recorded before, and begins when it is recorded first.
			if !ok || !strings.Contains(s.Name, ":") || s.Name == "site:runzero_explorers_lost:count" {
				return nil
			}
			past := s.OriginalOffset
			if m, ok := path[len(path)-1].(*parser.MatrixSelector); ok {
				past += m.Range
			}
			if past >= time.Hour {
				want[s.Name] = true
			}
			return nil
		})
	}
	if !maps.Equal(got, want) {
		t.Errorf("the history records\n%v\nand alerts read the past of\n%v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
