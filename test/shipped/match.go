package shipped

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// binary reads an operator and its two sides, which must be able to match.
func (q *reader) binary(e *parser.BinaryExpr) vector {
	left, right := q.read(e.LHS, ""), q.read(e.RHS, "")
	how := e.VectorMatching
	switch {
	case how == nil && e.LHS.Type() == parser.ValueTypeScalar:
		return right
	case how == nil:
		return left
	}
	matched := q.matched(e, left, right)
	switch {
	case e.Op == parser.LOR:
		return vector{
			labels: left.labels.union(right.labels),
			key:    left.key.union(right.key),
			loose:  left.loose.union(right.loose),
			own:    left.own && right.own,
		}
	case e.Op.IsSetOperator():
		return left
	}
	many, one, side := left, right, "right"
	if how.Card == parser.CardOneToMany {
		many, one, side = right, left, "left"
	}
	q.unique(e, side, one, matched)
	result := many
	if how.Card == parser.CardOneToOne {
		q.unique(e, "left", many, matched)
		result = many.by(matched)
	}
	result.own = left.own && right.own
	if missing := setOf(how.Include...).minus(one.labels); len(missing) > 0 {
		q.found.add("%s takes labels from its %s side that are not there: %s", operator(e), side, missing)
	}
	result.labels = result.labels.with(how.Include...)
	return result
}

// matched are the labels by which both sides are matched.
func (q *reader) matched(e *parser.BinaryExpr, left, right vector) set {
	named := setOf(e.VectorMatching.MatchingLabels...)
	if e.VectorMatching.On {
		q.has(e, "left", left, named)
		q.has(e, "right", right, named)
		return named
	}
	// or adds what the left side does not have: it may well have other labels.
	if e.Op != parser.LOR {
		q.only(e, "left", left.labels.minus(right.labels).minus(named))
		q.only(e, "right", right.labels.minus(left.labels).minus(named))
	}
	return left.labels.minus(named)
}

func (q *reader) has(e *parser.BinaryExpr, side string, v vector, named set) {
	if missing := named.minus(v.labels); len(missing) > 0 {
		q.found.add("%s matches on labels that its %s side does not have: %s", operator(e), side, missing)
	}
}

func (q *reader) only(e *parser.BinaryExpr, side string, labels set) {
	if len(labels) > 0 {
		q.found.add("%s never matches: only its %s side has %s", operator(e), side, labels)
	}
}

// unique finds what makes Prometheus give up: several series of one side for one of
// the other.
func (q *reader) unique(e *parser.BinaryExpr, side string, v vector, matched set) {
	if more := v.key.minus(matched); q.Replicas && len(more) > 0 {
		q.found.add("%s may find several series on its %s side, which differ in %s", operator(e), side, more)
	}
}

// operator names an operator and what it matches on.
func operator(e *parser.BinaryExpr) string {
	switch how := e.VectorMatching; {
	case how.On:
		return fmt.Sprintf("%s on (%s)", e.Op, setOf(how.MatchingLabels...))
	case len(how.MatchingLabels) > 0:
		return fmt.Sprintf("%s ignoring (%s)", e.Op, setOf(how.MatchingLabels...))
	}
	return e.Op.String()
}
