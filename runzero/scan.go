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

// scanner takes JSON values as leniently as consoles write them: numbers as strings,
// strings as numbers, nulls, zero UUIDs. A value of a shape that cannot be read is
// unknown.
//
// It looks at a record's bytes instead of unmarshalling them into structs, because a
// record then costs no garbage beyond its id, what is not wanted costs nothing, and a
// field of the wrong type does not end the stream.
type scanner struct {
	// value is the one to take: valid JSON, for answer has checked it.
	value   []byte
	plain   bool // value is a string whose bytes are known to be its text
	scratch []byte
	// Values repeat from record to record (sites, systems, types): each is kept once.
	texts map[string]string
	// recent holds those met last, by a hash that costs less than the table's.
	recent [1 << 10]string
}

// Bounds of the table of repeated texts, so that a stream of ever new ones cannot
// grow it.
const (
	textsMost   = 4 << 10
	textLongest = 128
)

func newScanner() *scanner { return &scanner{texts: make(map[string]string)} }

// take makes a value the one to take.
func (s *scanner) take(value []byte) { s.value, s.plain = value, false }

// at makes the value at b[i:] the one to take and returns where it ends.
func (s *scanner) at(b []byte, i int) int {
	var end int
	end, s.plain = valueEnd(b, i)
	s.value = b[i:end]
	return end
}

// kind is the first byte of the value, or 0 where there is none.
func (s *scanner) kind() byte {
	if len(s.value) == 0 {
		return 0
	}
	return s.value[0]
}

// members calls f with the name of each member of an object, while the member's value
// is the one to take. The name is valid until that is taken. Anything but an object
// has no members.
func (s *scanner) members(f func(name []byte)) {
	if s.kind() != '{' {
		return
	}
	object := s.value
	for i := gap(object, 1); i < len(object) && object[i] == '"'; i = gap(object, i) {
		end, plain := stringEnd(object, i)
		var name []byte
		if plain {
			name = object[i+1 : end-1]
		} else {
			name = s.unquote(object[i:end])
		}
		i = s.at(object, gap(object, end))
		f(name)
	}
}

// list reads an array of texts into dst, whose memory it takes over. A lone text is
// a list of one.
func (s *scanner) list(dst []string) []string {
	dst = dst[:0]
	add := func() {
		if text := s.text(); text != "" {
			dst = append(dst, text)
		}
	}
	if s.kind() != '[' {
		add()
		return dst
	}
	array := s.value
	for i := gap(array, 1); i < len(array) && array[i] != ']'; i = gap(array, i) {
		i = s.at(array, i)
		add()
	}
	return dst
}

// bytes returns the text of a scalar, valid until the next is taken: a string without
// quotes, a number or boolean as written, nothing for null and for what is not a
// scalar.
func (s *scanner) bytes() []byte {
	switch s.kind() {
	case '{', '[', 'n':
		return nil
	case '"':
		if s.plain {
			return s.value[1 : len(s.value)-1]
		}
		return s.unquote(s.value)
	}
	return s.value
}

// unquote returns the text of a string that is not plain.
func (s *scanner) unquote(value []byte) []byte {
	// It also mends invalid UTF-8, which is all its error would say.
	s.scratch, _ = jsontext.AppendUnquote(s.scratch[:0], value)
	return s.scratch
}

// textMost is far beyond what any name has, in bytes.
const textMost = 4 << 10

// text reads a scalar as text. What is longer than textMost is cut, so that whoever
// keeps a text knows what it may cost.
func (s *scanner) text() string {
	b := s.bytes()
	if len(b) == 0 {
		return ""
	}
	if len(b) > textMost {
		end := textMost
		for !utf8.RuneStart(b[end]) {
			end--
		}
		b = b[:end]
	}
	hash := uint(len(b)) + 5*uint(b[0]) + 17*uint(b[len(b)/2]) + 67*uint(b[len(b)-1])
	recent := &s.recent[hash%uint(len(s.recent))]
	if *recent == string(b) {
		return *recent
	}
	text, known := s.texts[string(b)]
	if !known {
		text = string(b)
		if len(s.texts) >= textsMost || len(text) > textLongest {
			return text
		}
		s.texts[text] = text
	}
	*recent = text
	return text
}

// filled tells whether the value is a text with something in it.
// It is how contents that must not be kept are read: error texts, parameters.
func (s *scanner) filled() bool {
	return s.kind() == '"' && len(bytes.TrimSpace(s.bytes())) > 0
}

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// id reads a UUID. The zero UUID, which means none, becomes the empty string, and so
// does what is no identifier at all.
func (s *scanner) id() string {
	if b := s.bytes(); identifier(b) {
		return string(b)
	}
	return ""
}

// reference reads a UUID that many records share.
func (s *scanner) reference() string {
	if !identifier(s.bytes()) {
		return ""
	}
	return s.text()
}

// identifierLongest is far beyond a UUID: nothing promises that ids stay UUIDs.
const identifierLongest = 64

func identifier(b []byte) bool {
	if len(b) == 0 || len(b) > identifierLongest || string(b) == zeroUUID {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// boolean reads true and false in the spellings consoles use.
func (s *scanner) boolean() Truth {
	switch string(s.bytes()) {
	case "true", "t", "True", "TRUE", "1":
		return True
	case "false", "f", "False", "FALSE", "0":
		return False
	}
	return Unsaid
}

// count reads a whole number that cannot be negative.
func (s *scanner) count() Count {
	n, ok := whole(s.bytes())
	if !ok || n < 0 {
		return Count{}
	}
	return Known(n)
}

// whole reads 3, 3.0 and 3e0 alike.
func whole(b []byte) (int64, bool) {
	if n, ok := digits(b); ok {
		return n, true
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return 0, false // no error to make
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

// digits reads what nearly all numbers are: a few digits.
func digits(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, 0 < len(b) && len(b) <= 18 // more may not fit
}

// time reads an instant: seconds since 1970, the same in milli-, micro- or
// nanoseconds, or RFC 3339. Zero, null and the past before 1970 are the zero Time:
// it never happened, or nobody said.
func (s *scanner) time() time.Time {
	b := s.bytes()
	n, ok := whole(b)
	if !ok {
		t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(b)))
		if err != nil || t.Unix() <= 0 {
			return time.Time{}
		}
		return t
	}
	switch { // in seconds, each of these would be beyond the year 5000
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

// Truth is a yes or no that may not have been said.
type Truth int8

// The zero Truth is Unsaid.
const (
	Unsaid Truth = iota
	False
	True
)
