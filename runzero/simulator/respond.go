package simulator

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// layout is the form of a list: lines, CSV, a page in an object, or one bare array.
type layout struct {
	lines  bool
	csv    bool
	plural string   // the name of the list in pages
	size   int      // of a page; 0: no pages
	from   int      // position of the first record
	fields []string // nil: all
}

// pageKey is where the next page begins. Clients must not look into it.
type pageKey struct {
	Position int `json:"k"`
}

func (k pageKey) String() string {
	text, err := json.Marshal(k)
	if err != nil {
		panic(err) // a number can be encoded
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// layout reads the layout of an export from the path and the parameters of the request.
// When they are invalid it responds with an error and returns false.
func (q *request) layout(paged bool) (l layout, ok bool) {
	params := q.r.URL.Query()
	name, form, _ := strings.Cut(path.Base(q.r.URL.Path), ".")
	l = layout{plural: name, lines: form == "jsonl", fields: splitFields(params.Get("fields"))}
	if form == "csv" {
		return layout{csv: true}, true // it has neither pages nor the fields parameter (documented)
	}
	size, start := params.Get("page_size"), params.Get("start_key")
	if l.lines || !paged || size == "" {
		return l, true
	}
	var err error
	if l.size, err = strconv.Atoi(size); err != nil || l.size <= 0 {
		q.fail(http.StatusUnprocessableEntity, "invalid page_size")
		return l, false
	}
	if start != "" {
		var k pageKey
		text, err := base64.RawURLEncoding.DecodeString(start)
		if err == nil {
			err = json.Unmarshal(text, &k)
		}
		if err != nil || k.Position < 0 {
			q.fail(http.StatusUnprocessableEntity, "invalid start_key")
			return l, false
		}
		l.from = k.Position
	}
	return l, true
}

// respond sends the records that the request searches for.
func respond[T any](q *request, l layout, fields []field[T], records iter.Seq2[int, T]) {
	match, ok := search(q, fields)
	if !ok {
		return
	}
	send(q, l, matching(records, match), project(fields, l.fields))
}

// rows sends a list of few records, which all have the fields of the first.
func (q *request) rows(l layout, rows []row) {
	var fields []field[row]
	if len(rows) == 0 {
		send(q, l, slices.All(rows), fields)
		return
	}
	for name := range rows[0] {
		fields = append(fields, field[row]{name, encoded(func(r row) any { return r[name] })})
	}
	respond(q, l, table(fields), slices.All(rows))
}

// matching leaves the records that match; nil matches all.
func matching[T any](records iter.Seq2[int, T], match func(T) bool) iter.Seq2[int, T] {
	if match == nil {
		return records
	}
	return func(yield func(int, T) bool) {
		for position, rec := range records {
			if match(rec) && !yield(position, rec) {
				return
			}
		}
	}
}

// chunk is how many bytes are written at a time.
const chunk = 32 << 10

// send writes records. A page ends at the position of its last record, so that pages stay
// right while the world changes.
func send[T any](q *request, l layout, records iter.Seq2[int, T], fields []field[T]) {
	if l.csv {
		sendCSV(q, records, fields)
		return
	}
	q.stream(func(w io.Writer) error {
		b := make([]byte, 0, chunk+chunk/2)
		if l.size > 0 {
			b = append(appendString(append(b, '{'), l.plural), ':')
		}
		if !l.lines {
			b = append(b, '[')
		}
		n, next := 0, ""
		for position, rec := range records {
			if n++; n > 1 && !l.lines {
				b = append(b, ',')
			}
			b = appendRecord(b, rec, fields)
			if l.lines {
				b = append(b, '\n')
			}
			if len(b) >= chunk {
				if _, err := w.Write(b); err != nil {
					return err
				}
				b = b[:0]
			}
			// A last page that is full is followed by an empty one.
			if n == l.size {
				next = pageKey{position + 1}.String()
				break
			}
		}
		if !l.lines {
			b = append(b, ']')
		}
		if l.size > 0 {
			b = append(appendString(append(b, `,"next_key":`...), next), '}')
		}
		_, err := w.Write(b)
		return err
	})
}

// stream sends a body of any length, compressed for clients that accept gzip.
func (q *request) stream(write func(io.Writer) error) {
	header := q.w.Header()
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	header.Add("Vary", "Accept-Encoding")
	var body io.Writer = q.w
	var zip *gzip.Writer
	if acceptsGzip(q.r.Header) {
		header.Set("Content-Encoding", "gzip")
		zip = q.c.zippers.Get().(*gzip.Writer)
		defer q.c.zippers.Put(zip)
		zip.Reset(q.w)
		body = zip
	}
	q.w.WriteHeader(http.StatusOK)
	err := write(body)
	if err == nil && zip != nil {
		err = zip.Close()
	}
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone, or must see that the body is incomplete
	}
}

func acceptsGzip(h http.Header) bool {
	for coding := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.ReplaceAll(params, " ", "") != "q=0"
		}
	}
	return false
}
