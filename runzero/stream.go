package runzero

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strings"
)

// Limits bounds a response. More than that is an error, never silently dropped.
type Limits struct {
	Bytes   int64 // of a response, decompressed; default 8 GiB
	Record  int64 // bytes of one record; default 16 MiB
	Records int64 // of an export, over all pages; default 50 million
	Pages   int   // of an export; default 10,000
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Bytes: cmp.Or(l.Bytes, 8<<30), Record: cmp.Or(l.Record, 16<<20),
		Records: cmp.Or(l.Records, 50_000_000), Pages: cmp.Or(l.Pages, 10_000),
	}
}

// record is a type of row. Its methods have pointer receivers, so that each row can be read into the memory of the
// last.
type record[T any] interface {
	*T
	fields() fields
	// identity returns the row's id and organization, each empty if the row has none.
	identity() (id, organization string)
}

// export is a request for rows.
type export struct {
	endpoint     string
	plural       string // the member that holds the rows of a page
	organization string // that the rows must belong to; empty: any
	most         int64  // rows; 0: as many as the limits allow
	query        url.Values
	wanted       []string // names that users chose, of the members to read of free-form objects
}

// stream requests an export and yields its rows as they arrive. It reads JSON lines, a bare array, and pages with a
// cursor: which one comes depends on the console's version as much as on the request. An error is the last thing it
// yields, and means that the rows before are incomplete.
func stream[T any, R record[T]](ctx context.Context, c *Client, e export) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var row T
		query := url.Values{} // a copy: each iteration starts at the first page
		maps.Copy(query, e.query)
		p := parser[T, R]{row: &row, fields: R(&row).fields(), export: e, limits: c.limits, yield: yield, lex: newLexer()}
		p.lex.wanted = e.wanted
		if e.most > 0 {
			p.limits.Records = min(p.limits.Records, e.most)
		}
		cursors := map[string]bool{}
		for page := 1; ; page++ {
			err := p.page(ctx, c, query)
			switch {
			case err != nil:
			case p.stopped:
				return
			case p.cursor == "":
				countListed(ctx, e.endpoint, p.records)
				return
			case cursors[p.cursor]:
				err = &BodyError{Endpoint: e.endpoint, Err: ErrCursorLoop}
			case page >= c.limits.Pages:
				err = &BodyError{Endpoint: e.endpoint, Err: fmt.Errorf("%w: more than %d pages", ErrTooLarge, c.limits.Pages)}
			}
			if err != nil {
				yield(*new(T), err)
				return
			}
			cursors[p.cursor] = true
			query.Set("start_key", p.cursor)
		}
	}
}

// organizationRows streams an organization's rows of one kind.
func organizationRows[T any, R record[T]](ctx context.Context, c *Client, endpoint, plural, organizationID, fields, search string, wanted ...string) iter.Seq2[T, error] {
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
	return stream[T, R](ctx, c, export{endpoint: endpoint, plural: plural, organization: organizationID, query: query, wanted: wanted})
}

// collect reads a short export into a list.
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
	fields  fields
	export  export
	limits  Limits
	yield   func(T, error) bool
	in      *bodyReader
	lex     *lexer
	name    []byte // of a member, copied because reading its value overwrites it
	records int64
	failed  bool   // the object that is being read reports an error, unless it is a row
	parsed  bool   // there was a body
	cursor  string // of the next page; empty: there is none
	lines   bool   // the objects at the top are rows, not pages
	closed  bool   // the last value at the top was an array or a page, which has an end
	stopped bool   // the consumer wants no more rows
}

var errStopped = errors.New("no more rows wanted")

// page requests one page.
func (p *parser[T, R]) page(ctx context.Context, c *Client, query url.Values) error {
	p.parsed = false
	err := c.read(ctx, c.private, p.export.endpoint, query, p.parse)
	if err == nil && !p.parsed {
		err = &BodyError{Endpoint: p.export.endpoint, Err: ErrNoData}
	}
	if errors.Is(err, ErrNoData) && p.records == 0 && knownEmpty(ctx, p.export.endpoint) {
		return nil
	}
	return err
}

// parse reads one response and yields its rows. The error it returns is about the row after those.
func (p *parser[T, R]) parse(in *bodyReader) error {
	p.in, p.parsed, p.cursor, p.lines, p.closed = in, true, "", false, false
	err := p.values()
	if err == nil || p.stopped {
		return nil
	}
	record := int(p.records) + 1
	if record == 1 && (errors.Is(err, ErrNoData) || errors.Is(err, ErrReported)) {
		record = 0
	}
	return &BodyError{Endpoint: p.export.endpoint, Record: record, Err: err}
}

// values reads the values at the top of the body.
func (p *parser[T, R]) values() error {
	for first := true; ; first = false {
		var err error
		switch p.in.kind() {
		case '{':
			if p.lines {
				err = p.object()
			} else {
				err = p.rowOrPage()
			}
		case '[':
			p.closed = true
			err = p.array()
		case 'n':
			if p.in.value(); p.in.err != nil {
				return p.in.problem()
			}
			return ErrNoData
		case 0:
			p.in.skipToken()
			switch {
			case !p.in.atEnd() || !p.closed && p.in.body.unframed:
				return p.in.problem()
			case first && !strings.HasSuffix(p.export.endpoint, ".jsonl"): // where it is how no rows are written
				return ErrNoData
			}
			return nil
		default:
			return ErrNotRecord
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser[T, R]) array() error {
	p.in.skipToken()
	for p.in.kind() == '{' {
		if err := p.object(); err != nil {
			return err
		}
	}
	if end := p.in.kind(); end != ']' && end != 0 {
		return ErrNotRecord
	}
	p.in.skipToken()
	return p.in.problem()
}

// object reads a row.
func (p *parser[T, R]) object() error {
	*p.row, p.failed = *new(T), false
	value := p.in.value()
	p.lex.take(value)
	p.lex.object(p.fields)
	if id, _ := p.row.identity(); id == "" {
		p.lex.take(value)
		p.lex.members(p.noteFailure)
	}
	return p.endObject(true)
}

// rowOrPage reads an object that may be a row or a page of rows. It does so member by member, because a page need not
// fit into memory.
func (p *parser[T, R]) rowOrPage() error {
	*p.row, p.failed = *new(T), false
	p.in.skipToken()
	page, null := false, false
	for p.in.kind() == '"' {
		p.lex.take(p.in.value())
		p.name = append(p.name[:0], p.lex.bytes()...)
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
		value := p.in.value()
		p.lex.take(value)
		p.noteFailure(p.name)
		p.lex.take(value)
		switch string(p.name) {
		case p.export.plural:
		case "next_key":
			p.cursor = p.lex.text()
		default:
			p.fields.set(p.lex, p.name)
		}
	}
	p.in.skipToken() // the end of the object, or the error
	if null && !page {
		// A row of services joins its asset, which has a member "services" as well.
		id, _ := p.row.identity()
		page = id == ""
	}
	if !page && p.in.err == nil {
		p.cursor, p.lines = "", true
	}
	p.closed = page
	return p.endObject(!page)
}

// endObject checks and yields the object that was read, if it is a row.
func (p *parser[T, R]) endObject(row bool) error {
	if p.in.err != nil {
		return p.in.problem()
	}
	p.in.body.nextRecord()
	id, organization := p.row.identity()
	switch {
	case p.failed && (!row || id == ""):
		return ErrReported
	case !row:
		return nil
	case id == "":
		return ErrNotRecord
	}
	if ofAnother(organization, p.export.organization) {
		return ErrWrongOrganization
	}
	if p.records >= p.limits.Records {
		return fmt.Errorf("%w: more than %d records", ErrTooLarge, p.limits.Records)
	}
	p.records++
	if p.stopped = !p.yield(*p.row, nil); p.stopped {
		return errStopped
	}
	return nil
}

// ofAnother reports whether a row belongs to another organization than the one requested.
func ofAnother(organization, requested string) bool {
	return requested != "" && organization != "" && organization != requested && !strings.EqualFold(organization, requested)
}
