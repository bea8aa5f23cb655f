package simulator

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// chunk is how much is written at a time.
const chunk = 32 << 10

// stream sends a body of any length, compressed where the client says it can
// read that, as consoles behind proxies do.
func (q *request) stream(produce func(write func([]byte) error) error) {
	h := q.w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Add("Vary", "Accept-Encoding")
	var out io.Writer = q.w
	var z *gzip.Writer
	if acceptsGzip(q.r.Header) {
		h.Set("Content-Encoding", "gzip")
		z = q.c.zippers.Get().(*gzip.Writer)
		defer q.c.zippers.Put(z)
		z.Reset(q.w)
		out = z
	}
	q.w.WriteHeader(http.StatusOK)
	err := produce(func(b []byte) error {
		_, err := out.Write(b)
		return err
	})
	if err == nil && z != nil {
		err = z.Close()
	}
	if err != nil {
		// The client is gone, or must learn that the body is not whole.
		panic(http.ErrAbortHandler)
	}
}

func acceptsGzip(h http.Header) bool {
	for _, v := range h.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(coding, ";")
			if strings.TrimSpace(name) == "gzip" {
				return strings.ReplaceAll(params, " ", "") != "q=0"
			}
		}
	}
	return false
}

// pageKey is where the next page begins; its form on the wire is opaque.
type pageKey struct {
	K int `json:"k"`
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

func (k pageKey) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"k":` + strconv.Itoa(k.K) + `}`))
}

func (q *request) lines() bool { return strings.HasSuffix(q.r.URL.Path, ".jsonl") }

// exportAssets writes assets in the order of their slots, so that pages hold
// together while the world moves.
func (q *request) exportAssets() {
	match, ok := filter(q, q.view.assetSearch)
	if !ok {
		return
	}
	lines := q.lines()
	size, slot := 0, 0
	if !lines {
		if size, slot, ok = q.page(); !ok {
			return
		}
	}
	names := splitFields(q.r.URL.Query().Get("fields"))
	full := project(q.c.assetFields, names)
	sparse := project(q.c.sparseFields, names)
	f := q.view.fleet(q.org)
	q.stream(func(write func([]byte) error) error {
		b := make([]byte, 0, chunk+chunk/2)
		if size > 0 {
			b = append(b, `{"assets":`...)
		}
		if !lines {
			b = append(b, '[')
		}
		var a asset
		n := 0
		for ; slot < f.org.slots && (size == 0 || n < size); slot++ {
			if !f.at(slot, &a) || match != nil && !match(&a) {
				continue
			}
			if n++; n > 1 && !lines {
				b = append(b, ',')
			}
			fields := full
			if a.sparse {
				fields = sparse
			}
			b = appendRecord(b, &a, fields)
			if lines {
				b = append(b, '\n')
			}
			if len(b) >= chunk {
				if err := write(b); err != nil {
					return err
				}
				b = b[:0]
			}
		}
		if !lines {
			b = append(b, ']')
		}
		if size > 0 {
			next := ""
			// A last page that is just full is followed by an empty one.
			if n == size {
				next = pageKey{slot}.String()
			}
			b = append(b, `,"next_key":`...)
			b = append(appendString(b, next), '}')
		}
		return write(b)
	})
}

func (q *request) exportSites() {
	match, ok := filter(q, rowSearch)
	if !ok {
		return
	}
	rows := q.view.siteRows(q.org)
	names := splitFields(q.r.URL.Query().Get("fields"))
	q.export(q.lines(), len(rows), func(b []byte, i int) ([]byte, error) {
		if match != nil && !match(rows[i]) {
			return b, nil
		}
		text, err := json.Marshal(rows[i].only(names))
		return append(b, text...), err
	})
}

func (q *request) exportTasks() {
	match, ok := filter(q, q.view.taskSearch)
	if !ok {
		return
	}
	list := q.view.tasks(q.org)
	fields := project(q.c.listFields, splitFields(q.r.URL.Query().Get("fields")))
	q.export(q.lines(), len(list), func(b []byte, i int) ([]byte, error) {
		if match != nil && !match(&list[i]) {
			return b, nil
		}
		return appendRecord(b, q.view.state(&list[i]), fields), nil
	})
}

// export writes n records as a bare array or as lines; one that writes
// nothing is left out.
func (q *request) export(lines bool, n int, at func(b []byte, i int) ([]byte, error)) {
	q.stream(func(write func([]byte) error) error {
		var b []byte
		if !lines {
			b = append(b, '[')
		}
		first := true
		for i := range n {
			before := len(b)
			if !first && !lines {
				b = append(b, ',')
			}
			start := len(b)
			var err error
			if b, err = at(b, i); err != nil {
				return err
			}
			if len(b) == start {
				b = b[:before]
				continue
			}
			first = false
			if lines {
				b = append(b, '\n')
			}
			if len(b) >= chunk {
				if err := write(b); err != nil {
					return err
				}
				b = b[:0]
			}
		}
		if !lines {
			b = append(b, ']')
		}
		return write(b)
	})
}
