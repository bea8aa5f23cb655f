package simulator

import (
	"slices"
	"strings"
)

// field writes one key of a record. Records of which there are many are
// written by tables of these, as far as they are asked for.
type field[T any] struct {
	name   string
	append func(T, []byte) []byte
}

func sorted[T any](list []field[T]) []field[T] {
	slices.SortFunc(list, func(a, b field[T]) int { return strings.Compare(a.name, b.name) })
	return list
}

// splitFields reads a fields parameter: unknown names, spaces, empty names and
// a trailing comma are tolerated (seen). Nil means every field.
func splitFields(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	names := []string{}
	for n := range strings.SplitSeq(s, ",") {
		if n = strings.TrimSpace(n); n != "" {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// project keeps the fields asked for, in alphabetical order (seen).
func project[T any](all []field[T], names []string) []field[T] {
	if names == nil {
		return all
	}
	var out []field[T]
	for _, f := range all {
		if _, ok := slices.BinarySearch(names, f.name); ok {
			out = append(out, f)
		}
	}
	return out
}

func appendRecord[T any](b []byte, rec T, fields []field[T]) []byte {
	b = append(b, '{')
	for i := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, fields[i].name...)
		b = append(b, '"', ':')
		b = fields[i].append(rec, b)
	}
	return append(b, '}')
}
