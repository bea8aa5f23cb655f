package faults

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// fault is one fault of a class.
type fault struct {
	name string
	harness.Fault
	message string // expected in the log or the error: a regular expression
	tlsOnly bool
	// paused is set if the other polls with the credential pause meanwhile.
	paused bool
	// exportsOnly is set if only the records of an export can show the fault.
	exportsOnly bool
	// bulky is set if the response is as large as the exporter reads.
	bulky bool
}

// serve is the type of harness.Fault.Serve.
type serve = func(console http.Handler, w http.ResponseWriter, r *http.Request)

const (
	planted   = "PLANTED" // text of a response that must not be repeated
	loginPage = "<!doctype html><title>" + planted + "</title><form action=/login>"
)

func faults() []fault {
	return []fault{
		{name: "connection refused", message: "connection refused", Fault: harness.Fault{Dial: func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}}},
		{name: "unknown host", message: "no such host", Fault: harness.Fault{Dial: func(context.Context) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "localhost", IsNotFound: true}}
		}}},
		{name: "connecting takes too long", message: "deadline exceeded", Fault: harness.Fault{Dial: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}},
		{name: "connection reset", message: "connection reset", Fault: harness.Fault{Exporter: func(c net.Conn) net.Conn { return resetting{c} }}},
		{name: "silent server", message: "deadline exceeded|TLS handshake timeout", Fault: harness.Fault{Console: func(c net.Conn) net.Conn { return silent{c} }}},
		{name: "another protocol", message: "malformed|does not look like a TLS handshake", Fault: harness.Fault{Exporter: func(c net.Conn) net.Conn {
			return speaking{c, strings.NewReader("SSH-2.0-OpenSSH_9.2\r\n\r\n")}
		}}},
		{name: "byte changed in transit", tlsOnly: true, message: "bad record MAC|client conn could not be established", Fault: harness.Fault{Console: func(c net.Conn) net.Conn { return &flipping{Conn: c} }}},
		{name: "certificate of an unknown CA", tlsOnly: true, message: "signed by unknown authority", Fault: harness.Fault{Certificate: harness.UnknownCA}},
		{name: "expired certificate", tlsOnly: true, message: "expired", Fault: harness.Fault{Certificate: harness.Expired}},
		{name: "certificate for another name", tlsOnly: true, message: "certificate is valid for", Fault: harness.Fault{Certificate: harness.OtherName}},

		{name: "closed without a response", message: "EOF|stream error", Fault: response(func(http.Handler, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
		{name: "closed within the body", message: "the response ended early", Fault: response(halfABody(func(*http.Request) { panic(http.ErrAbortHandler) }))},
		{name: "stalled within the body", message: "deadline exceeded", Fault: response(halfABody(func(r *http.Request) { <-r.Context().Done() }))},
		{name: "headers too large", message: "header list|headers exceeded", Fault: response(largeHeaders)},
		{name: "redirect to another host", message: "redirects to another origin", Fault: response(status(http.StatusFound, "", "", "Location", "https://elsewhere.example/"+planted))},
		{name: "401", message: "401 Unauthorized", paused: true, Fault: response(status(http.StatusUnauthorized, "application/json", `{"error":"unauthorized"}`))},
		{name: "422", message: "422 Unprocessable Entity", Fault: response(status(http.StatusUnprocessableEntity, "application/json", `{"error":"`))},
		{name: "429", message: "429 Too Many Requests", paused: true, Fault: response(status(http.StatusTooManyRequests, "application/json", `{"error":"slow down"}`))},
		{name: "503 with a web page", message: "503 Service Unavailable", Fault: response(status(http.StatusServiceUnavailable, "text/html", loginPage, "Retry-After", "120"))},

		{name: "web page", message: "a web page, not data", Fault: response(status(http.StatusOK, "text/html", loginPage))},
		{name: "text", message: "the response is not JSON", Fault: response(status(http.StatusOK, "application/json", planted+" sorry"))},
		{name: "endless body", bulky: true, message: "larger than this exporter reads", Fault: response(endless)},
		{name: "gzip bomb", bulky: true, message: "larger than this exporter reads", Fault: response(status(http.StatusOK, "application/json", bomb(), "Content-Encoding", "gzip"))},
		{name: "records of another organization", exportsOnly: true, message: "another organization|different organization", Fault: response(otherOrganization)},
	}
}

// response is the fault of the responses to some requests.
func response(s serve) harness.Fault { return harness.Fault{Serve: s} }

// status responds with this and nothing else. headers are names and values in turn.
func status(code int, contentType, body string, headers ...string) serve {
	return func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// largeHeaders adds headers of 200 KB to the response.
func largeHeaders(console http.Handler, w http.ResponseWriter, r *http.Request) {
	for range 100 {
		w.Header().Add("X-Planted", strings.Repeat(planted, 300))
	}
	console.ServeHTTP(w, r)
}

// record returns the console's response without compression.
func record(console http.Handler, r *http.Request) *httptest.ResponseRecorder {
	r.Header.Del("Accept-Encoding")
	recorded := httptest.NewRecorder()
	console.ServeHTTP(recorded, r)
	return recorded
}

// halfABody sends half of the response and then does something else.
func halfABody(then func(r *http.Request)) serve {
	return func(console http.Handler, w http.ResponseWriter, r *http.Request) {
		body := record(console, r).Body.Bytes()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		then(r)
	}
}

// endless sends a record that never ends.
func endless(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	piece := []byte(strings.Repeat(planted+" ", 4096))
	_, err := io.WriteString(w, `[{"id":"`)
	for err == nil {
		_, err = w.Write(piece)
	}
}

// bomb is a small body that decompresses to a very large record.
func bomb() string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, `[{"id":"`+strings.Repeat(planted+" ", 4<<20)) // a buffer takes everything
	_ = w.Close()
	return packed.String()
}

var organizationID = regexp.MustCompile(`"organization_id":"[^"]*"`)

// otherOrganization says of all records that they belong to another organization.
func otherOrganization(console http.Handler, w http.ResponseWriter, r *http.Request) {
	body := record(console, r).Body.Bytes()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(organizationID.ReplaceAll(body, []byte(`"organization_id":"00000000-1111-4222-8333-444444444444"`)))
}

// timeout is that of requests. It is longer than that of connecting.
const timeout = 50 * time.Second
