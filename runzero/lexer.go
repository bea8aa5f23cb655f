package runzero

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// lexer reads JSON values as leniently as consoles write them: numbers as strings, strings as numbers, nulls, zero
// UUIDs. A value of an unreadable form is unknown.
//
// It reads a record's bytes instead of unmarshalling them into structs: a record then allocates nothing but its id,
// unused members cost nothing, and a member of the wrong type does not end the stream. Reading assets, whose members
// are nearly all used, by the tokens of jsontext takes 1.4 times as long.
type lexer struct {
	value   []byte // to read next: valid JSON, as bodyReader has checked
	plain   bool   // value is a string whose bytes are known to be its text
	scratch []byte
	parts   []byte // of a text that is a list
	// Texts repeat from record to record (sites, systems, types): each is stored once.
	texts map[string]string
	// wanted are the members to read of objects whose members users name, such as tags.
	wanted []string
	// recent is a cache of texts, with a hash that is cheaper than the map's.
	recent [1 << 10]string
}

// Bounds of the table of repeated texts, so that a stream of new ones cannot make it grow.
const (
	mostTexts   = 4 << 10
	longestText = 128
)

func newLexer() *lexer { return &lexer{texts: make(map[string]string)} }

// take sets the value to read next.
func (lex *lexer) take(value []byte) { lex.value, lex.plain = value, false }

// takeAt takes the value at b[i:] and returns where it ends.
func (lex *lexer) takeAt(b []byte, i int) int {
	var end int
	end, lex.plain = valueEnd(b, i)
	lex.value = b[i:end]
	return end
}

// kind returns the first byte of the value, or 0 when there is none.
func (lex *lexer) kind() byte {
	if len(lex.value) == 0 {
		return 0
	}
	return lex.value[0]
}

// members takes the value of each member of an object and calls f with its name, which is valid until the value is
// read. Anything but an object has no members.
func (lex *lexer) members(f func(name []byte)) {
	if lex.kind() != '{' {
		return
	}
	object := lex.value
	for i := skipGap(object, 1); i < len(object) && object[i] == '"'; i = skipGap(object, i) {
		end, plain := stringEnd(object, i)
		name := object[i:end]
		if plain {
			name = name[1 : len(name)-1]
		} else {
			name = lex.unquote(name)
		}
		i = lex.takeAt(object, skipGap(object, end))
		f(name)
	}
}

// object reads the members of an object that are used.
func (lex *lexer) object(f fields) {
	lex.members(func(name []byte) { f.set(lex, name) })
}

// list reads an array of texts into dst, whose memory it reuses. A single text is a list of one.
func (lex *lexer) list(dst []string) []string {
	dst = dst[:0]
	add := func() {
		if text := lex.scalar(); text != "" {
			dst = append(dst, text)
		}
	}
	if lex.kind() != '[' {
		add()
		return dst
	}
	lex.elements(add)
	return dst
}

// elements takes each element of an array and calls f. Anything but an array has no elements.
func (lex *lexer) elements(f func()) {
	if lex.kind() != '[' {
		return
	}
	array := lex.value
	for i := skipGap(array, 1); i < len(array) && array[i] != ']'; i = skipGap(array, i) {
		i = lex.takeAt(array, i)
		f()
	}
}

// bytes returns the text of a scalar, valid until the next is read: a string without quotes, a number or boolean as
// written. It returns nothing for null, arrays and objects.
func (lex *lexer) bytes() []byte {
	switch lex.kind() {
	case '{', '[', 'n':
		return nil
	case '"':
		if lex.plain {
			return lex.value[1 : len(lex.value)-1]
		}
		return lex.unquote(lex.value)
	}
	return lex.value
}

// unquote returns the text of a string that is not plain.
func (lex *lexer) unquote(value []byte) []byte {
	// The only possible error is invalid UTF-8, which AppendUnquote replaces.
	lex.scratch, _ = jsontext.AppendUnquote(lex.scratch[:0], value)
	return lex.scratch
}

// longestValue is far more than the length of any name, in bytes.
const longestValue = 4 << 10

// text reads a text. Consoles send some texts as lists, as newer ones do with the protocols of a service: the parts
// are then separated by spaces.
func (lex *lexer) text() string {
	if lex.kind() != '[' {
		return lex.scalar()
	}
	array := lex.value
	lex.parts = lex.parts[:0]
	for i := skipGap(array, 1); i < len(array) && array[i] != ']' && len(lex.parts) <= longestValue; i = skipGap(array, i) {
		i = lex.takeAt(array, i)
		if part := lex.bytes(); len(part) > 0 {
			if len(lex.parts) > 0 {
				lex.parts = append(lex.parts, ' ')
			}
			lex.parts = append(lex.parts, part[:min(len(part), longestValue)]...)
		}
	}
	return lex.intern(lex.parts)
}

// scalar reads a scalar as text.
func (lex *lexer) scalar() string { return lex.intern(lex.bytes()) }

// intern returns b as a text, cut to longestValue so that its memory is bounded.
func (lex *lexer) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > longestValue {
		end := longestValue
		for !utf8.RuneStart(b[end]) {
			end--
		}
		b = b[:end]
	}
	hash := uint(len(b)) + 5*uint(b[0]) + 17*uint(b[len(b)/2]) + 67*uint(b[len(b)-1])
	recent := &lex.recent[hash%uint(len(lex.recent))]
	if *recent == string(b) {
		return *recent
	}
	text, known := lex.texts[string(b)]
	if !known {
		text = string(b)
		if len(lex.texts) >= mostTexts || len(text) > longestText {
			return text
		}
		lex.texts[text] = text
	}
	*recent = text
	return text
}

// filled reports whether the value is there: neither null, false, 0, a blank text nor an empty list or object.
func (lex *lexer) filled() bool {
	switch lex.kind() {
	case '"':
		return lex.nonEmpty()
	case '[', '{':
		return skipGap(lex.value, 1) < len(lex.value)-1
	case 0, 'n', 'f':
		return false
	}
	n, number := integer(lex.value)
	return !number || n != 0
}

// nonEmpty reports whether the value is a text that is not blank. It is for members whose contents must not be read,
// such as error texts.
func (lex *lexer) nonEmpty() bool {
	return lex.kind() == '"' && len(bytes.TrimSpace(lex.bytes())) > 0
}

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// id reads a UUID. The zero UUID, which means none, and anything that is not an identifier become the empty string.
func (lex *lexer) id() string {
	if b := lex.bytes(); isIdentifier(b) {
		return string(b)
	}
	return ""
}

// reference reads a UUID that many records have in common.
func (lex *lexer) reference() string {
	if !isIdentifier(lex.bytes()) {
		return ""
	}
	return lex.text()
}

// longestIdentifier is longer than a UUID: nothing guarantees that ids stay UUIDs.
const longestIdentifier = 64

func isIdentifier(b []byte) bool {
	if len(b) == 0 || len(b) > longestIdentifier || string(b) == zeroUUID {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// boolean reads true and false in the spellings of consoles.
func (lex *lexer) boolean() Truth {
	switch string(lex.bytes()) {
	case "true", "t", "True", "TRUE", "1":
		return True
	case "false", "f", "False", "FALSE", "0":
		return False
	}
	return Unknown
}

// count reads an integer that cannot be negative.
func (lex *lexer) count() Count {
	n, ok := integer(lex.bytes())
	if !ok || n < 0 {
		return Count{}
	}
	return Known(n)
}

// integer reads 3, 3.0 and 3e0 alike.
func integer(b []byte) (int64, bool) {
	text := strings.TrimSpace(string(b))
	if text == "" {
		return 0, false // without the cost of an error
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// time reads an instant: seconds since 1970, the same in milli-, micro- or nanoseconds, or RFC 3339. Zero, null and
// anything before 1970 are the zero Time, which means never or unknown.
func (lex *lexer) time() time.Time {
	b := lex.bytes()
	n, ok := integer(b)
	if !ok {
		t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(b)))
		if err != nil || t.Unix() <= 0 {
			return time.Time{}
		}
		return t
	}
	switch { // in seconds, each of these would be after the year 5000
	case n <= 0:
		return time.Time{}
	case n >= 1e17:
		return time.Unix(0, n)
	case n >= 1e14:
		return time.UnixMicro(n)
	case n >= 1e11:
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

// Truth is a boolean that may be unknown.
type Truth int8

// The zero Truth is Unknown.
const (
	Unknown Truth = iota
	False
	True
)
