package shipped

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// call reads a function and what it is given.
func (q *reader) call(e *parser.Call) vector {
	name := e.Func.Name
	v := number()
	for _, arg := range e.Args {
		read := q.read(arg, name)
		if t := arg.Type(); t == parser.ValueTypeVector || t == parser.ValueTypeMatrix {
			v = read
		}
	}
	switch name {
	case "rate", "increase", "irate":
		if m, ok := e.Args[0].(*parser.MatrixSelector); ok {
			q.windows = append(q.windows, m.Range)
		}
	case "scalar":
		return number()
	case "absent", "absent_over_time":
		return vector{labels: equalities(e.Args[0]), key: set{}, own: true}
	case "histogram_quantile", "histogram_fraction":
		v.labels, v.key = v.labels.without("le"), v.key.without("le")
	case "label_replace":
		q.sources(name, v, e.Args[3:4])
		return v.labelled(text(e.Args[1]))
	case "label_join":
		q.sources(name, v, e.Args[3:])
		return v.labelled(text(e.Args[1]))
	}
	return v
}

// sources are the labels that a new label is made of; an empty one stands for none.
func (q *reader) sources(function string, v vector, names parser.Expressions) {
	for _, name := range names {
		if label := text(name); label != "" && !v.labels[label] {
			q.found.add("%s reads a label that what it is given does not have: %s", function, label)
		}
	}
}

func (v vector) labelled(label string) vector {
	v.labels, v.key = v.labels.with(label), v.key.with(label)
	return v
}

// equalities are the labels that absent can know: it looks at a bare selector only.
func equalities(e parser.Expr) set {
	if m, ok := e.(*parser.MatrixSelector); ok {
		e = m.VectorSelector
	}
	known := set{}
	if s, ok := e.(*parser.VectorSelector); ok {
		for _, m := range s.LabelMatchers {
			if m.Type == labels.MatchEqual && m.Name != model.MetricNameLabel && m.Value != "" {
				known[m.Name] = true
			}
		}
	}
	return known
}
