package runzero_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// A truncated response is an error at every byte, also between two records, where the part that arrived is valid: its
// length is announced, or its last chunk is missing.
func TestResponseTruncatedAtEveryByte(t *testing.T) {
	lines := []byte(`{"id":"a","asset_count":1}` + "\n" + `{"id":"b","asset_count":2}` + "\n")
	packed := zip(string(lines))
	for name, c := range map[string]struct {
		body     []byte
		encoding string
		chunked  bool
	}{
		"length announced":          {lines, "", false},
		"chunks":                    {lines, "", true},
		"gzip and length announced": {packed, "gzip", false},
		"gzip in chunks":            {packed, "gzip", true},
	} {
		t.Run(name, func(t *testing.T) {
			at := 0
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				at := at // the client continues once the connection is closed
				if c.encoding != "" {
					w.Header().Set("Content-Encoding", c.encoding)
				}
				if !c.chunked {
					w.Header().Set("Content-Length", strconv.Itoa(len(c.body)))
				}
				_, _ = w.Write(c.body[:at])
				_ = http.NewResponseController(w).Flush()
				if at < len(c.body) || c.chunked {
					panic(http.ErrAbortHandler)
				}
			}), runzero.Config{})
			for ; at <= len(c.body); at++ {
				rows, err := all(client.Sites(t.Context(), ""))
				complete := at == len(c.body) && !c.chunked
				switch {
				case complete && (err != nil || len(rows) != 2):
					t.Errorf("complete: %d rows, %v", len(rows), err)
				case !complete && (!errors.Is(err, runzero.ErrTruncated) || runzero.CauseOf(err) != runzero.Faulty):
					t.Errorf("after %d of %d bytes: %d rows, %v; want %v", at, len(c.body), len(rows), err, runzero.ErrTruncated)
				}
				for i, row := range rows {
					if n, _ := row.Assets.Get(); n != int64(i+1) {
						t.Errorf("after %d bytes: row %d is %+v", at, i+1, row)
					}
				}
			}
		})
	}
}

func TestTruncationErrorHasItsCause(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"in a long body":  {padded("a"), "record 2: the response ended early: context deadline exceeded"},
		"in a short body": {"[", "record 1: the response ended early: context deadline exceeded"},
		"in a text":       {`[{"id":"a"},{"id":"b`, "record 2: the response ended early: context deadline exceeded"},
		"in a number":     {`[{"id":"a"},{"id":1`, "record 2: the response ended early: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := readSites(t, stalling(c.body), runzero.Config{Timeout: time.Minute})
				if want := sites + ": " + c.want; err == nil || err.Error() != want {
					t.Errorf("error %v, want %q", err, want)
				}
			})
		})
	}
}

// An HTTP/1 response may end with its connection. It is complete only if what it contains has an end.
func TestResponseWithoutALength(t *testing.T) {
	const rows = `{"id":"a"}` + "\n" + `{"id":"b"}` + "\n"
	for name, c := range map[string]struct {
		body, encoding string
		want           error
	}{
		"a record a line":        {rows, "", runzero.ErrNoLength},
		"no record":              {"", "", runzero.ErrNoLength},
		"an array":               {`[{"id":"a"},{"id":"b"}]`, "", nil},
		"a page":                 {`{"sites":[{"id":"a"},{"id":"b"}]}`, "", nil},
		"a truncated array":      {`[{"id":"a"},{"id":"b"}`, "", runzero.ErrNoLength},
		"an array, and a record": {`[{"id":"a"}]{"id":"b"}`, "", runzero.ErrNoLength},
		"gzip":                   {string(zip(rows)), "gzip", nil},
		"truncated gzip":         {string(zip(rows)[:20]), "gzip", runzero.ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSites(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Transfer-Encoding", "identity") // net/http's way to send none
				if c.encoding != "" {
					w.Header().Set("Content-Encoding", c.encoding)
				}
				_, _ = io.WriteString(w, c.body)
			}), runzero.Config{})
			if !is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func zip(text string) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return packed.Bytes()
}

// synctest fails if a goroutine is left.
func TestStoppedStreamClosesItsConnection(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, ctx context.Context, cancel func(), client *runzero.Client) error{
		"by the consumer": func(_ *testing.T, ctx context.Context, _ func(), client *runzero.Client) error {
			for _, err := range client.Sites(ctx, "") {
				return err
			}
			return io.EOF
		},
		"by the context": func(_ *testing.T, ctx context.Context, cancel func(), client *runzero.Client) error {
			for _, err := range client.Sites(ctx, "") {
				if cancel(); err != nil && !errors.Is(err, context.Canceled) {
					return err
				}
			}
			return nil
		},
		"by an invalid record": func(_ *testing.T, ctx context.Context, _ func(), client *runzero.Client) error {
			if _, err := all(client.Tasks(ctx, "")); !errors.Is(err, runzero.ErrReported) {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				closed := make(chan struct{})
				seen := &recorder{}
				client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					row := padded("a")
					if r.URL.Path == "/api/v1.0"+taskExport {
						row = `{"error":"no"}` + row
					}
					_, _ = io.WriteString(w, row)
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
					close(closed)
				}), runzero.Config{Observer: seen})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if err := stop(t, ctx, cancel, client); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				select {
				case <-closed:
				default:
					t.Error("the connection is still open")
				}
				responded, finished := seen.take()
				if len(responded) != 1 || len(finished) != 1 || finished[0].Code != http.StatusOK {
					t.Errorf("responded %v, finished %v; want each once", responded, finished)
				}
			})
		})
	}
}

// After a request was cancelled, and before its connection is closed, a console can end its response regularly.
func TestResponseThatEndsAfterItsRequestWasCancelled(t *testing.T) {
	for name, body := range map[string]struct{ start, rest string }{
		"records": {start: padded("a")},
		"a page":  {start: `{"sites":[` + padded("a"), rest: `]}`},
		"a list":  {start: `[` + padded("a"), rest: `]`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var server net.Conn
				dial, stop := simulator.PipeThrough(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, body.start)
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
					_, _ = io.WriteString(w, body.rest)
				}), func(c net.Conn) net.Conn { server = c; return c })
				t.Cleanup(stop)
				client := newClient(t, runzero.Config{URL: "http://127.0.0.1", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					c, err := dial(ctx, network, addr)
					return slowToClose{c, server}, err
				}})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				sites, err := all(client.Sites(ctx, ""))
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%d sites and error %v, want %v", len(sites), err, context.DeadlineExceeded)
				}
			})
		})
	}
}

// slowToClose ends the requests of a connection a second before the connection.
type slowToClose struct {
	net.Conn
	server net.Conn
}

func (c slowToClose) Close() error {
	if err := c.server.SetReadDeadline(time.Now()); err != nil {
		return err
	}
	<-time.After(time.Second)
	return c.Conn.Close()
}

func TestYieldsRowsAsTheyArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, id := range []string{"a", "b", "c"} {
				_, _ = io.WriteString(w, padded(id))
				_ = http.NewResponseController(w).Flush()
				<-time.After(time.Minute)
			}
		}), runzero.Config{})
		start := time.Now()
		var at []time.Duration
		for _, err := range client.Sites(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			at = append(at, time.Since(start))
		}
		if want := []time.Duration{0, time.Minute, 2 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("rows came after %v, want %v", at, want)
		}
	})
}
