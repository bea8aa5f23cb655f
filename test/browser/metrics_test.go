package browser

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// firstLive begins the part of the metrics that is another one at each scrape.
const firstLive = "# HELP go_"

// A browser reads the metrics whole, although parts of them are compressed by themselves.
func TestReadsMetrics(t *testing.T) {
	t.Parallel()
	address := state{args: []string{"--demo", "--cache.interval=24h"}}.start(t)
	response, err := http.Get(address + "metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want, _, _ := bytes.Cut(text, []byte(firstLive))
	tab := open(t, address)
	tab.run(t, chromedp.Navigate(address))
	got := evaluate[[]string](t, tab, `fetch("metrics").then(async r => [r.headers.get("content-encoding"), await r.text()])`)
	if before, _, _ := strings.Cut(got[1], firstLive); got[0] != "gzip" || before != string(want) || len(want) < 10_000 {
		t.Errorf("%s: read %d bytes, want %d", got[0], len(before), len(want))
	}
}
