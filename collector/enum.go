package collector

import (
	"cmp"
	"slices"
)

// enum is a documented set of six values, followed by unknown (not reported) and other (not documented).
type enum [8]string

const documentedValues = 6

func risks() enum { return enum{"none", "info", "low", "medium", "high", "critical", unknown, other} }

func criticalities() enum {
	return enum{"unset", "none", "low", "medium", "high", "critical", unknown, other}
}

// index returns the position of a value in the set.
func (e enum) index(value string) int {
	if i := slices.Index(e[:], cmp.Or(value, unknown)); i >= 0 {
		return i
	}
	return documentedValues + 1
}

// clean returns the value, or unknown or other.
func (e enum) clean(value string) string { return e[e.index(value)] }

// documented returns a value if it is one of those known, or else unknown or other.
func documented(value string, known ...string) string {
	switch {
	case value == "":
		return unknown
	case slices.Contains(known, value):
		return value
	}
	return other
}

// enum exports the counts of an enum's values as the last label. Documented values are
// always there, so that ratios and alerts work when they are 0.
func (s *samples) enum(name string, e enum, counts [8]int64, labels ...string) {
	for i, n := range counts {
		if i < documentedValues || n > 0 {
			s.gauge(name, float64(n), append(labels[:len(labels):len(labels)], e[i])...)
		}
	}
}
