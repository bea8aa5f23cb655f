package simulator

import (
	"iter"
	"strings"
)

// exporter is one export, whatever its records are.
type exporter struct {
	serve func(*request)
	count func(*view, *org) int
}

// export is one kind of record of the export API.
type export[T any] struct {
	fields []field[T]
	// records are an organization's, in an order that does not change while the world
	// does: each has a position, which grows. from is the first position wanted.
	records func(v *view, o *org, from int) iter.Seq2[int, T]
	// paged: the .json form has pages. whole: records are complete whatever the fields
	// parameter says (both documented).
	paged, whole bool
	// hidden records are listed only if the search names the field hidden; nil: none are.
	hidden func(T) bool
}

func exporting[T any](e export[T]) exporter {
	return exporter{
		serve: func(q *request) {
			l, ok := q.layout(e.paged)
			if !ok {
				return
			}
			if e.whole {
				l.fields = nil
			}
			records := e.records(q.view, q.org, l.from)
			if !strings.Contains(strings.ToLower(q.r.URL.Query().Get("search")), "hidden:") {
				records = matching(records, e.listed())
			}
			respond(q, l, e.fields, records)
		},
		count: func(v *view, o *org) (n int) {
			for range matching(e.records(v, o, 0), e.listed()) {
				n++
			}
			return n
		},
	}
}

// listed matches what a response without a search lists.
func (e *export[T]) listed() func(T) bool {
	if e.hidden == nil {
		return nil
	}
	return func(rec T) bool { return !e.hidden(rec) }
}

// exportingRows is the export of records that are few.
func exportingRows(rows func(*view, *org) []row, whole bool) exporter {
	return exporter{
		serve: func(q *request) {
			l, ok := q.layout(false)
			if !ok {
				return
			}
			if whole {
				l.fields = nil
			}
			q.rows(l, rows(q.view, q.org))
		},
		count: func(v *view, o *org) int { return len(rows(v, o)) },
	}
}

func (c *Console) buildExports() {
	assets := assetFields(c.opts.StringCounts)
	c.exports = map[string]exporter{
		"assets":          exporting(export[*asset]{fields: assets, records: (*view).assets, paged: true}),
		"services":        exporting(export[*service]{fields: serviceFields(assets), records: perAsset((*service).fill), paged: true}),
		"software":        exporting(export[*software]{fields: softwareFields(assets), records: perAsset((*software).fill), paged: true}),
		"vulnerabilities": exporting(export[*vulnerability]{fields: vulnerabilityFields(assets), records: perAsset((*vulnerability).fill), paged: true}),
		"wireless":        exporting(export[*wireless]{fields: wirelessFields(), records: (*view).wireless, paged: true}),
		"certificates":    exporting(export[*certificate]{fields: certificateFields(), records: perAsset((*certificate).fill), whole: true, hidden: (*certificate).hidden}),
		"users":           exporting(export[*principal]{fields: userFields(), records: (*view).users}),
		"groups":          exporting(export[*principal]{fields: groupFields(), records: (*view).groups}),
		"tasks":           exporting(export[*task]{fields: c.taskFields, records: (*view).taskRecords}),
		"findings":        exportingRows((*view).findingRows, true),
		"sites":           exportingRows((*view).siteRows, false),
	}
}

// perSlot is more than an asset ever has of anything.
const perSlot = 1 << 16

// perAsset lists the records of which each asset has some. fill makes the i-th record of
// an asset and returns false when there is none.
func perAsset[T any](fill func(rec *T, a *asset, i int) bool) func(*view, *org, int) iter.Seq2[int, *T] {
	return func(v *view, o *org, from int) iter.Seq2[int, *T] {
		return func(yield func(int, *T) bool) {
			var rec T
			for slot, a := range v.assets(o, from/perSlot) {
				first := max(0, from-slot*perSlot)
				for i := first; fill(&rec, a, i); i++ {
					if !yield(slot*perSlot+i, &rec) {
						return
					}
				}
			}
		}
	}
}
