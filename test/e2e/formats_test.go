//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// firstLive begins the part of an exposition that is another one at each scrape.
const firstLive = "# HELP go_"

// settledPart is the part of an exposition that polls alone change.
func settledPart(t *testing.T, text []byte) string {
	t.Helper()
	settled, _, found := bytes.Cut(text, []byte(firstLive))
	if !found || bytes.Count(settled, []byte("\n")) < 500 {
		t.Fatalf("%d bytes of an exposition that is too short or has no end", len(text))
	}
	return string(settled)
}

// What is compressed in parts is one whole stream to those who read it.
func TestCurlReadsEachForm(t *testing.T) {
	t.Parallel()
	console, env := startConsole(t, 3, 100, unlimited)
	_, base := startReady(t, env, "--runzero.url="+console, "--cache.interval=24h")
	for _, accept := range []string{"text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"} {
		want := settledPart(t, get(t, base+"/metrics", "Accept", accept).body)
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			// With the option, curl decompresses what comes; the header replaces its own.
			got := []byte(run(t, "curl", "--silent", "--show-error", "--fail", "--compressed", "-H", "Accept-Encoding: "+encoding, "-H", "Accept: "+accept, base+"/metrics"))
			if settledPart(t, got) != want {
				t.Errorf("%s, %s: curl reads something else", accept, encoding)
			}
			if openMetrics := strings.Contains(accept, "openmetrics"); bytes.Count(got, []byte("# EOF\n")) == 1 != openMetrics || bytes.HasSuffix(got, []byte("# EOF\n")) != openMetrics {
				t.Errorf("%s, %s: ends with %q", accept, encoding, got[max(len(got)-40, 0):])
			}
		}
	}
	text := run(t, "curl", "--silent", "--show-error", "--head", "-H", "Accept-Encoding: gzip", base+"/metrics")
	for _, header := range []string{"Content-Encoding: gzip", "Content-Length: "} {
		if !strings.Contains(text, header) {
			t.Errorf("HEAD has no %s: %s", header, text)
		}
	}
}

// Prometheus finds the same in each format that it can ask for.
func TestPrometheusReadsEachFormat(t *testing.T) {
	t.Parallel()
	console, env := startConsole(t, 3, 100, unlimited)
	_, base := startReady(t, env, "--runzero.url="+console, "--cache.interval=24h")
	lines, names := 0, map[string]bool{}
	for line := range strings.Lines(settledPart(t, get(t, base+"/metrics").body)) {
		if !strings.HasPrefix(line, "#") {
			lines++
			names[line[:strings.IndexAny(line, "{ ")]] = true
		}
	}
	for _, v := range versions(t) {
		t.Run(v.name, func(t *testing.T) {
			protocols := []string{"PrometheusProto", "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText0.0.4"}
			if strings.HasPrefix(v.name, "version 2.4") {
				protocols = []string{""} // it asks for OpenMetrics
			}
			config := "global: {scrape_interval: 1s}\nscrape_configs:\n"
			for i, protocol := range protocols {
				config += fmt.Sprintf("  - job_name: job%d\n    static_configs: [{targets: [%q]}]\n", i, strings.TrimPrefix(base, "http://"))
				if protocol != "" {
					config += fmt.Sprintf("    scrape_protocols: [%s]\n", protocol)
				}
			}
			p := v.start(t, config, filepath.Join(t.TempDir(), "data"))
			eventually(t, func() error {
				found := p.by("job", fmt.Sprintf(`count by (job) ({__name__=~%q}) and on (job) up == 1`, strings.Join(slices.Sorted(maps.Keys(names)), "|")))
				for _, series := range found {
					if len(found) != len(protocols) || int(series) != lines {
						return fmt.Errorf("series by job: %v, want %d for each of %d", found, lines, len(protocols))
					}
				}
				return nil
			})
		})
	}
}
