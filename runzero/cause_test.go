package runzero_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// truncated announces a body, sends its first bytes and closes the connection.
func truncated(body string, at int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write([]byte(body[:at]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestCauseOfAResponse(t *testing.T) {
	const own, html = `{"error":"license is expired"}`, "<html>Access denied</html>"
	for name, c := range map[string]struct {
		handler http.Handler
		want    runzero.Cause
	}{
		"a success":                       {data(`[]`), runzero.NoCause},
		"401":                             {answer(401, "", "Invalid API Key"), runzero.Rejected},
		"401 of a proxy":                  {answer(401, "text/html", html), runzero.Unavailable},
		"402 of the API":                  {answer(402, "application/json", own), runzero.Rejected},
		"402 of a proxy":                  {answer(402, "text/plain", "pay"), runzero.Unavailable},
		"403 of the API":                  {answer(403, "application/json", own), runzero.Rejected},
		"403 of a firewall":               {answer(403, "", html), runzero.Unavailable},
		"403 without a body":              {answer(403, "", ""), runzero.Unavailable},
		"404":                             {answer(404, "text/plain", "404: Not Found"), runzero.Unavailable},
		"400 for another kind of token":   {answer(400, "", `{"error":"x","possible_token_types":["client"]}`), runzero.Rejected},
		"400":                             {answer(400, "application/json", own), runzero.Faulty},
		"422":                             {answer(422, "application/json", own), runzero.Faulty},
		"429":                             {answer(429, "", ""), runzero.TooMany},
		"500":                             {answer(500, "application/json", own), runzero.Unavailable},
		"408":                             {answer(408, "", ""), runzero.Unavailable},
		"no response":                     {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), runzero.Unavailable},
		"a response that breaks off":      {truncated(`[{"id":"a"},{"id":"b"}]`, 12), runzero.Faulty},
		"truncated JSON":                  {data(`[{"id":"a"},{"id"`), runzero.Faulty},
		"a web page":                      {answer(200, "text/html", "<html>"), runzero.Unavailable},
		"not JSON":                        {data(`[{"id":"a"},]`), runzero.Faulty},
		"a redirect to another origin":    {http.RedirectHandler("https://login.example.com/", http.StatusFound), runzero.Unavailable},
		"a redirect to the same endpoint": {http.RedirectHandler(sites, http.StatusFound), runzero.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSites(t, c.handler, runzero.Config{})
			if got := runzero.CauseOf(err); got != c.want {
				t.Errorf("%q of %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestCauseOfAFailedConnectionIsThatNothingWasSent(t *testing.T) {
	secured := quietTLS(data("[]"))
	defer secured.Close()
	closed := httptest.NewServer(data("[]"))
	address := closed.Listener.Addr().String()
	plain := httptest.NewServer(data("[]"))
	defer plain.Close()
	closed.Close()
	for name, url := range map[string]string{
		"connection refused":  "http://" + address,
		"unknown certificate": secured.URL,
		"no TLS":              "https://" + plain.Listener.Addr().String(),
	} {
		t.Run(name, func(t *testing.T) {
			seen := &recorder{}
			_, err := all(newClient(t, runzero.Config{URL: url, Observer: seen}).Sites(t.Context(), ""))
			_, finished := seen.take()
			if got := runzero.CauseOf(err); got != runzero.Unreachable || len(finished) != 1 || finished[0].Written {
				t.Errorf("%q of %v (%+v), want one request of which nothing was written", got, err, finished)
			}
		})
	}
}

func TestACancelledRequestHasNoCause(t *testing.T) {
	for name, rows := range map[string]string{"before the response": "", "in its middle": padded("a")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := serve(t, stalling(rows), runzero.Config{})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_, err := all(client.Sites(ctx, ""))
				if !errors.Is(err, context.Canceled) || runzero.CauseOf(err) != runzero.NoCause {
					t.Errorf("error %v due to %q, want a cancelled request", err, runzero.CauseOf(err))
				}
			})
		})
	}
}

func TestTimeoutBoundsTheWholeResponse(t *testing.T) {
	for name, rows := range map[string]string{"before the response": "", "in its middle": padded("a")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := readSites(t, stalling(rows), runzero.Config{Timeout: 90 * time.Second})
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 90*time.Second {
					t.Errorf("error %v after %v, want one after 90s", err, time.Since(start))
				}
				start = time.Now()
				if _, err = readSites(t, stalling(rows), runzero.Config{}); time.Since(start) != 10*time.Minute {
					t.Errorf("by default error %v after %v, want 10m", err, time.Since(start))
				}
			})
		})
	}
}

// padded is a record that is longer than what is peeked at.
func padded(id string) string {
	return fmt.Sprintf(`{"id":%q,"description":"%080d"}`+"\n", id, 0)
}

// stalling sends the start of a body, or nothing, and then waits.
func stalling(start string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if start != "" {
			_, _ = w.Write([]byte(start))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}
