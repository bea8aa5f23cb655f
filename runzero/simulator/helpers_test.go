package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that tests move.
type clock struct{ unix atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Unix(c.unix.Load(), 0).UTC() }
func (c *clock) Advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

// noon is a Wednesday.
var noon = time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)

func newClock() *clock {
	c := &clock{}
	c.unix.Store(noon.Unix())
	return c
}

func newConsole(o Options) (*Console, *clock) {
	clk := newClock()
	o.Now = clk.Now
	if o.Assets == 0 {
		o.Assets = 300
	}
	return New(o), clk
}

// ask sends one request.
func ask(t testing.TB, c *Console, method, path, token string, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "https://console.runzero.com/api/v1.0"+path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// get sends a GET whose response must have the status, and decodes its JSON into v.
func get(t testing.TB, c *Console, path, token string, status int, v any) http.Header {
	t.Helper()
	w := ask(t, c, http.MethodGet, path, token, "")
	if w.Code != status {
		t.Fatalf("GET %s: status %d, want %d: %.300s", path, w.Code, status, w.Body)
	}
	if v != nil {
		if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
			t.Fatalf("GET %s: %v: %.300s", path, err, w.Body)
		}
	}
	return w.Header()
}

type object = map[string]any

// lines decodes a .jsonl body.
func lines(t testing.TB, body io.Reader) []object {
	t.Helper()
	var list []object
	d := json.NewDecoder(body)
	for {
		var o object
		if err := d.Decode(&o); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
}
