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

// text, number, flag, uuid, quoted and raw make what a field of a record
// writes; quoted is for text that needs no escapes.
func text[T any](f func(T) string) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendString(b, f(rec)) }
}

func number[T any](f func(T) int64) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendInt(b, f(rec)) }
}

func flag[T any](f func(T) bool) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendBool(b, f(rec)) }
}

func uuid[T any](f func(T) key) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendKeyUUID(b, f(rec)) }
}

func quoted[T any](f func(T, []byte) []byte) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return append(f(rec, append(b, '"')), '"') }
}

func raw[T any](json string) func(T, []byte) []byte {
	return func(_ T, b []byte) []byte { return append(b, json...) }
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

// withAssetFields adds the fields of the asset that a record belongs to
// (documented of services and vulnerabilities, seen of software).
func withAssetFields[T any](own []field[T], assets []field[*asset], of func(T) *asset) []field[T] {
	for _, f := range assets {
		own = append(own, field[T]{f.name, func(rec T, b []byte) []byte { return f.append(of(rec), b) }})
	}
	return sorted(own)
}
