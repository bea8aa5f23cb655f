package runzero

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// walked returns the names and texts of an object's members as the lexer takes them.
func walked(object []byte) (members []string) {
	s := newLexer()
	s.take(object)
	s.members(func(name []byte) {
		kept := string(name) // gone when the value is taken
		members = append(members, kept, s.text())
	})
	return members
}

// read returns the same as jsontext tells it.
func read(t *testing.T, object []byte) (members []string) {
	t.Helper()
	d := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for _, err := d.ReadToken(); d.PeekKind() == '"'; {
		if err != nil {
			t.Fatal(err)
		}
		name, _ := d.ReadToken()
		text := name.String() // a token is gone with the next
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

// Strings of every length end wherever they stand among the eight bytes looked at.
func TestMembersAreThoseThatJSONTextReads(t *testing.T) {
	for _, inner := range []string{"", `\"`, `\\`, `\\\"`, `\u0022`, "ä", "\xff", "<&>", "],:{"} {
		for n := range 20 {
			text := strings.Repeat("x", n) + inner
			for _, object := range []string{
				`{"` + text + `":"` + text + `","b":[{"` + text + `":["` + text + `"]},{}],"c":-1.5e3}`,
				" {\r\n\t\"" + text + "\" : \"" + text + inner + "\" ,\n\"b\" : true , \"c\":null,\"" + text + "\":7 }\n",
				`{"":{"a":{"` + text + `":1}},"b":false,"c":"` + text + `"}`,
			} {
				object := bytes.TrimSpace([]byte(object))
				if !valid(object) {
					t.Fatalf("%q is no JSON", object)
				}
				if got, want := walked(object), read(t, object); !slices.Equal(got, want) {
					t.Errorf("%q: %q, want %q", object, got, want)
				}
			}
		}
	}
}

// FuzzMembers walks anything, which must do no harm, and must be right on an object.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"a":"b","c":[1,{"d":"\"]"}],"e":-1e5,"f":null}`, `{}`, `{"a`, `{"a":`, `{"a\`, `{"a":"b\u00`, `{"a":[`, `{:,"":}]`, `[}`, `["a",}`, `"`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.TrimSpace(b)
		got := walked(b)
		s := newLexer()
		s.take(b)
		s.list(nil)
		s.take(b)
		s.members(func([]byte) {
			s.nonEmpty()
			s.time()
			s.list(nil)
		})
		if len(b) > 0 && b[0] == '{' && valid(b) {
			if want := read(t, b); !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", b, got, want)
			}
		}
	})
}
