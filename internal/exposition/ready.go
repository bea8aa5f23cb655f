package exposition

import (
	"bytes"
	"errors"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// The encodings of HTTP.
const (
	identity = iota
	gzipped
	zstded
	encodings
)

// form is a format in an encoding.
type form int

const forms = formats * encodings

func formOf(format, encoding int) form { return form(format*encodings + encoding) }
func (f form) format() int             { return int(f) / encodings }
func (f form) encoding() int           { return int(f) % encodings }

// unused is how long a form stays in memory after it was last requested.
const unused = 15 * time.Minute

// demand is what scrapers request, and what it takes to make it. All views of a Merger share it.
type demand struct {
	requested [forms]atomic.Bool // since the last publication
	last      [forms]time.Time   // the Merger's alone; zero: not in memory
	buffers   sync.Pool          // of *bytes.Buffer
	deflaters sync.Pool          // of *flate.Writer
	zstd      func() (*zstd.Encoder, error)
}

func newDemand() *demand {
	return &demand{
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
		zstd: sync.OnceValues(func() (*zstd.Encoder, error) {
			return zstd.NewWriter(nil, zstd.WithWindowSize(zstdWindow))
		}),
	}
}

const (
	deflateLevel = 6
	zstdWindow   = 128 << 10
	// pooledBuffer bounds the buffers that are kept.
	pooledBuffer = 1 << 20
)

// release removes forms from pages that nobody has requested for a while.
func (d *demand) release(now time.Time, pages []*page) {
	for f := range d.last {
		switch {
		case d.requested[f].Swap(false):
			d.last[f] = now
		case !d.last[f].IsZero() && now.Sub(d.last[f]) > unused:
			d.last[f] = time.Time{}
			for _, p := range pages {
				p.ready[f].Store(nil)
			}
		}
	}
}

func (d *demand) buffer() *bytes.Buffer {
	b := d.buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func (d *demand) put(b *bytes.Buffer) {
	if b.Cap() <= pooledBuffer {
		d.buffers.Put(b)
	}
}

// compress returns raw, compressed so that it can be followed by more.
func (d *demand) compress(encoding int, raw []byte) ([]byte, error) {
	out := d.buffer()
	defer d.put(out)
	switch encoding {
	case gzipped:
		w, _ := d.deflaters.Get().(*flate.Writer)
		if w == nil {
			var err error
			if w, err = flate.NewWriter(nil, deflateLevel); err != nil {
				return nil, err
			}
		}
		defer d.deflaters.Put(w)
		w.Reset(out)
		if _, err := w.Write(raw); err != nil {
			return nil, err
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		return bytes.Clone(out.Bytes()), nil
	case zstded:
		encoder, err := d.zstd()
		if err != nil {
			return nil, err
		}
		return bytes.Clone(encoder.EncodeAll(raw, out.AvailableBuffer())), nil
	default:
		return bytes.Clone(raw), nil
	}
}

// ready is a page in the forms that were requested.
type ready [forms]atomic.Pointer[encoded]

// encoded is a page in one form.
type encoded struct {
	data                 []byte
	size                 int    // uncompressed
	crc                  uint32 // of what is uncompressed
	following, continued int    // as encode has them; 0 if no message can be torn
}

// begins reports whether a family begins on the page.
func (p *page) begins() bool {
	first, last := p.chunks[0].key, p.chunks[len(p.chunks)-1].key
	return first.isHead() || first.family() != last.family()
}

// in returns the page in a form. following is that of encode.
func (p *page) in(f form, c *catalogue, d *demand, following int) (*encoded, error) {
	if f.format() != delimited || !p.begins() {
		following = 0
	}
	if e := p.ready[f].Load(); e != nil && e.following == following {
		return e, nil
	}
	e := &encoded{following: following}
	raw := d.buffer()
	defer d.put(raw)
	var err error
	if e.continued, err = p.encode(raw, c, f.format(), following); err != nil {
		return nil, err
	}
	e.size, e.crc = raw.Len(), crc32.ChecksumIEEE(raw.Bytes())
	if e.data, err = d.compress(f.encoding(), raw.Bytes()); err != nil {
		return nil, err
	}
	p.ready[f].Store(e)
	return e, nil
}

// static is the part of a view that changes with polls only, in one form.
type static struct {
	once   sync.Once
	pieces [][]byte
	length int    // of all pieces
	size   int    // uncompressed
	crc    uint32 // of what is uncompressed
	err    error
}

// in returns the view without live families in a form. The first scrape of a form makes it, and others wait.
func (v *View) in(f form) (*static, error) {
	v.demand.requested[f].Store(true)
	s := &v.static[f]
	s.once.Do(func() {
		s.err = errors.New("making the exposition has panicked")
		s.err = s.make(v, f)
	})
	return s, s.err
}

func (s *static) make(v *View, f form) error {
	pages := make([]*encoded, len(v.pages))
	following := 0
	for i, p := range slices.Backward(v.pages) {
		e, err := p.in(f, v.catalogue, v.demand, following)
		if err != nil {
			return err
		}
		if pages[i] = e; p.begins() {
			following = 0
		}
		following += e.continued
	}
	for _, e := range pages {
		s.pieces = append(s.pieces, e.data)
		s.length += len(e.data)
		s.crc = joinCRC(s.crc, e.crc, e.size)
		s.size += e.size
	}
	return nil
}

// joinCRC returns the CRC-32 of two texts together from their own, and the length of the second.
func joinCRC(first, second uint32, length int) uint32 {
	var zeros [4 << 10]byte
	for first = ^first; length > 0; length -= len(zeros) {
		first = crc32.Update(first, crc32.IEEETable, zeros[:min(length, len(zeros))])
	}
	return ^first ^ second
}
