package runzero_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// compressed sends a body and says how it is encoded.
func compressed(status int, encoding string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if asked := r.Header.Values("Accept-Encoding"); !slices.Equal(asked, []string{"gzip"}) {
			http.Error(w, fmt.Sprintf("asked for %q", asked), http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Encoding", encoding)
		answer(status, "application/json", string(body))(w, r)
	}
}

func TestContentEncoding(t *testing.T) {
	corrupt := zip(`[{"id":"a"}]`)
	corrupt[len(corrupt)-8]++
	for _, c := range []struct {
		name     string
		status   int
		encoding string
		body     []byte
		rows     string
		err      string // contained
	}{
		{"plain", 200, "identity", []byte(`[{"id":"a"}]`), "a", ""},
		{"gzip", 200, "gzip", zip(`[{"id":"a"}]`), "a", ""},
		{"capitals", 200, "GZIP", zip(`[{"id":"a"}]`), "a", ""},
		{"several members", 200, "gzip", slices.Concat(zip(`[{"id":"a"},`), zip(""), zip(`{"id":"b"}]`)), "a b", ""},
		{"nothing", 200, "gzip", nil, "", "no data"},
		{"nothing, compressed", 200, "gzip", zip(""), "", "no data"},
		{"no content", 204, "gzip", nil, "", "no data"},
		{"a claim", 200, "gzip", []byte(`[{"id":"a"}]`), "", "record 1: the response ended early: gzip: invalid header"},
		{"a short claim", 200, "gzip", []byte(`[]`), "", "record 1: the response ended early"},
		{"corrupt", 200, "gzip", corrupt, "a", "record 2: the response ended early: gzip: invalid checksum"},
		{"something behind it", 200, "gzip", slices.Concat(zip(`[{"id":"a"}]`), []byte("and something else")), "a", "record 2: the response ended early: gzip: invalid header"},
		{"an error", 403, "gzip", zip(`{"error":"no licence"}`), "", "403 Forbidden: no licence"},
		{"an encoding that was not requested", 200, "br", []byte("\x0b\x02\x80[]\x03"), "", "not JSON"},
	} {
		for protocol, connect := range map[string]func(testing.TB, http.Handler) *runzero.Client{
			"HTTP/1": func(t testing.TB, h http.Handler) *runzero.Client { return serve(t, h, runzero.Config{}) },
			"HTTP/2": func(t testing.TB, h http.Handler) *runzero.Client {
				server := quietTLS(h)
				t.Cleanup(server.Close)
				settings := withToken(exportToken)
				settings.TLSConfig.InsecureSkipVerify = true
				return newClient(t, runzero.Config{URL: server.URL, HTTP: settings})
			},
		} {
			t.Run(c.name+"/"+protocol, func(t *testing.T) {
				rows, err := all(connect(t, compressed(c.status, c.encoding, c.body)).Sites(t.Context(), ""))
				var ids []string
				for _, row := range rows {
					ids = append(ids, row.ID)
				}
				if got := strings.Join(ids, " "); got != c.rows {
					t.Errorf("rows %q, want %q", got, c.rows)
				}
				if (c.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
			})
		}
	}
}

func TestCompressedAccessToken(t *testing.T) {
	rows, err := all(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `[{"id":"a"}]`
		if strings.HasSuffix(r.URL.Path, runzero.TokenEndpoint) {
			body = fmt.Sprintf(anHour, 1)
		}
		compressed(http.StatusOK, "gzip", zip(body))(w, r)
	}), runzero.Config{HTTP: withClient()}).Sites(t.Context(), organization))
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows, error %v", len(rows), err)
	}
}

// Streams share decompressors one after the other, also those that break off or are not read to the end.
func TestStreamsAtTheSameTime(t *testing.T) {
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		body := zip(strings.Repeat(`{"id":"`+r.URL.Query().Get("search")+`"}`+"\n", 20_000))
		if strings.HasSuffix(r.URL.Query().Get("search"), "7") {
			body = body[:len(body)/2]
		}
		_, _ = w.Write(body)
	}), runzero.Config{})
	var streams sync.WaitGroup
	for i := range 40 {
		streams.Go(func() {
			id, rows := fmt.Sprintf("asset-%d", i), 0
			var last error
			for row, err := range client.Assets(t.Context(), "", id) {
				if last = err; err == nil && row.ID != id {
					t.Errorf("stream %s has the row %s", id, row.ID)
				}
				if rows++; i%3 == 0 && rows == 1000 {
					return
				}
			}
			if broken := i%10 == 7; (last != nil) != broken {
				t.Errorf("stream %s: error %v", id, last)
			}
		})
	}
	streams.Wait()
}
