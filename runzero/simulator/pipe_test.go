package simulator

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestStoppingThePipeEndsRequests also shows that no goroutine stays: the bubble would fail.
func TestStoppingThePipeEndsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Assets: 300})
		c.Inject(Fault{Delay: time.Hour})
		dial, stop := Pipe(c)
		client := &http.Client{Transport: &http.Transport{DialContext: dial}}
		failed := make(chan error)
		for range 3 {
			go func() {
				resp, err := client.Get("http://console/api/v1.0/health")
				if err == nil {
					err = errors.Join(errors.New("got a response"), resp.Body.Close())
				}
				failed <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		stop()
		stop()
		for range 3 {
			if err := <-failed; err == nil || strings.Contains(err.Error(), "got a response") {
				t.Error(err)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("stopping took %v", d)
		}
		if _, err := dial(t.Context(), "tcp", "x"); err == nil {
			t.Error("dialled a stopped pipe")
		}
		if n := c.Count(); n != 3 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestPipeThroughTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	certificate, trusting := server.TLS.Certificates[0], server.Client().Transport.(*http.Transport).TLSClientConfig
	server.Close()
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Assets: 300})
		dial, stop := PipeThrough(c, func(conn net.Conn) net.Conn {
			return tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
		})
		defer stop()
		get := func(config *tls.Config) (string, error) {
			config.ServerName = "example.com"
			transport := &http.Transport{DialContext: dial, TLSClientConfig: config, ForceAttemptHTTP2: true, TLSHandshakeTimeout: time.Minute}
			defer transport.CloseIdleConnections()
			r, err := http.NewRequest(http.MethodGet, "https://example.com/api/v1.0/export/org/assets.jsonl", nil)
			if err != nil {
				return "", err
			}
			r.Header.Set("Authorization", "Bearer "+c.ExportToken(0))
			resp, err := transport.RoundTrip(r)
			if err != nil {
				return "", err
			}
			body, err := io.ReadAll(resp.Body)
			return resp.Proto + " " + string(body), errors.Join(err, resp.Body.Close())
		}
		if body, err := get(trusting.Clone()); err != nil || !strings.HasPrefix(body, "HTTP/2.0 {") {
			t.Errorf("%v, %.100s", err, body)
		}
		// A client that rejects the certificate learns so at once, not at a timeout.
		began := time.Now()
		if _, err := get(&tls.Config{MinVersion: tls.VersionTLS12}); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("a client without the CA: %v", err)
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("took %v", d)
		}
	})
}
