package simulator

import (
	"iter"
	"path"
	"slices"
	"strings"
)

// export is one kind of record as the export API has it.
type export[T any] struct {
	keywords keywords[T]
	// records are an organization's, in an order that holds while the world
	// moves: each has a position, which grows, and the walk begins at from.
	records func(v *view, o *org, from int) iter.Seq2[int, T]
	// write makes what appends a record, or the fields of it that are asked for.
	write func(v *view, names []string) func([]byte, T) []byte
	paged bool // whether the .json form has pages (documented)
}

// exporter is an export whatever its records.
type exporter struct {
	serve func(*request)
	count func(*view, *org) int
}

func exporting[T any](e export[T]) exporter {
	return exporter{
		serve: e.serve,
		count: func(v *view, o *org) (n int) {
			for range e.records(v, o, 0) {
				n++
			}
			return n
		},
	}
}

func (e *export[T]) serve(q *request) {
	match, ok := search(q, e.keywords)
	if !ok {
		return
	}
	name, form, _ := strings.Cut(path.Base(q.r.URL.Path), ".")
	l, from := layout{plural: name, lines: form == "jsonl"}, 0
	if e.paged && !l.lines {
		if l.size, from, ok = q.page(); !ok {
			return
		}
	}
	names := splitFields(q.r.URL.Query().Get("fields"))
	send(q, l, matching(e.records(q.view, q.org, from), match), e.write(q.view, names))
}

func matching[T any](records iter.Seq2[int, T], match func(T) bool) iter.Seq2[int, T] {
	if match == nil {
		return records
	}
	return func(yield func(int, T) bool) {
		for at, rec := range records {
			if match(rec) && !yield(at, rec) {
				return
			}
		}
	}
}

// buildExports is the table of all exports.
func (c *Console) buildExports() {
	c.exports = map[string]exporter{
		"assets": exporting(export[*asset]{keywords: assetKeywords(), records: (*view).assets, write: assetWriter(c.assetFields), paged: true}),
		"sites":  exporting(export[row]{keywords: rowKeywords(), records: listing((*view).siteRows), write: rowWriter}),
		"tasks":  exporting(export[*task]{keywords: taskKeywords(), records: (*view).taskRecords, write: taskWriter(c.listFields)}),
	}
}

// listing walks records of which there are few; they have no pages.
func listing[T any](list func(*view, *org) []T) func(*view, *org, int) iter.Seq2[int, T] {
	return func(v *view, o *org, _ int) iter.Seq2[int, T] { return slices.All(list(v, o)) }
}
