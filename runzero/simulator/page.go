package simulator

import (
	"encoding/base64"
	"encoding/json"
	"iter"
	"net/http"
	"strconv"
)

// chunk is how much is written at a time.
const chunk = 32 << 10

// layout is the form in which records are sent: as lines, as a page of at most
// size records that an object names, or else as one bare array.
type layout struct {
	lines  bool
	plural string // the name of the list in pages
	size   int    // 0: no pages
}

// pageKey is where the next page begins; its form on the wire is opaque.
type pageKey struct {
	K int `json:"k"`
}

func (k pageKey) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"k":` + strconv.Itoa(k.K) + `}`))
}

// page reads the paging parameters; size 0 is everything in one array.
func (q *request) page() (size, from int, ok bool) {
	params := q.r.URL.Query()
	if s := params.Get("page_size"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			q.fail(http.StatusUnprocessableEntity, "invalid page_size")
			return 0, 0, false
		}
		size = n
	}
	if s := params.Get("start_key"); s != "" && size > 0 {
		var k pageKey
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err == nil {
			err = json.Unmarshal(b, &k)
		}
		if err != nil || k.K < 0 {
			q.fail(http.StatusUnprocessableEntity, "invalid start_key")
			return 0, 0, false
		}
		from = k.K
	}
	return size, from, true
}

// send writes records with their positions, which is where pages are cut.
func send[T any](q *request, l layout, records iter.Seq2[int, T], add func([]byte, T) []byte) {
	q.stream(func(write func([]byte) error) error {
		b := make([]byte, 0, chunk+chunk/2)
		if l.size > 0 {
			b = append(appendString(append(b, '{'), l.plural), ':')
		}
		if !l.lines {
			b = append(b, '[')
		}
		n, next := 0, ""
		for at, rec := range records {
			if n++; n > 1 && !l.lines {
				b = append(b, ',')
			}
			b = add(b, rec)
			if l.lines {
				b = append(b, '\n')
			}
			if len(b) >= chunk {
				if err := write(b); err != nil {
					return err
				}
				b = b[:0]
			}
			// A last page that is just full is followed by an empty one.
			if n == l.size {
				next = pageKey{at + 1}.String()
				break
			}
		}
		if !l.lines {
			b = append(b, ']')
		}
		if l.size > 0 {
			b = append(b, `,"next_key":`...)
			b = append(appendString(b, next), '}')
		}
		return write(b)
	})
}
