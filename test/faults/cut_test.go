//go:build port

package faults

import (
	"net"
	"strings"
	"testing"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// TestAnAnswerCutAnywhereIsNoAnswer cuts the answer to each collector at every byte of
// its beginning and its end, and at many between, compressed and not.
func TestAnAnswerCutAnywhereIsNoAnswer(t *testing.T) {
	for _, world := range []struct {
		what   string
		token  func(*simulator.Console) string
		probes []probe
	}{
		{"an account", (*simulator.Console).AccountToken, accountProbes()},
		{"an organization", func(c *simulator.Console) string { return c.OrganizationToken(0) }, organizationProbes()},
	} {
		for _, p := range world.probes {
			if p.collector == poller.Discovery {
				continue
			}
			for form, text := range map[string]func(answer []byte) []byte{
				"compressed": func(answer []byte) []byte { return answer },
				"plain":      func(answer []byte) []byte { return parse(answer).whole() },
			} {
				t.Run(world.what+"/"+p.collector+"/"+form, func(t *testing.T) {
					t.Parallel()
					console := simulator.New(simulator.Options{Organizations: 1, Sites: 1, Assets: 3})
					poll := pollOf(t, console, world.token(console))
					end, length := 1<<40, 0
					fault := sendRaw(func(c net.Conn, answer []byte) {
						sent := text(answer)
						length = len(sent)
						_, _ = c.Write(sent[:min(end, length)])
					})
					fault.Path, fault.Uncounted = p.path, true
					console.Inject(fault)
					if err := poll(p); err != nil {
						t.Fatalf("whole: %v", err)
					}
					whole := length
					for end = 0; end < whole; end += step(end, whole) {
						// Later answers may be a byte longer.
						if err := poll(p); err == nil && end < length {
							t.Errorf("cut after %d of %d bytes, and taken", end, length)
						}
					}
				})
			}
		}
	}
}

// step is how far the next cut is away.
func step(at, length int) int {
	const begin, end, between = 400, 60, 40
	if at < begin || at > length-end {
		return faultsEvery
	}
	return min(max((length-begin-end)/between, 1), length-end+1-at)
}

// pollOf makes what polls a console's first organization, or all of them where the
// collector asks so.
func pollOf(t *testing.T, console *simulator.Console, token string) func(p probe) error {
	t.Helper()
	dial, stop := simulator.Pipe(console)
	t.Cleanup(stop)
	http := promconfig.DefaultHTTPClientConfig
	http.Authorization = &promconfig.Authorization{Credentials: promconfig.Secret(token)}
	client, err := runzero.New(runzero.Config{URL: "http://localhost", HTTP: http, DialContext: dial})
	if err != nil {
		t.Fatal(err)
	}
	organization := console.Organizations()[0]
	return func(p probe) error {
		if p.fed {
			_, err := client.Organizations(t.Context())
			return err
		}
		poll := collector.Poll{API: client, Now: time.Now(), Organization: collector.Organization{ID: organization.ID, Name: organization.Name}}
		if strings.HasPrefix(p.path, "/account/") || p.collector == "hosted_zones" {
			poll.Organization, poll.Organizations = collector.Organization{}, map[string]string{organization.ID: organization.Name}
		}
		_, err := made(t, p).Collect(t.Context(), poll)
		return err
	}
}

// made makes a collector in the form that asks for what the probe has.
func made(t *testing.T, p probe) collector.Collector {
	t.Helper()
	if strings.HasPrefix(p.collector, "queries/") {
		return collector.NewQuery(collector.Query{Name: "all", Of: "sites"})
	}
	settings := collector.Settings{AssetLabels: []string{"site_name"}, AssetTop: 10, ScanMaxAge: time.Hour}
	for _, spec := range collector.Specs() {
		switch {
		case spec.Name != p.collector:
		case strings.HasPrefix(p.path, "/account/") && spec.AccountWide != nil:
			return spec.AccountWide(settings)
		default:
			return spec.New(settings)
		}
	}
	t.Fatalf("no collector %s", p.collector)
	return nil
}
