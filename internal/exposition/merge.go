package exposition

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Merger merges families as the catalogue defines them. It remembers what it merged last, so that merging costs what
// has changed since. It is for one goroutine.
type Merger struct {
	catalogue *catalogue
	demand    *demand
	last      *View
	seed      maphash.Seed
	owners    map[uint64]int32 // how many parts have series of an owner, by the owner's hash
	contested int              // owners, or hashes, of several parts
	populated []int32          // how many parts have series in a family, by its number
}

// NewMerger makes a Merger of the catalogue. ageOf names, by families of instants, the
// families of ages that are derived from them at each scrape.
func NewMerger(metrics []collector.Metric, ageOf map[string]string) *Merger {
	m := &Merger{catalogue: newCatalogue(metrics, ageOf), demand: newDemand(), seed: maphash.MakeSeed(), owners: map[uint64]int32{}}
	m.last, m.populated = m.newView(nil, nil), make([]int32, len(m.catalogue.families))
	return m
}

func (m *Merger) newView(health, parts []*Part) *View {
	return &View{catalogue: m.catalogue, demand: m.demand, health: health, parts: parts}
}

// Merge puts the families of all polls together: health, which describes the polls themselves, and the parts, which
// are their results. Both have a place for each poll, which is nil when there is nothing. A Part that is in the same
// place as the last time costs nothing, unless the number of places has changed. The slices must not be changed later.
//
// Every part is valid by itself, and may hold anything all the same: a cached snapshot may come from another version
// or from an editor, and while organizations are being renamed, two polls may speak of the same name. So families
// that no poll can have produced are left out, and of two parts with series of one owner the first wins: no series is
// exposed twice.
func (m *Merger) Merge(now time.Time, health, parts []*Part) *View {
	last, next := m.last, m.newView(health, parts)
	m.last = next
	m.demand.release(now, last.pages)
	afresh := len(health) != len(last.health) || len(parts) != len(last.parts)
	if afresh {
		clear(m.owners)
		m.contested = 0
		for _, p := range parts {
			m.count(p, 1)
		}
	} else {
		contested := m.contested
		edits := m.replace(nil, 0, last.health, health, true)
		edits = m.replace(edits, len(health), last.parts, parts, false)
		afresh = contested+m.contested > 0
		if next.pages = last.pages; !afresh && len(edits) > 0 {
			next.pages = edited(last.pages, sorted(edits))
		}
	}
	if afresh {
		var exposes func(int, run) bool
		if m.contested > 0 {
			first := claims{}
			exposes = func(slot int, r run) bool {
				return m.owners[maphash.Comparable(m.seed, r.owner)] < 2 || first.by(slot, r.owner)
			}
		}
		clear(m.populated)
		next.pages = repaged(last.pages, m.catalogue.chunks(health, parts, m.populated, exposes))
	}
	return next
}

// claims has the place of the part that exposes the series of an owner: the first that has any.
type claims map[owner]int

func (c claims) by(slot int, o owner) bool {
	first, taken := c[o]
	if !taken {
		c[o] = slot
	}
	return !taken || first == slot
}

// count adds n to the number of parts that have series of each owner of p.
func (m *Merger) count(p *Part, n int32) {
	for _, i := range m.catalogue.exposed(p, false) {
		for _, r := range p.runs[i] {
			if r.again {
				continue
			}
			hash := maphash.Comparable(m.seed, r.owner)
			before := m.owners[hash]
			switch after := before + n; {
			case after == 0:
				delete(m.owners, hash)
			case after == 1 && before == 2:
				m.contested--
				fallthrough
			default:
				m.owners[hash] = after
				if before == 1 && after == 2 {
					m.contested++
				}
			}
		}
	}
}

// replace appends the edits that make the parts before those of now, as long as no owner is contested.
func (m *Merger) replace(edits []*chunk, offset int, before, now []*Part, trusted bool) []*chunk {
	c := m.catalogue
	for place, p := range now {
		old, slot := before[place], place+offset
		if p == old {
			continue
		}
		for number, i := range c.exposed(old, trusted) {
			for n := 0; n*pieceSeries < len(old.families[i].Metric); n++ {
				edits = append(edits, &chunk{key: keyOf(number, slot, n)})
			}
			if m.populated[number]--; m.populated[number] == 0 {
				edits = append(edits, &chunk{key: headOf(number)})
			}
		}
		for number, i := range c.exposed(p, trusted) {
			edits = c.appendChunks(edits, number, slot, p.families[i].Metric)
			if m.populated[number]++; m.populated[number] == 1 {
				edits = append(edits, c.headChunk(number))
			}
		}
		if !trusted {
			m.count(old, -1)
			m.count(p, 1)
		}
	}
	return edits
}

// sorted sorts edits. Of several with the same key, it keeps the last.
func sorted(edits []*chunk) []*chunk {
	slices.Reverse(edits)
	slices.SortStableFunc(edits, func(a, b *chunk) int { return cmp.Compare(a.key, b.key) })
	return slices.CompactFunc(edits, func(a, b *chunk) bool { return a.key == b.key })
}

// chunks makes the chunks of everything, and counts in populated, by the number of each family, the parts that have
// series in it. exposes says which runs are exposed; nil: all.
func (c *catalogue) chunks(health, parts []*Part, populated []int32, exposes func(slot int, r run) bool) []*chunk {
	byFamily := make([][]*chunk, len(c.families))
	for slot := range len(health) + len(parts) {
		p, trusted := (*Part)(nil), slot < len(health)
		if trusted {
			p = health[slot]
		} else {
			p = parts[slot-len(health)]
		}
		for number, i := range c.exposed(p, trusted) {
			metrics := p.families[i].Metric
			if exposes != nil {
				metrics = exposed(p.runs[i], func(r run) bool { return exposes(slot, r) })
			}
			if len(metrics) == 0 {
				continue
			}
			if populated[number]++; populated[number] == 1 {
				byFamily[number] = append(byFamily[number], c.headChunk(number))
			}
			byFamily[number] = c.appendChunks(byFamily[number], number, slot, metrics)
		}
	}
	return slices.Concat(byFamily...)
}

// exposed returns the series of the runs that are wanted.
func exposed(runs []run, wanted func(run) bool) (metrics []*dto.Metric) {
	for _, r := range runs {
		if wanted(r) {
			metrics = append(metrics, r.metrics...)
		}
	}
	return metrics
}
