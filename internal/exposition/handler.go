package exposition

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // so that promhttp offers zstd, too
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Source is a gatherer that knows which of its families have changed since the last scrape.
type Source interface {
	// Gather returns the families of the view, and then those that are live.
	prometheus.Gatherer
	// Exposition returns the same of one publication, in two parts. An error means that live families are missing.
	Exposition() (view *View, live []*dto.MetricFamily, err error)
}

// NewHandler makes a handler that answers as promhttp would with these options. If the gatherer is a Source, it writes
// bytes that are ready, and encodes live families only. Rare requests are left to promhttp: for some families by name,
// or in a rare format. So are those in which an error occurs before anything is written, so that it is counted and
// logged as any other. Then or later, errors of the connection are only logged.
func NewHandler(g prometheus.Gatherer, options promhttp.HandlerOpts) http.Handler {
	rest := promhttp.HandlerFor(g, options)
	source, ok := g.(Source)
	if !ok {
		return rest
	}
	log := options.ErrorLog
	options.Registry, options.ErrorLog = nil, nil
	h := &handler{source: source, rest: rest, log: log, negotiate: promhttp.HandlerFor(prometheus.Gatherers{}, options)}
	h.answers = map[string]*answer{}
	h.writers.New = func() any { return bufio.NewWriterSize(nil, writeSize) }
	return h
}

type handler struct {
	source Source
	rest   http.Handler
	log    promhttp.Logger // may be nil

	negotiate http.Handler
	mutex     sync.Mutex
	answers   map[string]*answer

	writers sync.Pool // of *bufio.Writer
}

// writeSize is how much is written to a connection at once.
const writeSize = 64 << 10

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := h.answer(r)
	if to.rare || r.URL.Query().Has("name[]") {
		h.rest.ServeHTTP(w, r)
		return
	}
	view, live, err := h.source.Exposition()
	if err != nil {
		h.rest.ServeHTTP(w, r)
		return
	}
	static, err := view.in(to.form)
	end := view.demand.buffer()
	defer view.demand.put(end)
	if err == nil {
		err = to.end(view.demand, end, static, live)
	}
	if err != nil {
		h.rest.ServeHTTP(w, r)
		return
	}
	for name, values := range to.header {
		w.Header()[name] = append(w.Header()[name], values...)
	}
	begin := to.begin()
	w.Header().Set("Content-Length", strconv.Itoa(len(begin)+static.length+end.Len()))
	if r.Method == http.MethodHead {
		return
	}
	out := h.writers.Get().(*bufio.Writer)
	defer h.writers.Put(out)
	out.Reset(w)
	_, _ = out.WriteString(begin)
	for _, piece := range static.pieces {
		_, _ = out.Write(piece)
	}
	_, _ = out.Write(end.Bytes())
	if err := out.Flush(); err != nil && h.log != nil {
		h.log.Println("error sending metrics:", err)
	}
	out.Reset(nil)
}

// answer is how a request is answered.
type answer struct {
	header      http.Header
	contentType expfmt.Format
	form        form
	rare        bool // in a form that is left to promhttp
}

// Requests of the same scraper have the same headers. Others must not fill the memory.
const (
	mostAnswers    = 64
	longestRequest = 1 << 10
)

// answer asks promhttp, once for the same headers.
func (h *handler) answer(r *http.Request) *answer {
	request := strings.Join(r.Header["Accept"], "\n") + "\n\n" + strings.Join(r.Header["Accept-Encoding"], "\n")
	h.mutex.Lock()
	known := h.answers[request]
	h.mutex.Unlock()
	if known != nil {
		return known
	}
	probe := headers{}
	h.negotiate.ServeHTTP(probe, r)
	a := newAnswer(http.Header(probe))
	if len(request) <= longestRequest {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		if len(h.answers) >= mostAnswers {
			clear(h.answers)
		}
		h.answers[request] = a
	}
	return a
}

// headers keeps the headers of a response, and nothing else.
type headers http.Header

func (h headers) Header() http.Header       { return http.Header(h) }
func (headers) Write(b []byte) (int, error) { return len(b), nil }
func (headers) WriteHeader(int)             {}

func newAnswer(header http.Header) *answer {
	a := &answer{header: header, contentType: expfmt.Format(header.Get("Content-Type"))}
	format, common := map[expfmt.FormatType]int{
		expfmt.TypeTextPlain: text, expfmt.TypeOpenMetrics: openMetrics, expfmt.TypeProtoDelim: delimited,
	}[a.contentType.FormatType()]
	encoding, usual := map[string]int{"": identity, "gzip": gzipped, "zstd": zstded}[header.Get("Content-Encoding")]
	a.form, a.rare = formOf(format, encoding), !common || !usual || a.contentType.Version() == expfmt.OpenMetricsVersion_2_0_0
	return a
}

// begin returns what precedes all pages.
func (a *answer) begin() string {
	if a.form.encoding() == gzipped {
		return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" // RFC 1952: without name and time, of an unknown system
	}
	return ""
}

// end writes what follows all pages: the live families, and the end of the stream.
func (a *answer) end(d *demand, to *bytes.Buffer, s *static, live []*dto.MetricFamily) error {
	raw := to
	if a.form.encoding() != identity {
		raw = d.buffer()
		defer d.put(raw)
	}
	encoder := expfmt.NewEncoder(raw, a.contentType)
	for _, f := range live {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return err
		}
	}
	switch a.form.encoding() {
	case gzipped:
		if err := flate.StatelessDeflate(to, raw.Bytes(), true, nil); err != nil {
			return err
		}
		trailer := binary.LittleEndian.AppendUint32(to.AvailableBuffer(), crc32.Update(s.crc, crc32.IEEETable, raw.Bytes()))
		to.Write(binary.LittleEndian.AppendUint32(trailer, uint32(s.size+raw.Len()))) // RFC 1952: modulo 2^32
	case zstded:
		compressed, err := d.compress(zstded, raw.Bytes())
		if err != nil {
			return err
		}
		to.Write(compressed)
	}
	return nil
}
