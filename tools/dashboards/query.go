package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// scope returns the labels that every aggregation of such series keeps, so that no account, job, namespace or cluster
// hides another. Only what belongs to an exporter as a whole has no account.
func scope(labels []string) []string {
	all := []string{"cluster", "namespace", "job"}
	if slices.Contains(labels, collector.AccountLabel) {
		all = append(all, collector.AccountLabel)
	}
	return all
}

// query is what a panel asks, as Grafana sends it.
type query struct {
	expr, legend, unit string
	account            bool // its series may have an account
}

func (q query) as(legend string) query {
	q.legend = legend
	return q
}

// each has a series for each account of each job, and for what the text is grouped by beside.
//
// The text is PromQL in which only what matters is written. Added are the filters by the dashboard's
// variables, and the scope to everything that aggregates or joins with on. The generator fails if
// the text names what the catalogue does not have.
func (g *generator) each(text string) query {
	e := g.expand(text)
	return query{expr: g.print(e), unit: g.unitOf(e), legend: "__auto", account: slices.Contains(g.labelsIn(e), collector.AccountLabel)}
}

// total adds up numbers of different accounts.
func (g *generator) total(text string, by ...string) query { return g.over(parser.SUM, text, by) }

// worst is the largest value of all accounts, and least the smallest.
func (g *generator) worst(text string, by ...string) query { return g.over(parser.MAX, text, by) }
func (g *generator) least(text string, by ...string) query { return g.over(parser.MIN, text, by) }

func (g *generator) over(op parser.ItemType, text string, by []string) query {
	e := g.expand(text)
	whole := &parser.AggregateExpr{Op: op, Expr: e, Grouping: by}
	return query{expr: g.print(whole), unit: g.unitOf(e), legend: "__auto"}
}

// ranked is the ten largest totals, in this order.
func (g *generator) ranked(text string, by ...string) query {
	q := g.total(text, by...)
	q.expr = fmt.Sprintf("sort_desc(topk(10, %s))", q.expr)
	return q
}

// top is for the twelve series that are largest at the end of the range.
func (g *generator) top(text string) query {
	return g.withLargest(g.each(text), g.expand(text))
}

// topTotal is top of the totals.
func (g *generator) topTotal(text string, by ...string) query {
	return g.withLargest(g.total(text, by...), &parser.AggregateExpr{Op: parser.SUM, Expr: g.expand(text), Grouping: by})
}

func (g *generator) withLargest(q query, last parser.Expr) query {
	parser.Inspect(last, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			s.StartOrEnd = parser.END
		}
		return nil
	})
	q.expr += fmt.Sprintf(" and topk(12, %s)", g.print(last))
	return q
}

// help is what the catalogue says a metric means.
func (g *generator) help(metric string) string {
	if g.series[metric].help == "" {
		g.fail("the catalogue has no %s", metric)
	}
	return g.series[metric].help
}

// rateInterval stands for a variable where the parser wants a duration.
const rateInterval, rateIntervalParsed = "$__rate_interval", "12345s"

func (g *generator) expand(text string) parser.Expr {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(strings.ReplaceAll(text, rateInterval, rateIntervalParsed))
	if err != nil {
		g.fail("%s: %v", text, err)
		return &parser.NumberLiteral{}
	}
	g.complete(e, text, false)
	return e
}

func (g *generator) print(e parser.Expr) string {
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr("x[" + rateIntervalParsed + "]")
	if err != nil {
		g.fail("%v", err)
		return ""
	}
	interval := strings.TrimPrefix(parsed.String(), "x")
	return strings.ReplaceAll(e.String(), interval, "["+rateInterval+"]")
}

// complete adds the scope and the filters to an expression. merged says whether the series of
// replicas have been merged into one by an aggregation around it.
func (g *generator) complete(node parser.Node, text string, merged bool) {
	switch e := node.(type) {
	case *parser.AggregateExpr:
		if e.Without {
			g.fail("%s: without keeps the label instance; use by", text)
		}
		selects := e.Op == parser.TOPK || e.Op == parser.BOTTOMK
		if missing := without(e.Grouping, g.labelsIn(e.Expr)); len(missing) > 0 {
			g.fail("%s: nothing in it has the labels %s", text, missing)
		}
		if !selects || len(e.Grouping) > 0 {
			e.Grouping = slices.Concat(scope(g.labelsIn(e.Expr)), e.Grouping)
		}
		merged = merged || !selects
	case *parser.BinaryExpr:
		if e.VectorMatching != nil && e.VectorMatching.On {
			left, right := g.labelsIn(e.LHS), g.labelsIn(e.RHS)
			both := slices.DeleteFunc(left, func(label string) bool { return !slices.Contains(right, label) })
			e.VectorMatching.MatchingLabels = slices.Concat(scope(both), e.VectorMatching.MatchingLabels)
		}
	case *parser.VectorSelector:
		if !merged {
			g.fail("%s: %s is not aggregated, so each replica would have a series of its own", text, e.Name)
		}
		g.filter(e, text)
	}
	for child := range parser.ChildrenIter(node) {
		g.complete(child, text, merged)
	}
}

// filter adds the dashboard's variables in front of the selector's own matchers.
func (g *generator) filter(e *parser.VectorSelector, text string) {
	s, known := g.series[e.Name]
	if !known {
		g.fail("%s: the catalogue has no %s", text, e.Name)
		return
	}
	var filters []*labels.Matcher
	for _, label := range []string{"job", "account_name", "org_name", "site_name"} {
		if value := s.filters[label]; value != "" {
			filters = append(filters, labels.MustNewMatcher(labels.MatchRegexp, label, value))
		}
	}
	for _, m := range e.LabelMatchers {
		if m.Name != model.MetricNameLabel && !slices.Contains(s.labels, m.Name) {
			g.fail("%s: %s has no label %s", text, e.Name, m.Name)
		}
	}
	e.LabelMatchers = slices.Concat(filters, e.LabelMatchers)
}

// labelsIn returns the labels that anything in the expression has, or gets, and that its result may have.
func (g *generator) labelsIn(node parser.Node) []string {
	var all []string
	switch e := node.(type) {
	case *parser.VectorSelector:
		all = slices.Clone(g.series[e.Name].labels)
	case *parser.BinaryExpr:
		if e.Op == parser.LAND || e.Op == parser.LUNLESS {
			return g.labelsIn(e.LHS)
		}
	case *parser.Call:
		if e.Func.Name == "label_replace" || e.Func.Name == "label_join" {
			if target, ok := e.Args[1].(*parser.StringLiteral); ok {
				all = []string{target.Val}
			}
		}
	}
	for child := range parser.ChildrenIter(node) {
		all = append(all, g.labelsIn(child)...)
	}
	return all
}

func without(names, known []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(known, name) })
}

// newest is the flag of the replica that knows most: the one with the latest timestamp for the same
// labels, or the worse one if they know the same. bad is 0 or 1.
func newest(flag, timestamp, by string, bad int) string {
	worse := "min"
	if bad == 1 {
		worse = "max"
	}
	return fmt.Sprintf(`(%[4]s by (%[3]s) (%[1]s and on (instance, %[3]s) (%[2]s == on (%[3]s) group_left () max by (%[3]s) (%[2]s))) or %[4]s by (%[3]s) (%[1]s))`,
		flag, timestamp, by, worse)
}
