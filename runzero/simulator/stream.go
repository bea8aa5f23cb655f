package simulator

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

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
