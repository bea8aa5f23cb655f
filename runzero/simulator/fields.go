package simulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// field is one key of a kind of record and what appends its value as JSON. Exports have
// dozens of fields and may have a million records: only the fields that a response or a
// search needs are computed, and without allocations where there is an easy way.
type field[T any] struct {
	name string
	// append appends nothing for a record that does not have the field.
	append func(T, []byte) []byte
}

func text[T any](value func(T) string) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendString(b, value(rec)) }
}

func number[T any](value func(T) int64) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return strconv.AppendInt(b, value(rec), 10) }
}

func flag[T any](value func(T) bool) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return strconv.AppendBool(b, value(rec)) }
}

func uuid[T any](value func(T) key) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return append(value(rec).appendUUID(append(b, '"')), '"') }
}

// raw is for values that are JSON already.
func raw[T any](value func(T) string) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return append(b, value(rec)...) }
}

// encoded is for values of any type where speed does not matter.
func encoded[T any](value func(T) any) func(T, []byte) []byte {
	return func(rec T, b []byte) []byte { return appendJSON(b, value(rec)) }
}

// fixed makes the fields that have the same value in every record, from a JSON object.
func fixed[T any](object string) []field[T] {
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &values); err != nil {
		panic(err) // the text is a constant
	}
	var fields []field[T]
	for name, value := range values {
		fields = append(fields, field[T]{name, func(_ T, b []byte) []byte { return append(b, value...) }})
	}
	return fields
}

// table joins fields and sorts them by name, the order in which the API sends them (seen).
func table[T any](lists ...[]field[T]) []field[T] {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b field[T]) int { return strings.Compare(a.name, b.name) })
	return all
}

// of makes fields of T from those of an asset that T belongs to.
func of[T any](fields []field[*asset], get func(T) *asset) []field[T] {
	out := make([]field[T], len(fields))
	for i, f := range fields {
		out[i] = field[T]{f.name, func(rec T, b []byte) []byte { return f.append(get(rec), b) }}
	}
	return out
}

// splitFields reads the fields parameter. Spaces, empty names and a trailing comma are
// tolerated (seen). Nil means all fields.
func splitFields(list string) []string {
	if strings.TrimSpace(list) == "" {
		return nil
	}
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// project keeps the named fields. Unknown names are ignored (seen).
func project[T any](all []field[T], names []string) []field[T] {
	if names == nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f field[T]) bool { return !slices.Contains(names, f.name) })
}

func appendRecord[T any](b []byte, rec T, fields []field[T]) []byte {
	b = append(b, '{')
	first := len(b)
	for i := range fields {
		before := len(b)
		if before > first {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), fields[i].name...), '"', ':')
		value := len(b)
		if b = fields[i].append(rec, b); len(b) == value {
			b = b[:before]
		}
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			return appendJSON(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendJSON(b []byte, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // no value of the simulator is without a form in JSON
	}
	return append(b, text...)
}
