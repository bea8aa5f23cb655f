package shipped

import (
	"maps"
	"slices"
	"strings"
)

// set is a set of names, nearly always of labels.
type set map[string]bool

func setOf(names ...string) set {
	s := set{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

// words are the names in a text.
func words(text string) set { return setOf(strings.Fields(text)...) }

func (s set) with(names ...string) set {
	all := setOf(names...)
	maps.Copy(all, s)
	return all
}

func (s set) without(names ...string) set {
	rest := maps.Clone(s)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

func (s set) union(other set) set { return s.with(other.sorted()...) }

// both is what is in both.
func (s set) both(other set) set { return s.minus(s.minus(other)) }

// minus is what is in s and not in other.
func (s set) minus(other set) set { return s.without(other.sorted()...) }

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }

func (s set) String() string { return strings.Join(s.sorted(), ", ") }
