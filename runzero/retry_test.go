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

func TestRetryable(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.Handler
		want    bool
	}{
		"429":                {answer(429, "", ""), false},
		"500":                {answer(500, "", ""), true},
		"no response":        {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), true},
		"cut off":            {truncated(`[{"id":"a"},{"id":"b"}]`, 12), true},
		"truncated JSON":     {data(`[{"id":"a"},{"id"`), true},
		"a web page":         {answer(200, "text/html", "<html>"), false},
		"not JSON":           {data(`[{"id":"a"},]`), false},
		"redirect elsewhere": {http.RedirectHandler("https://login.example.com/", http.StatusFound), false},
		"redirect to itself": {http.RedirectHandler(sites, http.StatusFound), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readSites(t, c.handler, runzero.Config{})
			if err == nil || runzero.Retryable(err) != c.want {
				t.Errorf("Retryable(%v) = %t, want %t", err, !c.want, c.want)
			}
		})
	}
	if runzero.Retryable(nil) {
		t.Error("success is retryable")
	}
}

func TestRetryableNetworkErrors(t *testing.T) {
	secured := quietTLS(data("[]"))
	defer secured.Close()
	plain := httptest.NewServer(data("[]"))
	address := plain.Listener.Addr().String()
	noTLS := httptest.NewServer(data("[]"))
	defer noTLS.Close()
	plain.Close()
	for name, c := range map[string]struct {
		url  string
		want bool
	}{
		"connection refused":  {"http://" + address, true},
		"unknown certificate": {secured.URL, false},
		"no TLS":              {"https://" + noTLS.Listener.Addr().String(), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := all(newClient(t, runzero.Config{URL: c.url}).Sites(t.Context(), ""))
			if err == nil || runzero.Retryable(err) != c.want {
				t.Errorf("Retryable(%v) = %t, want %t", err, !c.want, c.want)
			}
		})
	}
}

func TestCancelledRequestIsNotRetryable(t *testing.T) {
	for name, rows := range map[string]string{"before the response": "", "in its middle": padded("a")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := serve(t, stalling(rows), runzero.Config{})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_, err := all(client.Sites(ctx, ""))
				if !errors.Is(err, context.Canceled) || runzero.Retryable(err) {
					t.Errorf("error %v, retryable %t; want one that is cancelled and not", err, runzero.Retryable(err))
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
				if !errors.Is(err, context.DeadlineExceeded) || !runzero.Retryable(err) || time.Since(start) != 90*time.Second {
					t.Errorf("error %v after %v, want a retryable one after 90s", err, time.Since(start))
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
