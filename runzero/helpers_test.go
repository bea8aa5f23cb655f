package runzero_test

import (
	"errors"
	"io"
	"iter"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const (
	exportToken       = "ET00112233445566778899AABBCCDDEEFF"
	organizationToken = "OT00112233445566778899AABBCCDDEEFF"
	accountToken      = "CT00112233445566778899AABBCCDDEEFF"
	unknownToken      = "ZZ-new-kind-00112233445566778899"

	organization = "4ffe8ffb-0000-4000-8000-000000000001"
	foreign      = "11111111-2222-3333-4444-555555555555"
)

// withToken is the HTTP configuration of a token.
func withToken(token string) config.HTTPClientConfig {
	c := config.DefaultHTTPClientConfig
	c.Authorization = &config.Authorization{Credentials: config.Secret(token)}
	return c
}

// withFile is the HTTP configuration of a token in a file.
func withFile(name string) config.HTTPClientConfig {
	c := config.DefaultHTTPClientConfig
	c.Authorization = &config.Authorization{CredentialsFile: name}
	return c
}

// newClient returns a client, with an export token unless c has a credential.
func newClient(t testing.TB, c runzero.Config) *runzero.Client {
	t.Helper()
	if c.HTTP.Authorization == nil && c.HTTP.OAuth2 == nil {
		c.HTTP = withToken(exportToken)
	}
	client, err := runzero.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// serve returns a client whose requests h handles, without a network: it works in synctest bubbles.
func serve(t testing.TB, h http.Handler, c runzero.Config) *runzero.Client {
	t.Helper()
	dial, stop := simulator.Pipe(h)
	t.Cleanup(stop)
	if c.URL == "" {
		c.URL = "http://127.0.0.1"
	}
	c.DialContext = dial
	return newClient(t, c)
}

// answer sends the same response to every request.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// data sends a body with the media type of consoles.
func data(body string) http.HandlerFunc { return answer(http.StatusOK, "application/json", body) }

// is reports whether err is want; a nil want means no error.
func is(err, want error) bool {
	if want == nil {
		return err == nil
	}
	return errors.Is(err, want)
}

// all reads a stream to its end, or to an error.
func all[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for row, err := range rows {
		if err != nil {
			return list, err
		}
		list = append(list, row)
	}
	return list, nil
}

// readSites reads the response of h as an export of sites, and returns their ids.
func readSites(t testing.TB, h http.Handler, c runzero.Config) ([]string, error) {
	t.Helper()
	sites, err := all(serve(t, h, c).Sites(t.Context(), ""))
	var ids []string
	for _, site := range sites {
		ids = append(ids, site.ID)
	}
	return ids, err
}

// requests records the requests to a handler.
type requests struct {
	next http.Handler
	mu   sync.Mutex
	list []*http.Request
}

func (r *requests) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.list = append(r.list, request)
	r.mu.Unlock()
	r.next.ServeHTTP(w, request)
}

// take returns the requests since the last take.
func (r *requests) take() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

// paths returns the paths of the requests since the last take, below /api/v1.0.
func (r *requests) paths() []string {
	var paths []string
	for _, request := range r.take() {
		paths = append(paths, request.URL.Path[len("/api/v1.0"):])
	}
	return paths
}

// recorder is an Observer that records.
type recorder struct {
	mu                  sync.Mutex
	responded, finished []runzero.Exchange
}

func (r *recorder) Responded(e runzero.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.responded = append(r.responded, e)
}

func (r *recorder) Finished(e runzero.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = append(r.finished, e)
}

// take returns the exchanges since the last take.
func (r *recorder) take() (responded, finished []runzero.Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	responded, finished = r.responded, r.finished
	r.responded, r.finished = nil, nil
	return responded, finished
}

// quietTLS is a server with an unknown certificate that does not log failed handshakes.
func quietTLS(h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.StartTLS()
	return server
}
