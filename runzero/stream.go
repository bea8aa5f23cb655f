package runzero

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
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
	// set takes the value of one member, if it is of use.
	set(s *scanner, name []byte)
	// identity returns the row's id and organization, empty where the row has none.
	identity() (id, organization string)
}

// export says what to ask for.
type export struct {
	endpoint     string
	plural       string // the member that holds the rows of a page object
	organization string // whose rows these must be; empty checks nothing
	most         int64  // rows; 0: as many as the limits allow
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
		p := parser[T, R]{row: &row, export: e, limits: c.limits, yield: yield, scan: newScanner()}
		if e.most > 0 {
			p.limits.Records = min(p.limits.Records, e.most)
		}
		cursors := map[string]bool{}
		for page := 1; ; page++ {
			err := c.read(ctx, c.private, e.endpoint, query, p.body)
			if p.stopped {
				return
			}
			if err == nil && p.cursor != "" {
				switch {
				case cursors[p.cursor]:
					err = &BodyError{Endpoint: e.endpoint, Err: ErrCursorLoop}
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
	in      *answer
	scan    *scanner
	name    []byte // of a page's member, kept while its value is read
	records int64
	cursor  string
	rows    bool // objects at the top are rows, not pages
	closed  bool // the last value at the top holds all rows that there are
	stopped bool // the consumer wants no more
}

var errStopped = errors.New("no more rows wanted")

// body reads one answer. The rows it yields are checked one by one; what it returns
// is what was wrong with the next.
func (p *parser[T, R]) body(body io.Reader) error {
	p.cursor = ""
	p.rows, p.closed = false, false
	p.in = newAnswer(body, p.limits.Record)
	err := p.values()
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

func (p *parser[T, R]) values() error {
	for {
		var err error
		switch p.in.kind() {
		case '{':
			if p.rows {
				err = p.object()
			} else {
				err = p.first()
			}
		case '[':
			p.closed = true
			err = p.array()
		case 'n':
			p.in.value() // null: nothing to tell
		case 0:
			p.in.token()
			if p.in.over() || p.closed && errors.Is(p.in.err, ErrNoLength) {
				return nil
			}
			return p.in.problem()
		default:
			return ErrNotRecord
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser[T, R]) array() error {
	p.in.token()
	for p.in.kind() != ']' {
		switch p.in.kind() {
		case '{':
			if err := p.object(); err != nil {
				return err
			}
		case 0:
			p.in.token()
			return p.in.problem()
		default:
			return ErrNotRecord
		}
	}
	p.in.token()
	return p.in.problem()
}

// object reads a row.
func (p *parser[T, R]) object() error {
	p.row.reset()
	p.scan.take(p.in.value())
	p.scan.members(func(name []byte) { p.row.set(p.scan, name) })
	return p.done(true)
}

// first reads an object that may be a row or a page of rows, member by member: a page
// would not fit into memory.
func (p *parser[T, R]) first() error {
	p.row.reset()
	p.in.token()
	page, null := false, false
	for p.in.kind() == '"' {
		p.scan.take(p.in.value())
		p.name = append(p.name[:0], p.scan.bytes()...)
		if string(p.name) == p.export.plural {
			kind := p.in.kind()
			page, null = page || kind == '[', null || kind == 'n'
			if kind == '[' {
				if err := p.array(); err != nil {
					return err
				}
				continue
			}
		}
		p.scan.take(p.in.value())
		switch string(p.name) {
		case p.export.plural:
		case "next_key":
			p.cursor = p.scan.text()
		default:
			p.row.set(p.scan, p.name)
		}
	}
	p.in.token() // the end of the object, or the error
	if null && !page {
		// A service joins its asset, which has a member of that name as well.
		id, _ := p.row.identity()
		page = id == ""
	}
	if !page && p.in.err == nil {
		p.cursor = ""
		p.rows = true
	}
	p.closed = page
	return p.done(!page)
}

// done ends an object, which, if it was a row, is checked and yielded.
func (p *parser[T, R]) done(row bool) error {
	if p.in.err != nil {
		return p.in.problem()
	}
	p.in.limit.n = 0
	if !row {
		return nil
	}
	id, organization := p.row.identity()
	if id == "" {
		return ErrNotRecord
	}
	if foreign(organization, p.export.organization) {
		return ErrWrongOrganization
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

// foreign tells whether a row says that it is of another organization than the one
// asked for.
func foreign(organization, want string) bool {
	return want != "" && organization != "" && organization != want && !strings.EqualFold(organization, want)
}

// pageQuery asks for the first rows of an export and no more.
func pageQuery(query url.Values, rows int) url.Values {
	query.Set("page_size", strconv.Itoa(rows))
	return query
}
