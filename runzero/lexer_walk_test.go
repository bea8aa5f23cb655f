package runzero

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// walked returns the names and texts of an object's members as the lexer reads them.
func walked(object []byte) (members []string) {
	s := newLexer()
	s.take(object)
	s.members(func(name []byte) {
		member := string(name) // overwritten when the value is read
		members = append(members, member, s.scalar())
	})
	return members
}

// decoded returns the same as jsontext reads them.
func decoded(t *testing.T, object []byte) (members []string) {
	t.Helper()
	d := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for _, err := d.ReadToken(); d.PeekKind() == '"'; {
		if err != nil {
			t.Fatal(err)
		}
		name, _ := d.ReadToken()
		text := name.String() // overwritten by the next token
		value, err := d.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		switch value.Kind() {
		case '{', '[', 'n':
			members = append(members, text, "")
		case '"':
			unquoted, _ := jsontext.AppendUnquote(nil, value)
			members = append(members, text, string(unquoted))
		default:
			members = append(members, text, string(value))
		}
	}
	return members
}

func valid(b []byte) bool {
	return jsontext.Value(b).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// FuzzMembers reads any bytes without a panic, and the members of an object as jsontext does.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"a":"b","c":[1,{"d":"\"]"}],"e":-1e5,"f":null}`, `{}`, `{"a`, `{"a":`, `{"a\`, `{"a":"b\u00`, `{"a":[`, `{:,"":}]`, `[}`, `["a",}`, `"`, ``} {
		f.Add([]byte(seed))
	}
	// Strings end at every position within the eight bytes that are compared at once.
	for _, inner := range []string{"", `\"`, `\\`, `\\\"`, `\u0022`, "ä", "\xff", "<&>", "],:{"} {
		for n := range 20 {
			text := strings.Repeat("x", n) + inner
			f.Add([]byte(`{"` + text + `":"` + text + `","b":[{"` + text + `":["` + text + `"]},{}],"c":-1.5e3}`))
			f.Add([]byte(" {\r\n\t\"" + text + "\" : \"" + text + inner + "\" ,\n\"b\" : true , \"c\":null,\"" + text + "\":7 }\n"))
			f.Add([]byte(`{"":{"a":{"` + text + `":1}},"b":false,"c":"` + text + `"}`))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.TrimSpace(b)
		got := walked(b)
		s := newLexer()
		s.take(b)
		s.list(nil)
		s.take(b)
		s.members(func([]byte) {
			value := s.value
			s.filled()
			s.text()
			s.take(value)
			s.time()
			s.list(nil)
		})
		if len(b) > 0 && b[0] == '{' && valid(b) {
			if want := decoded(t, b); !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", b, got, want)
			}
		}
	})
}
