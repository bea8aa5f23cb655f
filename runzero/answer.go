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

	"github.com/go-json-experiment/json/jsontext"
)

// answer reads the JSON of an answer: what is around the records token by token, so
// that it may be of any length, and values whole, each checked before any of it is
// taken. Only broken JSON is an error, which stays in err and ends it.
type answer struct {
	json  *jsontext.Decoder
	limit *recordLimit
	err   error
}

func newAnswer(body io.Reader, longestRecord int64) *answer {
	limit := &recordLimit{r: body, most: longestRecord}
	// jsontext reads in 4 KiB steps: the buffer spares the decompressor small reads.
	buffered := bufio.NewReaderSize(limit, readAhead)
	a := &answer{
		json: jsontext.NewDecoder(buffered,
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		limit: limit,
	}
	start, _ := buffered.Peek(64) // an error comes again at the first read
	if bytes.HasPrefix(start, byteOrderMark) {
		_, _ = buffered.Discard(len(byteOrderMark))
		start = start[len(byteOrderMark):]
	}
	if start = bytes.TrimLeft(start, " \t\r\n"); len(start) > 0 && start[0] == '<' {
		a.err = ErrNotData
	}
	return a
}

const readAhead = 64 << 10

var byteOrderMark = []byte("\xEF\xBB\xBF")

// recordLimit fails a read when one record takes more than most bytes. What is read
// ahead of a record counts too, so the bound is loose by that much. An error stays:
// net/http says but once that the time was up, and then that the connection is closed.
type recordLimit struct {
	r    io.Reader
	most int64
	n    int64
	err  error
}

func (l *recordLimit) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	if l.n > l.most+readAhead {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	l.err = err
	return n, err
}

// kind peeks at what comes next: '{', '[', '"', '0', 't', 'f', 'n', an end, or 0
// at the end of the body or at an error.
func (a *answer) kind() jsontext.Kind {
	if a.err != nil {
		return 0
	}
	return a.json.PeekKind()
}

// token reads over a delimiter.
func (a *answer) token() {
	if a.err == nil {
		_, a.err = a.json.ReadToken()
	}
}

// value reads the next value whole. It is valid until the next read, and nothing
// where there is none.
func (a *answer) value() []byte {
	if a.err != nil {
		return nil
	}
	value, err := a.json.ReadValue()
	if err != nil {
		a.err = err
		return nil
	}
	return value
}

// end sees to it that nothing follows the value that was read. Only what came to its end
// is known to be whole: what is compressed bears its checksum there.
func (a *answer) end() {
	if a.err != nil {
		return
	}
	if a.kind() != 0 {
		a.err = ErrNotJSON
		return
	}
	if a.token(); a.over() || errors.Is(a.err, ErrNoLength) {
		a.err = nil
	}
}

// over tells whether the body has come to its end.
func (a *answer) over() bool { return errors.Is(a.err, io.EOF) }

// problem says what stopped the reading, in our words: a syntax error would quote the
// body.
func (a *answer) problem() error {
	if a.err == nil {
		return nil
	}
	err := a.err
	if read := a.limit.err; read != nil && errors.Is(err, read) {
		err = read // of which jsontext makes a syntax error, in the middle of a value
	}
	for _, known := range []error{ErrTooLarge, ErrNotData, ErrNoLength} {
		if errors.Is(err, known) {
			return known
		}
	}
	syntax := (*jsontext.SyntacticError)(nil)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.Is(err, ErrNotJSON), errors.As(err, &syntax):
		return ErrNotJSON
	}
	return fmt.Errorf("%w: %w", ErrTruncated, quiet{err})
}

// read sends one GET and hands the body of a successful answer to f.
func (c *Client) read(ctx context.Context, client *http.Client, endpoint string, query url.Values, f func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(withEndpoint(ctx, endpoint), c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpointURL(endpoint, query).String(), nil)
	if err != nil {
		return requestError(endpoint, err)
	}
	return c.send(client, endpoint, request, f)
}

// send sends one request and hands the body of a successful answer to f. Its error tells
// nothing secret, whoever repeats it.
func (c *Client) send(client *http.Client, endpoint string, request *http.Request, f func(io.Reader) error) error {
	if err := c.exchange(client, endpoint, request, f); err != nil {
		return c.secrets.hide(err)
	}
	return nil
}

func (c *Client) exchange(client *http.Client, endpoint string, request *http.Request, f func(io.Reader) error) error {
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return requestError(endpoint, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	if response.StatusCode != http.StatusOK {
		return responseError(endpoint, response, c.secrets.all())
	}
	if page(response) {
		return &BodyError{Endpoint: endpoint, Err: ErrNotData}
	}
	return f(&limitedBody{ctx: request.Context(), body: response.Body, left: c.limits.Bytes, unmarked: unmarked(response)})
}

// unmarked tells whether the end of a body looks like the loss of the connection: HTTP/1
// lets an answer end so that announces no length and is not in chunks. One that the
// transport has decompressed has its end in itself.
func unmarked(response *http.Response) bool {
	return response.ProtoMajor < 2 && response.ContentLength < 0 && len(response.TransferEncoding) == 0 && !response.Uncompressed
}

// readObject sends one GET and calls set with each member of the object it is
// answered with, in the manner of a record.
func (c *Client) readObject(ctx context.Context, client *http.Client, endpoint string, set func(s *scanner, name []byte)) error {
	return c.read(ctx, client, endpoint, nil, c.object(endpoint, set))
}

// object reads a body that is one object.
func (c *Client) object(endpoint string, set func(s *scanner, name []byte)) func(io.Reader) error {
	return func(body io.Reader) error {
		in, s := newAnswer(body, c.limits.Record), newScanner()
		s.take(in.value())
		s.members(func(name []byte) { set(s, name) })
		in.end()
		if err := in.problem(); err != nil {
			return &BodyError{Endpoint: endpoint, Err: err}
		}
		return nil
	}
}

// limitedBody is the body up to a limit, and an error beyond. The end of one that is
// unmarked is an error, too, and so is the end of one whose request was given up: a
// console that notices that may end its answer in due form where it stands, and be read
// before the connection is closed.
type limitedBody struct {
	ctx      context.Context // the request's
	body     io.Reader
	left     int64
	unmarked bool
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	n, err := l.body.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLarge
	}
	if errors.Is(err, io.EOF) {
		switch givenUp := l.ctx.Err(); {
		case givenUp != nil:
			err = givenUp
		case l.unmarked:
			err = ErrNoLength
		}
	}
	return n, err
}
