package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The first line of a file. A format that this version would misread gets another number.
const (
	snapshotTitle = "# runzero_exporter snapshot 1\n"
	stateTitle    = "# runzero_exporter state 1\n"
	logTitle      = "# runzero_exporter log 1\n"
)

// Why a file is unusable.
var (
	errForeign     = errors.New("it is a file of another kind or version")
	errChecksum    = errors.New("its checksum is wrong: it is incomplete or was edited")
	errOtherKey    = errors.New("it belongs to another account, organization or collector")
	errHead        = errors.New("its header is invalid")
	errFingerprint = errors.New("it was written with other settings")
)

// header is the metadata of a file. JSON replaces invalid UTF-8, so only File distinguishes all keys.
type header struct {
	Account, Organization, Collector string
	File                             string               // name of the file when it was written
	Fingerprint                      string               // hash of the fingerprint
	Success                          time.Time            `json:",omitzero"` // of a snapshot, as are Sites
	Sites                            map[string]string    // nil: unknown
	Missing                          map[string]time.Time `json:",omitempty"`
	Listed                           map[string]int64     `json:",omitempty"`
	State                            json.RawMessage      `json:",omitempty"`
}

// check reports whether the file is the one wanted.
func (h header) check(file, fingerprint string) error {
	switch {
	case h.File != file:
		return errOtherKey
	case h.Fingerprint != hash(fingerprint):
		return errFingerprint
	}
	return nil
}

// encode returns a file: the title, the header as JSON in a comment, the body, and a checksum of all this, which shows
// that a file is complete and unedited.
func encode(title string, h header, body []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	file := slices.Concat([]byte(title+"# "), head, []byte("\n"), body)
	return append(file, checksum(file)...), nil
}

func checksum(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append(hex.AppendEncode([]byte("# sha256 "), sum[:]), '\n')
}

// decode returns the header and the body of a file.
func decode(data []byte, title string) (h header, body []byte, err error) {
	if !bytes.HasPrefix(data, []byte(title)) {
		return h, nil, errForeign
	}
	end := bytes.LastIndexByte(bytes.TrimSuffix(data, []byte("\n")), '\n') + 1
	// The line is compared as text: the same checksum in capitals was edited.
	if end < len(title) || !bytes.Equal(data[end:], checksum(data[:end])) {
		return h, nil, errChecksum
	}
	head, body, _ := bytes.Cut(data[len(title):end], []byte("\n"))
	h, err = decodeHeader(head)
	return h, body, err
}

func decodeHeader(line []byte) (h header, err error) {
	text, found := bytes.CutPrefix(line, []byte("# "))
	if !found || json.Unmarshal(text, &h) != nil { // its error would quote the data
		return header{}, errHead
	}
	return h, nil
}
