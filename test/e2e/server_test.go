//go:build e2e

package e2e

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// What reaches the port is not always a scrape. The server answers what it must, and says
// the rest in the log's format.
func TestTheServerAmongStrangers(t *testing.T) {
	certificate, key, roots := selfSigned(t)
	web := writeFile(t, "web.yml", "tls_server_config:\n  cert_file: "+certificate+"\n  key_file: "+key+"\n")
	p := start(t, nil, "--demo", anyPort, "--web.config.file="+web, "--log.format=json")
	address := strings.TrimPrefix(p.url(), "http://")
	plain, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if _, err := io.WriteString(plain, "\x00\"GET / HTTP/1.1\"\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, plain) // until it is closed
	p.find(&p.stderr, `^(.*TLS handshake error.*)$`)
	for line := range strings.Lines(p.stderr.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("this is no JSON: %s", line)
		}
	}

	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	for request, code := range map[string]int{
		"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n":                                        http.StatusOK,
		"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n":                                         http.StatusOK,
		"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc":                         http.StatusOK,
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n":      http.StatusRequestHeaderFieldsTooLarge,
		"GET /" + strings.Repeat("x", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n":             http.StatusRequestHeaderFieldsTooLarge,
		"GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n":                             http.StatusNotFound,
		"GET /debug/pprof/cmdline HTTP/1.1\r\nHost: x\r\n\r\n":                              http.StatusNotFound,
		"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n":                   http.StatusForbidden,
		"GET /-/reload HTTP/1.1\r\nHost: x\r\n\r\n":                                         http.StatusMethodNotAllowed,
		"CONNECT elsewhere.example.com:443 HTTP/1.1\r\nHost: elsewhere.example.com\r\n\r\n": http.StatusMethodNotAllowed,
		"GET http://elsewhere.example.com/ HTTP/1.1\r\nHost: elsewhere.example.com\r\n\r\n": http.StatusOK, // and it is our page
	} {
		connection, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(connection, request) }()
		method, _, _ := strings.Cut(request, " ")
		response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
		if err != nil || response.StatusCode != code {
			t.Errorf("%.40q is answered with %v (%v), want %d", request, response, err, code)
		}
		_ = connection.Close()
	}
}
