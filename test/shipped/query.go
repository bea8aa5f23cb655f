package shipped

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Query is what an expression tells of itself, without any data.
type Query struct {
	// Labels are those that the series of its result may have.
	Labels set
	// Key are those of them by which two series of its result may differ.
	Key set
	// Names are those of the series it reads.
	Names set
	// Windows are the ranges over which it takes a rate or an increase.
	Windows  []time.Duration
	Findings []string
}

// Reading is how expressions are read.
type Reading struct {
	Families Families
	// Replicas is whether the result must be right with several exporters that say the
	// same. In examples for people it need not.
	Replicas bool
}

// Read parses an expression and finds what can never be right in it: names and labels
// that do not exist, sides that never match, counters that are not asked for a rate.
func (r Reading) Read(expr string) Query {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return Query{Labels: set{}, Key: set{}, Names: set{}, Findings: []string{fmt.Sprintf("is no PromQL: %v", err)}}
	}
	q := &reader{Reading: r, names: set{}}
	v := q.read(e, "")
	found := q.found
	if len(q.unknown) > 0 {
		found = q.unknown // of what nobody knows, nothing else can be said
	}
	return Query{Labels: v.labels, Key: v.key, Names: q.names, Windows: q.windows, Findings: found}
}

// reader reads one expression.
type reader struct {
	Reading

	names   set
	windows []time.Duration
	found   findings
	unknown findings
}

// vector is what is known of a part's result. A number is one without labels.
type vector struct {
	labels set
	// key are the labels by which two of its series may differ, and loose those that
	// follow from the key, as the version of an Explorer from its name: for as long as
	// all of the key is there.
	key, loose set
	own        bool
}

func number() vector { return vector{labels: set{}, key: set{}, own: true} }

// by is what is left when only some labels are.
func (v vector) by(kept set) vector {
	if len(v.key.minus(kept)) > 0 {
		v.key, v.loose = v.key.union(v.loose), nil
	}
	return vector{labels: kept, key: v.key.both(kept), loose: v.loose.both(kept), own: v.own}
}

// read follows an expression from its end to the series it begins with; function is the
// one that its range is handed to.
func (q *reader) read(e parser.Expr, function string) vector {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return q.read(e.Expr, function)
	case *parser.UnaryExpr:
		return q.read(e.Expr, function)
	case *parser.MatrixSelector:
		return q.read(e.VectorSelector, function)
	case *parser.SubqueryExpr:
		return q.read(e.Expr, function)
	case *parser.VectorSelector:
		return q.selector(e, function)
	case *parser.AggregateExpr:
		return q.aggregate(e)
	case *parser.BinaryExpr:
		return q.binary(e)
	case *parser.Call:
		return q.call(e)
	}
	return number()
}

func (q *reader) selector(e *parser.VectorSelector, function string) vector {
	s, known := q.Families[e.Name]
	if !known {
		q.unknown.add("there is no series %q", e.Name)
		s.labels = set{}
		for _, other := range q.Families {
			s.labels = s.labels.union(other.labels)
		}
		return vector{labels: s.labels, key: set{}, own: true}
	}
	q.names[e.Name] = true
	counting := slices.Contains([]string{"rate", "increase", "irate", "resets"}, function)
	// Whether it is there at all may be asked of everything.
	presence := slices.Contains([]string{"absent", "absent_over_time", "present_over_time"}, function)
	switch {
	case s.counter && !counting && !presence:
		q.found.add("%s is a counter: ask for its rate or increase", e.Name)
	case !s.counter && counting:
		q.found.add("%s is no counter: %s means nothing of it", e.Name, function)
	}
	v := vector{labels: s.labels, key: s.labels.minus(s.follow), loose: s.follow, own: s.own}
	for _, m := range e.LabelMatchers {
		switch {
		case m.Name == model.MetricNameLabel:
		case !s.labels[m.Name]:
			q.found.add("%s has no label %s", e.Name, m.Name)
		case (m.Type == labels.MatchEqual || m.Type == labels.MatchNotEqual) && strings.Contains(m.Value, ".*"):
			q.found.add("%s compares %s with a pattern as if it were its value: use =~", e.Name, m.Name)
		case m.Type == labels.MatchEqual && m.Value == "":
			v.labels = v.labels.without(m.Name)
			v.key = v.key.without(m.Name)
		case m.Type == labels.MatchEqual:
			v.key = v.key.without(m.Name)
		}
	}
	return v
}

func (q *reader) aggregate(e *parser.AggregateExpr) vector {
	v := q.read(e.Expr, "")
	if e.Param != nil {
		q.read(e.Param, "")
	}
	by := setOf(e.Grouping...)
	if missing := by.minus(v.labels); len(missing) > 0 {
		q.found.add("%s by labels that what it is given does not have: %s", e.Op, missing)
	}
	switch e.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		if n, ok := e.Param.(*parser.NumberLiteral); ok && n.Val == 1 && !e.Without {
			v.key, v.loose = by, v.labels.minus(by)
		}
		return v
	}
	kept := by
	if e.Without {
		kept = v.labels.minus(by)
	}
	adds := slices.Contains([]parser.ItemType{parser.SUM, parser.COUNT, parser.COUNT_VALUES}, e.Op)
	if q.Replicas && adds && !v.own && v.key["instance"] && !kept["instance"] {
		q.found.add("%s counts what several exporters say alike as often as they say it: take max by (…) without instance first", e.Op)
	}
	v = v.by(kept)
	if e.Op == parser.COUNT_VALUES {
		return v.labelled(text(e.Param))
	}
	return v
}

// text is the value of a string, empty for anything else.
func text(e parser.Expr) string {
	if s, ok := e.(*parser.StringLiteral); ok {
		return s.Val
	}
	return ""
}
