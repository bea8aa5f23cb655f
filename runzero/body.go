package runzero

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// responseBody is the one reader between net/http and the JSON decoder. It counts the decompressed bytes, ends at the
// limits and reports the end to the transport.
type responseBody struct {
	ctx         context.Context // of the request
	body        io.ReadCloser
	limits      Limits
	bytes       int64
	recordStart int64
	err         error // of the last read; net/http reports a timeout only once

	// unframed means that the body ends with its connection: HTTP/1 allows a response without a length or chunks. A
	// lost connection looks the same.
	unframed bool

	once     sync.Once
	finished func(bytes int64)
}

func newResponseBody(ctx context.Context, response *http.Response, limits Limits, finished func(bytes int64)) *responseBody {
	return &responseBody{
		ctx: ctx, body: response.Body, limits: limits, finished: finished,
		// gzip, which the transport has decompressed, has an end of its own.
		unframed: response.ProtoMajor < 2 && response.ContentLength < 0 && len(response.TransferEncoding) == 0 && !response.Uncompressed,
	}
}

func (b *responseBody) Read(p []byte) (int, error) {
	if b.err == nil && b.bytes-b.recordStart > b.limits.Record+readAhead {
		b.err = ErrTooLarge
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.body.Read(p)
	b.bytes += int64(n)
	switch {
	case b.bytes > b.limits.Bytes:
		n, err = 0, ErrTooLarge
	case errors.Is(err, io.EOF) && b.ctx.Err() != nil:
		// A console that notices that the request was cancelled can end its response regularly before the connection
		// is closed.
		err = b.ctx.Err()
	}
	if b.err = err; err != nil {
		b.finish()
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.finish()
	return b.body.Close()
}

func (b *responseBody) finish() { b.once.Do(func() { b.finished(b.bytes) }) }

// nextRecord starts the count of bytes that Limits.Record bounds. What was read ahead counts for the next record too,
// so the bound is loose by readAhead.
func (b *responseBody) nextRecord() { b.recordStart = b.bytes }

// bodyReader reads the JSON of a response: each record as one validated value, and the rest token by token, so that
// it may be of any length. The first error stays in err and ends the reading.
type bodyReader struct {
	json *jsontext.Decoder
	body *responseBody
	page bool // the body is a web page
	err  error
}

func newBodyReader(body *responseBody) *bodyReader {
	// jsontext reads in steps of 4 KiB: the buffer saves the decompressor small reads.
	buffered := bufio.NewReaderSize(body, readAhead)
	r := &bodyReader{
		json: jsontext.NewDecoder(buffered,
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		body: body,
	}
	start, _ := buffered.Peek(64) // the next read returns its error again
	if bytes.HasPrefix(start, byteOrderMark) {
		_, _ = buffered.Discard(len(byteOrderMark))
		start = start[len(byteOrderMark):]
	}
	r.page = bytes.HasPrefix(bytes.TrimLeft(start, " \t\r\n"), []byte("<"))
	return r
}

const readAhead = 64 << 10

var byteOrderMark = []byte("\xEF\xBB\xBF")

// kind peeks at the next token: '{', '[', '"', '0', 't', 'f', 'n', an end, or 0 at the end of the body and at an
// error.
func (r *bodyReader) kind() jsontext.Kind {
	if r.err != nil {
		return 0
	}
	return r.json.PeekKind()
}

// skipToken reads a delimiter, or the error that kind reported as 0.
func (r *bodyReader) skipToken() {
	if r.err == nil {
		_, r.err = r.json.ReadToken()
	}
}

// value reads the next value. It is valid until the next read, and nil after an error.
func (r *bodyReader) value() []byte {
	var value jsontext.Value
	if r.err == nil {
		value, r.err = r.json.ReadValue()
	}
	return value
}

// end checks that nothing follows the value that was read. Reading to the end also makes gzip compare its checksum.
func (r *bodyReader) end() {
	if r.err != nil {
		return
	}
	if r.kind() != 0 {
		r.err = ErrNotJSON
		return
	}
	if r.skipToken(); r.atEnd() {
		r.err = nil
	}
}

// atEnd reports whether the body ended between two values.
func (r *bodyReader) atEnd() bool { return errors.Is(r.err, io.EOF) }

// problem returns what ended the reading, in words of this package: a syntax error would quote the body.
func (r *bodyReader) problem() error {
	if r.err == nil {
		return nil
	}
	err := r.err
	if read := r.body.err; read != nil && errors.Is(err, read) {
		err = read // in the middle of a value, jsontext makes a syntax error of it
	}
	syntax := (*jsontext.SyntacticError)(nil)
	switch {
	case errors.Is(err, ErrTooLarge):
		return ErrTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if r.body.unframed {
			return ErrNoLength
		}
		return ErrTruncated
	case errors.Is(err, ErrNotJSON), errors.As(err, &syntax):
		return ErrNotJSON
	}
	return fmt.Errorf("%w: %w", ErrTruncated, unquotedError{err})
}

// read sends one GET and passes the body of a successful response to parse.
func (c *Client) read(ctx context.Context, client *http.Client, endpoint string, query url.Values, parse func(*bodyReader) error) error {
	ctx, cancel := context.WithTimeout(withEndpoint(ctx, endpoint), c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpointURL(endpoint, query).String(), nil)
	if err != nil {
		return requestError(endpoint, err)
	}
	return c.send(client, endpoint, request, parse)
}

// send sends one request and passes the body of a successful response to parse. Its errors never show a secret.
func (c *Client) send(client *http.Client, endpoint string, request *http.Request, parse func(*bodyReader) error) error {
	return c.secrets.withhold(endpoint, c.exchange(client, endpoint, request, parse))
}

func (c *Client) exchange(client *http.Client, endpoint string, request *http.Request, parse func(*bodyReader) error) error {
	request.Header.Set("Accept", "application/json")
	ctx, progress := withProgress(request.Context())
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return progress.failed(endpoint, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	if response.StatusCode != http.StatusOK {
		return responseError(endpoint, response, c.secrets, c.now())
	}
	body := newBodyReader(response.Body.(*responseBody)) // as transport returns it
	if body.page || isWebPage(response) {
		return &BodyError{Endpoint: endpoint, Err: ErrNotData}
	}
	return parse(body)
}

// readObject sends one GET and reads the object in the response.
func (c *Client) readObject(ctx context.Context, client *http.Client, endpoint string, f fields) error {
	return c.read(ctx, client, endpoint, nil, parseObject(endpoint, f))
}

// parseObject parses a body that is one object.
func parseObject(endpoint string, f fields) func(*bodyReader) error {
	return func(in *bodyReader) error {
		lex := newLexer()
		lex.take(in.value())
		lex.object(f)
		in.end()
		if err := in.problem(); err != nil {
			return &BodyError{Endpoint: endpoint, Err: err}
		}
		return nil
	}
}
