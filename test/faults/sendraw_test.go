//go:build port

package faults

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// sendRaw is a fault that sends the console's response in its own way: send gets the
// connection and the bytes of the response, and the connection is closed when it returns.
func sendRaw(send func(connection net.Conn, response []byte)) simulator.Fault {
	return simulator.Fault{Serve: func(w http.ResponseWriter, r *http.Request, respond func(http.ResponseWriter)) {
		recorded := &recording{header: http.Header{}}
		respond(recorded)
		response := http.Response{
			StatusCode: recorded.status, ProtoMajor: 1, ProtoMinor: 1, Header: recorded.header, Request: r,
			ContentLength: int64(recorded.body.Len()), Body: io.NopCloser(&recorded.body),
		}
		var text bytes.Buffer
		if err := response.Write(&text); err != nil {
			panic(err) // a buffer takes everything
		}
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler) // HTTP/2 has no bytes of its own for each response
		}
		defer func() { _ = connection.Close() }()
		// When the client goes away or the console stops, send must not wait any longer.
		defer context.AfterFunc(r.Context(), func() { _ = connection.Close() })()
		send(connection, text.Bytes())
	}}
}

// recording is the ResponseWriter of a response that is sent later.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) { r.status = status }

func (r *recording) Write(b []byte) (int, error) { return r.body.Write(b) }
