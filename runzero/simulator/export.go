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
	// paged is whether the .json form has pages, whole whether records come with
	// all their fields whatever is asked for (both documented).
	paged, whole bool
	// hidden records are left out unless the search speaks of them; nil: none.
	hidden func(T) bool
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
			for range matching(e.records(v, o, 0), e.listed(nil, nil)) {
				n++
			}
			return n
		},
	}
}

func (e *export[T]) serve(q *request) {
	query, match, ok := search(q, e.keywords)
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
	var names []string
	if !e.whole {
		names = splitFields(q.r.URL.Query().Get("fields"))
	}
	send(q, l, matching(e.records(q.view, q.org, from), e.listed(query, match)), e.write(q.view, names))
}

// listed says which records an answer has.
func (e *export[T]) listed(query *expr, match func(T) bool) func(T) bool {
	if e.hidden == nil || query.mentions("hidden") {
		return match
	}
	return func(rec T) bool { return !e.hidden(rec) && (match == nil || match(rec)) }
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
		"assets":          exporting(export[*asset]{keywords: assetKeywords(), records: (*view).assets, write: assetWriter(c.assetFields), paged: true}),
		"services":        exporting(export[*service]{keywords: serviceKeywords(), records: perAsset((*service).fill), write: table(serviceFields(c.assetFields)), paged: true}),
		"software":        exporting(export[*software]{keywords: softwareKeywords(), records: perAsset((*software).fill), write: table(softwareFields(c.assetFields)), paged: true}),
		"vulnerabilities": exporting(export[*vulnerability]{keywords: vulnerabilityKeywords(), records: perAsset((*vulnerability).fill), write: table(vulnerabilityFields(c.assetFields)), paged: true}),
		"wireless":        exporting(export[*wireless]{keywords: wirelessKeywords(), records: (*view).wireless, write: table(wirelessFields()), paged: true}),
		"certificates": exporting(export[*certificate]{keywords: certificateKeywords(), records: perAsset((*certificate).fill), write: table(certificateFields()), whole: true,
			hidden: (*certificate).hidden}),
		"users":    exporting(export[*person]{keywords: personKeywords(), records: (*view).people, write: table(personFields())}),
		"groups":   exporting(export[*group]{keywords: groupKeywords(), records: (*view).groups, write: table(groupFields())}),
		"findings": exporting(export[row]{keywords: findingKeywords(), records: listing((*view).findingRows), write: rowWriter, whole: true}),
		"sites":    exporting(export[row]{keywords: rowKeywords(), records: listing((*view).siteRows), write: rowWriter}),
		"tasks":    exporting(export[*task]{keywords: taskKeywords(), records: (*view).taskRecords, write: taskWriter(c.listFields)}),
	}
}

// table writes records by a table of fields.
func table[T any](fields []field[T]) func(*view, []string) func([]byte, T) []byte {
	return func(_ *view, names []string) func([]byte, T) []byte {
		some := project(fields, names)
		return func(b []byte, rec T) []byte { return appendRecord(b, rec, some) }
	}
}

// listing walks records of which there are few; they have no pages.
func listing[T any](list func(*view, *org) []T) func(*view, *org, int) iter.Seq2[int, T] {
	return func(v *view, o *org, _ int) iter.Seq2[int, T] { return slices.All(list(v, o)) }
}

// perSlot is more than an asset ever has of anything.
const perSlot = 1 << 16

// perAsset walks the records of which each asset has some. fill makes the i-th
// of an asset and reports false when there is none.
func perAsset[T any](fill func(rec *T, a *asset, i int) bool) func(*view, *org, int) iter.Seq2[int, *T] {
	return func(v *view, o *org, from int) iter.Seq2[int, *T] {
		return func(yield func(int, *T) bool) {
			slot, i := from/perSlot, from%perSlot
			var rec T
			for at, a := range v.assets(o, slot) {
				if at != slot {
					i = 0
				}
				for ; fill(&rec, a, i); i++ {
					if !yield(at*perSlot+i, &rec) {
						return
					}
				}
			}
		}
	}
}
