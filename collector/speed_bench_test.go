package collector

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	experimental "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzhttp"
)

// jsonAsset has the same fields for other decoders.
type jsonAsset struct {
	ID             string   `json:"id"`
	OrganizationID string   `json:"organization_id"`
	SiteID         string   `json:"site_id"`
	SiteName       string   `json:"site_name"`
	Type           string   `json:"type"`
	OS             string   `json:"os"`
	OSVendor       string   `json:"os_vendor"`
	OSProduct      string   `json:"os_product"`
	Risk           string   `json:"risk"`
	Criticality    string   `json:"criticality"`
	Alive          bool     `json:"alive"`
	Scanned        bool     `json:"scanned"`
	FirstSeen      int64    `json:"first_seen"`
	LastSeen       int64    `json:"last_seen"`
	EOL            int64    `json:"eol_os"`
	EOLExtended    int64    `json:"eol_os_ext"`
	Sources        []string `json:"sources"`
	Services       int64    `json:"service_count"`
	Software       int64    `json:"software_count"`
	Vulns          int64    `json:"vulnerability_count"`
}

// fetch requests an export and passes its body to read.
func fetch(tb testing.TB, transport http.RoundTripper, server *httptest.Server, read func(io.Reader) error) {
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		tb.Fatal(err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := read(response.Body); err != nil {
		tb.Fatal(err)
	}
}

// The readers decode an export, or only read it. None counts anything.

func encodingJSON(body io.Reader) error { return decode(json.NewDecoder(body).Decode) }

func experimentalJSON(body io.Reader) error {
	decoder := jsontext.NewDecoder(body, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return decode(func(asset any) error { return experimental.UnmarshalDecode(decoder, asset) })
}

func decode(next func(any) error) error {
	for {
		var asset jsonAsset
		if err := next(&asset); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func discard(body io.Reader) error {
	_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, body, make([]byte, 64<<10))
	return err
}

// serveCompressed serves a body as gzip of the usual level.
func serveCompressed(tb testing.TB, body []byte) *httptest.Server {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(body)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}))
	tb.Cleanup(server.Close)
	return server
}

// read reads the rows as a poll does, and does not count them.
func read(tb testing.TB, server *httptest.Server) {
	for _, err := range exportClient(tb, server).Assets(tb.Context(), "", "") {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkAssets runs polls, decoders and decompressors in turn. It reports the least time of each, because other
// programs disturb some, and ratios.
func BenchmarkAssets(b *testing.B) {
	const assets = 100_000
	collect := collectorOf(b, "assets", defaults())
	body := benchBody(b, collect, assets)
	plain, packed := serve(b, body), serveCompressed(b, body)
	klauspost := gzhttp.Transport(http.DefaultTransport, gzhttp.TransportEnableZstd(false))
	least := map[string]float64{}
	for b.Loop() {
		for name, run := range map[string]func(){
			"counted":       func() { poll(b, plain, collect) },
			"unpacked":      func() { poll(b, packed, collect) },
			"read":          func() { read(b, plain) },
			"encoding/json": func() { fetch(b, http.DefaultTransport, plain, encodingJSON) },
			"experimental":  func() { fetch(b, http.DefaultTransport, plain, experimentalJSON) },
			"gzip":          func() { fetch(b, http.DefaultTransport, packed, discard) },
			"klauspost":     func() { fetch(b, klauspost, packed, discard) },
		} {
			start := time.Now()
			run()
			took := float64(time.Since(start).Nanoseconds()) / assets
			if least[name] == 0 || took < least[name] {
				least[name] = took
			}
		}
	}
	for name, took := range least {
		b.ReportMetric(took, name+"-ns/asset")
	}
	for _, compared := range [][2]string{{"counted", "encoding/json"}, {"read", "experimental"}, {"unpacked", "counted"}, {"klauspost", "gzip"}} {
		b.ReportMetric(least[compared[0]]/least[compared[1]], compared[0]+"/"+compared[1])
	}
}
