package runzero

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads JSON values one by one and takes them as leniently as consoles
// write them: numbers as strings, strings as numbers, nulls, zero UUIDs. A value of
// a shape that cannot be read is unknown, and only broken JSON is an error, which
// stays in err.
//
// It reads tokens instead of unmarshalling into structs, because a record then costs
// no garbage beyond its id, and a field of the wrong type does not end the stream.
type scanner struct {
	json    *jsontext.Decoder
	limit   *recordLimit
	err     error
	scratch []byte
	// Values repeat from record to record (sites, systems, types): each is kept once.
	texts map[string]string
}

// Bounds of the table of repeated texts, so that a stream of ever new ones cannot
// grow it.
const (
	textsMost   = 4 << 10
	textLongest = 128
)

func newScanner(body io.Reader, longestRecord int64) *scanner {
	limit := &recordLimit{r: body, most: longestRecord}
	// jsontext reads in 4 KiB steps: the buffer spares the decompressor small reads.
	buffered := bufio.NewReaderSize(limit, readAhead)
	s := &scanner{
		json: jsontext.NewDecoder(buffered,
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		limit: limit,
		texts: make(map[string]string),
	}
	start, _ := buffered.Peek(64) // an error comes again at the first read
	if bytes.HasPrefix(start, byteOrderMark) {
		_, _ = buffered.Discard(len(byteOrderMark))
		start = start[len(byteOrderMark):]
	}
	if start = bytes.TrimLeft(start, " \t\r\n"); len(start) > 0 && start[0] == '<' {
		s.err = ErrNotData
	}
	return s
}

const readAhead = 64 << 10

var byteOrderMark = []byte("\xEF\xBB\xBF")

// recordLimit fails a read when one record takes more than most bytes. What is read
// ahead of a record counts too, so the bound is loose by that much.
type recordLimit struct {
	r    io.Reader
	most int64
	n    int64
}

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.n > l.most+readAhead {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	return n, err
}

// kind peeks at what comes next: '{', '[', '"', '0', 't', 'f', 'n', an end, or 0
// at the end of the body or at an error.
func (s *scanner) kind() jsontext.Kind {
	if s.err != nil {
		return 0
	}
	return s.json.PeekKind()
}

// token reads over a delimiter.
func (s *scanner) token() {
	if s.err == nil {
		_, s.err = s.json.ReadToken()
	}
}

func (s *scanner) skip() {
	if s.err == nil {
		s.err = s.json.SkipValue()
	}
}

// members calls f with the name of each member of the object that comes next; f
// reads the member's value. Anything but an object is skipped.
func (s *scanner) members(f func(name []byte)) {
	if s.kind() != '{' {
		s.skip()
		return
	}
	s.token()
	for s.err == nil {
		name, more := s.name()
		if !more {
			return
		}
		f(name)
	}
}

// name reads the next member's name, or the end of the object. It is valid until
// the next read.
func (s *scanner) name() (name []byte, more bool) {
	if s.kind() != '"' {
		s.token() // the end of the object, or the error
		return nil, false
	}
	return s.bytes(), s.err == nil
}

// bytes reads a scalar and returns its text, valid until the next read: a string
// without quotes, a number or boolean as written, nothing for null and for what is
// not a scalar.
func (s *scanner) bytes() []byte {
	switch s.kind() {
	case '{', '[', 'n':
		s.skip()
		return nil
	}
	if s.err != nil {
		return nil
	}
	value, err := s.json.ReadValue()
	if err != nil {
		s.err = err
		return nil
	}
	if value.Kind() != '"' {
		return value
	}
	inner := value[1 : len(value)-1]
	for _, b := range inner {
		if b == '\\' || b >= 0x80 {
			// AppendUnquote also mends invalid UTF-8, which is all its error would say.
			s.scratch, _ = jsontext.AppendUnquote(s.scratch[:0], value)
			return s.scratch
		}
	}
	return inner
}

// text reads a scalar as text.
func (s *scanner) text() string {
	b := s.bytes()
	if text, ok := s.texts[string(b)]; ok {
		return text
	}
	text := string(b)
	if len(s.texts) < textsMost && len(text) <= textLongest {
		s.texts[text] = text
	}
	return text
}

// filled reads over a value and tells whether it was a text with something in it.
// It is how contents that must not be kept are read: error texts, parameters.
func (s *scanner) filled() bool {
	if s.kind() != '"' {
		s.skip()
		return false
	}
	return len(bytes.TrimSpace(s.bytes())) > 0
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
	if text := s.text(); identifier([]byte(text)) {
		return text
	}
	return ""
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
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, true
	}
	text := strings.TrimSpace(string(b))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
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
	s.token()
	for s.kind() != ']' && s.kind() != 0 {
		add()
	}
	s.token() // the end of the array, or the error
	return dst
}

// problem says what stopped the scanner, in our words: a syntax error would quote
// the body.
func (s *scanner) problem() error {
	syntax := (*jsontext.SyntacticError)(nil)
	switch {
	case s.err == nil:
		return nil
	case errors.Is(s.err, ErrTooLarge):
		return ErrTooLarge
	case errors.Is(s.err, ErrNotData):
		return ErrNotData
	case errors.Is(s.err, io.ErrUnexpectedEOF):
		return ErrInterrupted
	case errors.As(s.err, &syntax):
		return ErrNotJSON
	}
	err := s.err
	if cause := errors.Unwrap(err); cause != nil && strings.HasPrefix(err.Error(), "jsontext:") {
		err = cause // which library was reading tells a user nothing
	}
	return fmt.Errorf("%w: %w", ErrInterrupted, err)
}

// Truth is a yes or no that may not have been said.
type Truth int8

// The zero Truth is Unsaid.
const (
	Unsaid Truth = iota
	False
	True
)
