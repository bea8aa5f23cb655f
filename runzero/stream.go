package runzero

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Limits bounds an answer. What is beyond is an error, not silently left out.
type Limits struct {
	Bytes   int64 // of an answer, decompressed; default 8 GiB
	Record  int64 // bytes of one record; default 16 MiB
	Records int64 // of an export, over all pages; default 50 million
	Pages   int   // default 10,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 8 << 30
	}
	if l.Record == 0 {
		l.Record = 16 << 20
	}
	if l.Records == 0 {
		l.Records = 50_000_000
	}
	if l.Pages == 0 {
		l.Pages = 10_000
	}
	return l
}

// record is a type of row. Its methods are on a pointer, so that one row can be
// read into the memory of the last.
type record[T any] interface {
	*T
	// reset forgets the last row.
	reset()
	// set reads the value of one member, or skips it.
	set(s *scanner, name []byte)
	// identity returns the row's id and organization, empty where the row has none.
	identity() (id, organization string)
}

// export says what to ask for.
type export struct {
	endpoint     string
	plural       string // the member that holds the rows of a page object
	organization string // whose rows these must be; empty checks nothing
	query        url.Values
}

// stream asks for an export and yields its rows as they arrive. It reads one object
// a line, a bare array, and pages of rows with a cursor: which one comes depends on
// the console's age as much as on the request. An error is the last thing it yields,
// and then what came before is not the whole.
func stream[T any, R record[T]](ctx context.Context, c *Client, e export) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var row T
		query := url.Values{} // its own: the sequence begins at the first page each time
		maps.Copy(query, e.query)
		p := parser[T, R]{row: &row, export: e, limits: c.limits, yield: yield}
		cursors := map[string]bool{}
		for page := 1; ; page++ {
			err := c.read(ctx, c.private, e.endpoint, query, p.body)
			if p.stopped {
				return
			}
			if err == nil && p.cursor != "" {
				switch {
				case cursors[p.cursor]:
					err = &BodyError{Endpoint: e.endpoint, Err: ErrCursor}
				case page >= c.limits.Pages:
					err = &BodyError{Endpoint: e.endpoint, Err: fmt.Errorf("%w: more than %d pages", ErrTooLarge, c.limits.Pages)}
				}
			}
			if err != nil {
				yield(*new(T), err)
				return
			}
			if p.cursor == "" {
				return
			}
			cursors[p.cursor] = true
			query.Set("start_key", p.cursor)
		}
	}
}

// organizationRows streams an organization's rows of one kind.
func organizationRows[T any, R record[T]](ctx context.Context, c *Client, endpoint, plural, organizationID, fields, search string) iter.Seq2[T, error] {
	query, err := c.organizationQuery(organizationID)
	if err != nil {
		return func(yield func(T, error) bool) { yield(*new(T), requestError(endpoint, err)) }
	}
	if fields != "" {
		query.Set("fields", fields)
	}
	if search != "" {
		query.Set("search", search)
	}
	return stream[T, R](ctx, c, export{endpoint: endpoint, plural: plural, organization: organizationID, query: query})
}

// collect reads a short export whole.
func collect[T any, R record[T]](ctx context.Context, c *Client, e export) ([]T, error) {
	var rows []T
	for row, err := range stream[T, R](ctx, c, e) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// parser reads the bodies of one export.
type parser[T any, R record[T]] struct {
	row     R
	export  export
	limits  Limits
	yield   func(T, error) bool
	records int64
	cursor  string
	stopped bool // the consumer wants no more
}

var errStopped = errors.New("no more rows wanted")

// body reads one answer. The rows it yields are checked one by one; what it returns
// is what was wrong with the next.
func (p *parser[T, R]) body(body io.Reader) error {
	p.cursor = ""
	s := newScanner(body, p.limits.Record)
	err := p.values(s)
	if errors.Is(err, errStopped) {
		p.stopped = true
		return nil
	}
	if err == nil {
		return nil
	}
	at := int(p.records) + 1
	if errors.Is(err, ErrNotData) {
		at = 0
	}
	return &BodyError{Endpoint: p.export.endpoint, Record: at, Err: err}
}

func (p *parser[T, R]) values(s *scanner) error {
	for {
		switch s.kind() {
		case '{':
			if err := p.object(s, true); err != nil {
				return err
			}
		case '[':
			if err := p.array(s); err != nil {
				return err
			}
		case 'n':
			s.skip() // null: nothing to tell
		case 0:
			s.token()
			if errors.Is(s.err, io.EOF) {
				return nil
			}
			return s.problem()
		default:
			return ErrNotRecord
		}
	}
}

func (p *parser[T, R]) array(s *scanner) error {
	s.token()
	for s.kind() != ']' {
		switch s.kind() {
		case '{':
			if err := p.object(s, false); err != nil {
				return err
			}
		case 0:
			s.token()
			return s.problem()
		default:
			return ErrNotRecord
		}
	}
	s.token()
	return s.problem()
}

// object reads a row, or, at the top, perhaps a page of rows.
func (p *parser[T, R]) object(s *scanner, top bool) error {
	p.row.reset()
	s.token()
	page := false
	for {
		name, more := s.name()
		if !more {
			break
		}
		switch {
		case top && string(name) == p.export.plural:
			switch s.kind() {
			case '[':
				page = true
				if err := p.array(s); err != nil {
					return err
				}
			case 'n':
				page = true
				s.skip()
			default:
				s.skip()
			}
		case top && string(name) == "next_key":
			p.cursor = s.text()
		default:
			p.row.set(s, name)
		}
	}
	if s.err != nil {
		return s.problem()
	}
	s.limit.n = 0
	if page {
		return nil
	}
	if top {
		p.cursor = ""
	}
	id, organization := p.row.identity()
	if id == "" {
		return ErrNotRecord
	}
	if want := p.export.organization; want != "" && organization != "" && organization != want && !strings.EqualFold(organization, want) {
		return ErrForeign
	}
	if p.records >= p.limits.Records {
		return fmt.Errorf("%w: more than %d records", ErrTooLarge, p.limits.Records)
	}
	p.records++
	if !p.yield(*p.row, nil) {
		return errStopped
	}
	return nil
}

// read sends one GET and hands the body of a successful answer to f.
func (c *Client) read(ctx context.Context, client *http.Client, endpoint string, query url.Values, f func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(withEndpoint(ctx, endpoint), c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpointURL(endpoint, query).String(), nil)
	if err != nil {
		return requestError(endpoint, err)
	}
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
		return responseError(endpoint, response)
	}
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media == "text/html" {
		return &BodyError{Endpoint: endpoint, Err: ErrNotData}
	}
	return f(&limitedBody{body: response.Body, left: c.limits.Bytes})
}

// limitedBody is the body up to a limit, and an error beyond.
type limitedBody struct {
	body io.Reader
	left int64
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	n, err := l.body.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

// pageQuery asks for the first rows of an export and no more.
func pageQuery(query url.Values, rows int) url.Values {
	query.Set("page_size", strconv.Itoa(rows))
	return query
}
