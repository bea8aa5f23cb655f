package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// The first line of a file. A format that this version would misread gets another number.
const (
	snapshotTitle = "# runzero_exporter snapshot 1\n"
	stateTitle    = "# runzero_exporter state 1\n"
)

// Why a file is unusable.
var (
	errForeign     = errors.New("it is a file of another kind or version")
	errChecksum    = errors.New("its checksum is wrong: it is incomplete or was edited")
	errOtherKey    = errors.New("it belongs to another account, organization or collector")
	errHead        = errors.New("its header is invalid")
	errFingerprint = errors.New("it was written with other settings")
)

// seal appends the checksum line, which shows that a file is complete and unedited.
func seal(body []byte) []byte { return append(body, checksum(body)...) }

func checksum(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(hex.AppendEncode([]byte("# sha256 "), sum[:]), '\n')
}

// unseal returns a reader of what is between the title and the checksum.
func unseal(data []byte, title string) (*reader, error) {
	if !bytes.HasPrefix(data, []byte(title)) {
		return nil, errForeign
	}
	end := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	// The line is compared as text: the same checksum in capitals was edited.
	if end < len(title) || !bytes.Equal(data[end:], checksum(data[:end])) {
		return nil, errChecksum
	}
	return &reader{rest: data[len(title):end]}, nil
}

// comment writes a line of metadata. The name must not be HELP or TYPE, which would make
// it part of the samples.
func comment(file *bytes.Buffer, name string, values ...string) {
	file.WriteString("# " + name + " " + strings.Join(values, " ") + "\n")
}

// quote turns any text, valid UTF-8 or not, into one line that can be unquoted.
func quote(s string) string { return strconv.Quote(s) }

// reader reads the lines that comment wrote. After an error it reads nothing more.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail() string {
	r.err = errHead
	return ""
}

// next reports whether the next line is a comment of this name.
func (r *reader) next(name string) bool {
	return r.err == nil && bytes.HasPrefix(r.rest, []byte("# "+name+" "))
}

// field returns the value of the next line, which must be a comment of this name.
func (r *reader) field(name string) string {
	if !r.next(name) {
		return r.fail()
	}
	line, rest, found := bytes.Cut(r.rest, []byte("\n"))
	if !found {
		return r.fail()
	}
	r.rest = rest
	return string(line[len("# "+name+" "):])
}

func (r *reader) quoted(name string) string { return r.unquote(r.field(name)) }

func (r *reader) unquote(text string) string {
	s, err := strconv.Unquote(text)
	if r.err != nil || err != nil {
		return r.fail()
	}
	return s
}

// pair reads two quoted texts.
func (r *reader) pair(name string) (first, second string) {
	text := r.field(name)
	prefix, err := strconv.QuotedPrefix(text)
	second, found := strings.CutPrefix(text[len(prefix):], " ")
	if err != nil || !found {
		r.fail()
	}
	return r.unquote(prefix), r.unquote(second)
}

func (r *reader) number(name string) int {
	n, err := strconv.Atoi(r.field(name))
	if err != nil {
		r.fail()
	}
	return n
}

func (r *reader) key() Key {
	return Key{Account: r.quoted("account"), Organization: r.quoted("organization"), Collector: r.quoted("collector")}
}

// fingerprint reads the hash of a fingerprint, which must be that of this one.
func (r *reader) fingerprint(want string) error {
	found := r.field("fingerprint")
	switch {
	case r.err != nil:
		return r.err
	case found != hash(want):
		return errFingerprint
	}
	return nil
}
