package runzero_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestResponseIsStoppedAtTheLimits(t *testing.T) {
	lines := func(n int) string { return strings.Repeat(`{"id":"a"}`+"\n", n) }
	endless := func(before, piece string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.WriteString(w, before)
			for err == nil {
				_, err = io.WriteString(w, piece)
			}
		}
	}
	bomb := func(before, piece string) http.HandlerFunc {
		return zipped(func(w io.Writer) {
			_, err := io.WriteString(w, before)
			for sent := 0; err == nil && sent < 16<<20; sent += len(piece) {
				_, err = io.WriteString(w, piece)
			}
		})
	}
	endlessPages := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"sites":[{"id":"a"}],"next_key":"%sx"}`, r.URL.Query().Get("start_key"))
	}
	length := int64(len(lines(3)))
	for name, c := range map[string]struct {
		handler http.Handler
		limits  runzero.Limits
		rows    int
		want    string // empty: no error
	}{
		"records, exactly":  {data(lines(3)), runzero.Limits{Records: 3}, 3, ""},
		"records, one more": {data(lines(4)), runzero.Limits{Records: 3}, 3, "record 4: larger than this exporter reads: more than 3 records"},
		"pages":             {http.HandlerFunc(endlessPages), runzero.Limits{Pages: 4}, 4, "more than 4 pages"},
		"pages, exactly":    {pages(map[string]string{"": "A", "A": ""}), runzero.Limits{Pages: 2}, 2, ""},
		"bytes, one more":   {data(lines(3)), runzero.Limits{Bytes: length - 1}, 0, "larger than this exporter reads"},
		"endless bytes":     {endless("", lines(100)), runzero.Limits{Bytes: 1 << 20}, -1, "larger than this exporter reads"},
		"endless blanks":    {endless("", strings.Repeat(" \n", 2048)), runzero.Limits{Record: 1 << 16}, 0, "record 1: larger than this exporter reads"},
		"endless line":      {endless(lines(1)+`{"id":"b","x":"`, strings.Repeat("x", 4096)), runzero.Limits{Record: 1 << 16}, 1, "record 2: larger than this exporter reads"},
		"endless nesting":   {endless(lines(1)+`{"id":"b","x":[`, `{"y":[1,2,3]},`), runzero.Limits{Record: 1 << 16}, 1, "record 2: larger than this exporter reads"},
		"gzip":              {zipped(func(w io.Writer) { _, _ = io.WriteString(w, lines(3)) }), runzero.Limits{Bytes: length}, 3, ""},
		"gzip of records":   {bomb("", lines(1000)), runzero.Limits{Bytes: 1 << 18}, -1, "larger than this exporter reads"},
		"gzip of one text":  {bomb(`{"id":"`, strings.Repeat("x", 10000)), runzero.Limits{Record: 1 << 18}, 0, "record 1: larger than this exporter reads"},
		"a long line":       {data(`{"id":"a","x":"` + strings.Repeat("x", 1<<16-20) + `"}` + "\n" + lines(50000)), runzero.Limits{Record: 1 << 16}, 50001, ""},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &recorder{}
			ids, err := readSites(t, c.handler, runzero.Config{Limits: c.limits, Observer: seen})
			if c.rows >= 0 && len(ids) != c.rows {
				t.Errorf("%d rows, want %d", len(ids), c.rows)
			}
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, runzero.ErrTooLarge) || !strings.Contains(err.Error(), c.want) || runzero.CauseOf(err) != runzero.Faulty {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			_, finished := seen.take()
			if got := finished[len(finished)-1].Bytes; got > 2<<20 {
				t.Errorf("%d bytes were read", got)
			}
		})
	}
}

// zipped sends gzip, if the client accepts it.
func zipped(write func(io.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		write(z)
		_ = z.Close()
	}
}
