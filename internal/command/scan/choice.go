package scan

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// choice finds the one row that a flag names, by its id or, in any case, by its name.
type choice[T any] struct {
	flag, kind, wanted string // for messages: "--site", "site"

	byID, byName, byAnyCase []named[T]
	others                  []string
}

type named[T any] struct {
	row  T
	name string // for messages
}

// add looks at a row. Rows without an id are skipped.
func (c *choice[T]) add(row T, id, name string) {
	label := collector.Label(name) // as in metrics
	each := named[T]{row, nameAndID(name, id)}
	switch {
	case id == "":
	case strings.EqualFold(id, c.wanted):
		c.byID = append(c.byID, each)
	case name == c.wanted, label == c.wanted:
		c.byName = append(c.byName, each)
	case strings.EqualFold(name, c.wanted), strings.EqualFold(label, c.wanted):
		c.byAnyCase = append(c.byAnyCase, each)
	default:
		c.others = append(c.others, each.name)
	}
}

// found returns all rows that may be meant.
func (c *choice[T]) found() (rows []T) {
	all := c.byID
	if len(all) == 0 {
		all = slices.Concat(c.byName, c.byAnyCase)
	}
	for _, each := range all {
		rows = append(rows, each.row)
	}
	return rows
}

// only returns the row, or why it is not clear which. owner is who has the rows: "the organization has".
func (c *choice[T]) only(owner string) (row T, err error) {
	for _, matches := range [][]named[T]{c.byID, c.byName, c.byAnyCase} {
		switch {
		case len(matches) == 1:
			return matches[0].row, nil
		case len(matches) > 1:
			var names []string
			for _, each := range matches {
				names = append(names, each.name)
			}
			return row, fmt.Errorf("several %ss have this name: pass the id of one with %s: %s", c.kind, c.flag, command.List(names))
		}
	}
	if len(c.others) == 0 {
		return row, fmt.Errorf("%s no %s", owner, c.kind)
	}
	return row, fmt.Errorf("%s no %s %q: check %s; there are %s", owner, c.kind, collector.Label(c.wanted), c.flag, command.List(c.others))
}

// find returns the row of an organization that a flag names. It reads all, because names may be ambiguous.
func find[T any](rows iter.Seq2[T, error], identify func(T) (id, name string), wanted, flag, kind string) (row T, err error) {
	c := choice[T]{flag: flag, kind: kind, wanted: wanted}
	for each, err := range rows {
		if err != nil {
			return row, fmt.Errorf("looking up the %s: %s", kind, command.Advised(err))
		}
		id, name := identify(each)
		c.add(each, id, name)
	}
	return c.only("the organization has")
}

func nameAndID(name, id string) string {
	return fmt.Sprintf("%q (%s)", collector.Label(name), collector.Label(id))
}
