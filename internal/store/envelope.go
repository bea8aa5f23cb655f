package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// What a file begins with. A file that this version would misread has another number.
const (
	snapshotTitle = "# runzero_exporter snapshot 1\n"
	stateTitle    = "# runzero_exporter state 1\n"
)

// Why a file is of no use.
var (
	errForeign    = errors.New("it is not of this kind and version of file")
	errTorn       = errors.New("its checksum is wrong: it is torn, or was edited")
	errOtherKey   = errors.New("it is the file of something else")
	errHead       = errors.New("the comments at its head are not as they should be")
	errOtherShape = errors.New("it was written with other settings")
)

// seal adds the line that tells a whole file from a torn or an edited one.
func seal(body []byte) []byte { return append(body, checksum(body)...) }

func checksum(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(hex.AppendEncode([]byte("# sha256 "), sum[:]), '\n')
}

// unseal returns a reader of what stands between the title and the checksum.
func unseal(data []byte, title string) (*reader, error) {
	if !bytes.HasPrefix(data, []byte(title)) {
		return nil, errForeign
	}
	end := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	// The whole line is compared: one that merely means the same was edited.
	if end < len(title) || !bytes.Equal(data[end:], checksum(data[:end])) {
		return nil, errTorn
	}
	return &reader{rest: data[len(title):end]}, nil
}

// comment writes a line of metadata. Name is never HELP or TYPE, which would make it
// part of the samples.
func comment(file *bytes.Buffer, name string, values ...string) {
	file.WriteString("# " + name + " " + strings.Join(values, " ") + "\n")
}

// quote makes one line of any text. It can be undone, which bytes that are no UTF-8
// survive too.
func quote(s string) string { return strconv.Quote(s) }

// reader reads the comments that comment wrote. After an error it reads nothing more.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail() string {
	r.err = errHead
	return ""
}

// next tells whether the next line is the comment of this name.
func (r *reader) next(name string) bool {
	return r.err == nil && bytes.HasPrefix(r.rest, []byte("# "+name+" "))
}

// field returns what the next line, which must be the comment of this name, says.
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

// key reads whose file it is.
func (r *reader) key() Key {
	return Key{Account: r.quoted("account"), Organization: r.quoted("organization"), Collector: r.quoted("collector")}
}

// shape reads the hash of the shape, which must be that of this one.
func (r *reader) shape(want string) error {
	found := r.field("shape")
	switch {
	case r.err != nil:
		return r.err
	case found != hash(want):
		return errOtherShape
	}
	return nil
}

// decodeState reads whose state a file is, up to its shape.
func decodeState(data []byte) (account string, r *reader, err error) {
	if r, err = unseal(data, stateTitle); err != nil {
		return "", nil, err
	}
	account = r.quoted("account")
	return account, r, r.err
}

// state is what stands after the comments of a state.
func (r *reader) state() []byte { return bytes.TrimSuffix(r.rest, []byte("\n")) }
