package main

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// Units of Grafana.
const (
	seconds = "s"
	octets  = "bytes"
	share   = "percentunit"
	number  = "locale"
	factor  = "none"
)

// unitOf derives the unit of an expression from the names in it. Anything else is a number.
func (g *generator) unitOf(e parser.Expr) string {
	switch e := e.(type) {
	case *parser.VectorSelector:
		return unitOfName(e.Name)
	case *parser.ParenExpr:
		return g.unitOf(e.Expr)
	case *parser.MatrixSelector:
		return g.unitOf(e.VectorSelector)
	case *parser.AggregateExpr:
		if slices.Contains([]parser.ItemType{parser.COUNT, parser.GROUP}, e.Op) {
			return number
		}
		return g.unitOf(e.Expr)
	case *parser.Call:
		return g.unitOfCall(e)
	case *parser.BinaryExpr:
		return g.unitOfOperation(e)
	}
	return ""
}

func unitOfName(name string) string {
	for _, suffix := range []string{"_bucket", "_count"} {
		if strings.HasSuffix(name, suffix) {
			return number
		}
	}
	switch name = strings.TrimSuffix(name, "_total"); {
	case strings.HasSuffix(name, "_seconds"), name == "ALERTS_FOR_STATE":
		return seconds
	case strings.HasSuffix(name, "_bytes"):
		return octets
	case strings.Contains(name, ":ratio"):
		return share
	case strings.HasSuffix(name, "_ratio"):
		return factor
	}
	return number
}

func (g *generator) unitOfCall(e *parser.Call) string {
	switch e.Func.Name {
	case "time":
		return seconds
	case "histogram_quantile":
		name := ""
		parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
			if s, ok := node.(*parser.VectorSelector); ok {
				name = strings.TrimSuffix(s.Name, "_bucket")
			}
			return nil
		})
		return unitOfName(name)
	case "rate":
		if g.unitOf(e.Args[0]) == seconds {
			return share // seconds in a second
		}
	}
	for _, argument := range e.Args {
		if unit := g.unitOf(argument); unit != "" {
			return unit
		}
	}
	return ""
}

func (g *generator) unitOfOperation(e *parser.BinaryExpr) string {
	left, right := g.unitOf(e.LHS), g.unitOf(e.RHS)
	switch {
	case e.ReturnBool:
		return number
	case e.Op == parser.DIV && left == right && left != "":
		return share
	case left == "", e.Op == parser.MUL && left == number:
		return right
	}
	return left
}
