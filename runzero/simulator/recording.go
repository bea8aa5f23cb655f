package simulator

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
)

// recording is the ResponseWriter of an answer that is sent later, as bytes.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recording) Header() http.Header { return r.header }

func (r *recording) WriteHeader(status int) { r.status = status }

func (r *recording) Write(b []byte) (int, error) { return r.body.Write(b) }

// play hands the connection of a request to raw, with the answer as HTTP/1.1 has it.
func (r *recording) play(w http.ResponseWriter, request *http.Request, raw func(net.Conn, []byte)) {
	answer := http.Response{
		StatusCode: r.status, ProtoMajor: 1, ProtoMinor: 1, Header: r.header, Request: request,
		ContentLength: int64(r.body.Len()), Body: io.NopCloser(&r.body),
	}
	var text bytes.Buffer
	if err := answer.Write(&text); err != nil {
		panic(err) // a buffer takes everything
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no bytes of its own for each answer
	}
	defer func() { _ = connection.Close() }()
	// A client that goes away, or a console that is closed, ends what raw waits for.
	defer context.AfterFunc(request.Context(), func() { _ = connection.Close() })()
	raw(connection, text.Bytes())
}
