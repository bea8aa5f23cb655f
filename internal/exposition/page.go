package exposition

import (
	"cmp"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

// chunk is the header of a family, or some series that one part has in it. It never changes.
type chunk struct {
	key     key
	size    int           // about how long its text is
	metrics []*dto.Metric // nil, in edits: it is removed
}

// key sorts chunks as they are exposed: by family, then by part.
type key uint64

const (
	slotBits, pieceBits = 24, 20
	// pieceSeries bounds a chunk, so that no page is much larger than others.
	pieceSeries = 256
)

func keyOf(family, slot, piece int) key {
	return key(family)<<(slotBits+pieceBits) | key(slot+1)<<pieceBits | key(piece)
}

// headOf is the key of a family's header, which precedes those of its parts.
func headOf(family int) key { return keyOf(family, -1, 0) }

func (k key) family() int  { return int(k >> (slotBits + pieceBits)) }
func (k key) isHead() bool { return k == headOf(k.family()) }

func (c *chunk) compare(k key) int { return cmp.Compare(c.key, k) }

func (c *catalogue) headChunk(number int) *chunk {
	d := &c.families[number]
	return &chunk{key: headOf(number), size: 2*len(d.name) + len(d.help) + 24, metrics: d.head}
}

// appendChunks appends the series of one part in one family.
func (c *catalogue) appendChunks(to []*chunk, number, slot int, metrics []*dto.Metric) []*chunk {
	for n := 0; n*pieceSeries < len(metrics); n++ {
		piece := metrics[n*pieceSeries : min((n+1)*pieceSeries, len(metrics))]
		size := 0
		for _, m := range piece {
			line := len(c.families[number].name) + 16
			for _, label := range m.Label {
				line += len(label.GetName()) + len(label.GetValue()) + 4
			}
			if h := m.Histogram; h != nil {
				line *= len(h.Bucket) + 3
			}
			size += line
		}
		to = append(to, &chunk{keyOf(number, slot, n), size, piece})
	}
	return to
}

// Sizes of pages, as text. Of small ones there are many, and they compress badly; of a large one much is encoded again
// when little of it has changed.
const (
	smallPage  = 16 << 10
	usualPage  = 48 << 10
	largestBut = 72 << 10 // a chunk of long labels can be larger
)

// page is successive chunks, which are encoded and compressed as one. It never changes.
type page struct {
	chunks []*chunk
	size   int
	ready  *ready
}

func newPage(chunks []*chunk) *page {
	p := &page{chunks: chunks, ready: &ready{}}
	for _, c := range chunks {
		p.size += c.size
	}
	return p
}

// appendPage appends a page. Where two are small, they become one.
func appendPage(to []*page, p *page) []*page {
	if last := len(to) - 1; last >= 0 {
		if q := to[last]; min(p.size, q.size) < smallPage && p.size+q.size <= largestBut {
			to[last] = newPage(slices.Concat(q.chunks, p.chunks))
			return to
		}
	}
	return append(to, p)
}

// appendCut appends pages of these chunks.
func appendCut(to []*page, chunks []*chunk) []*page {
	total := 0
	for _, c := range chunks {
		total += c.size
	}
	each := total // in one page, or in several of about the same size
	if total > largestBut {
		each = total / ((total + usualPage - 1) / usualPage)
	}
	begin, size := 0, 0
	for i, c := range chunks {
		if size += c.size; size >= each || i == len(chunks)-1 {
			of := chunks[begin : i+1]
			if len(of) < len(chunks) {
				of = slices.Clone(of) // the rest must not stay in memory
			}
			to = appendPage(to, newPage(of))
			begin, size = i+1, 0
		}
	}
	return to
}

// edited returns pages after edits, which are sorted. Pages of which nothing changes stay.
func edited(pages []*page, edits []*chunk) []*page {
	if len(pages) == 0 {
		pages = []*page{newPage(nil)}
	}
	next := make([]*page, 0, len(pages)+1)
	for i, p := range pages {
		n := len(edits)
		if i+1 < len(pages) {
			n, _ = slices.BinarySearchFunc(edits, pages[i+1].chunks[0].key, (*chunk).compare)
		}
		chunks, same := p.edited(edits[:n])
		edits = edits[n:]
		switch {
		case n == 0:
			next = appendPage(next, p)
		case same: // the series are the same, and the old ones can leave memory
			next = appendPage(next, &page{chunks, p.size, p.ready})
		default:
			next = appendCut(next, chunks)
		}
	}
	return next
}

// edited returns the chunks after edits, and whether they are still encoded as before.
func (p *page) edited(edits []*chunk) (chunks []*chunk, same bool) {
	if len(edits) == 0 {
		return p.chunks, true
	}
	same = true
	chunks = make([]*chunk, 0, len(p.chunks)+len(edits))
	rest := p.chunks
	for _, e := range edits {
		n, exists := slices.BinarySearchFunc(rest, e.key, (*chunk).compare)
		chunks = append(chunks, rest[:n]...)
		rest = rest[n:]
		same = same && (exists && slices.EqualFunc(rest[0].metrics, e.metrics, sameSeries) || !exists && e.metrics == nil)
		if exists {
			rest = rest[1:]
		}
		if e.metrics != nil {
			chunks = append(chunks, e)
		}
	}
	return append(chunks, rest...), same
}

// sameSeries reports whether two series look the same in each format.
func sameSeries(a, b *dto.Metric) bool {
	if a == b {
		return true
	}
	sameLabel := func(x, y *dto.LabelPair) bool { return x.GetName() == y.GetName() && x.GetValue() == y.GetValue() }
	if a.Gauge == nil || b.Gauge == nil {
		return proto.Equal(a, b)
	}
	return slices.EqualFunc(a.Label, b.Label, sameLabel) && math.Float64bits(a.Gauge.GetValue()) == math.Float64bits(b.Gauge.GetValue())
}

// repaged makes pages of chunks, and keeps those pages whose chunks are all there.
func repaged(pages []*page, chunks []*chunk) (next []*page) {
	begins := make(map[*dto.Metric]*page, len(pages))
	for _, p := range pages {
		begins[p.chunks[0].metrics[0]] = p
	}
	begin := 0
	for i := 0; i < len(chunks); {
		p := begins[chunks[i].metrics[0]]
		if p == nil || len(p.chunks) > len(chunks)-i || !slices.EqualFunc(p.chunks, chunks[i:i+len(p.chunks)], (*chunk).same) {
			i++
			continue
		}
		next = appendCut(next, slices.Clone(chunks[begin:i]))
		begin = i + len(p.chunks)
		next = appendPage(next, &page{slices.Clone(chunks[i:begin]), p.size, p.ready})
		i = begin
	}
	return appendCut(next, slices.Clone(chunks[begin:]))
}

// same reports whether two chunks are the very same series of a family.
func (c *chunk) same(other *chunk) bool {
	return c.key.family() == other.key.family() && slices.Equal(c.metrics, other.metrics)
}
