package poller_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// hostileConsole is a console whose organizations come, go and are renamed at random, most
// often to what another one is called.
type hostileConsole struct {
	mu     sync.Mutex
	random *rand.Rand
	names  map[string]string // by id
}

func (c *hostileConsole) name() string {
	names := []string{
		"Acme", "Acme", " Acme\n", "Ac\x00me", "Acme (4ffe8ffb)", "Acme (4ffe8ffb-0000-4000-8000-000000000001)", "acme", "", "unknown", "unassigned", "\xff", "\xfe", "\u2028",
		"\"} 1\n# HELP x \\", strings.Repeat("é", 200), strings.Repeat("é", 199) + "x",
	}
	return names[c.random.IntN(len(names))]
}

// id is one of a few, some of which start alike.
func (c *hostileConsole) id() string {
	return fmt.Sprintf("%dffe8ffb-0000-4000-8000-00000000000%d", 4+c.random.IntN(2), 1+c.random.IntN(2))
}

// change adds, renames or removes organizations, and leaves at least one.
func (c *hostileConsole) change() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 1 + c.random.IntN(3) {
		if id := c.id(); c.random.IntN(4) > 0 || len(c.names) < 2 {
			c.names[id] = c.name()
		} else {
			delete(c.names, id)
		}
	}
}

// rows are rows that suit every export, of one organization or, with an empty id, of all.
func (c *hostileConsole) rows(organizationID string) string {
	var rows []string
	for id := range c.names {
		if organizationID != "" && organizationID != id {
			continue
		}
		for i := range 3 {
			rows = append(rows, fmt.Sprintf(`{"id":"s%d","organization_id":%q,"name":%s,"site_id":"s%d","type":"scan","status":"processed","updated_at":%d,"connected":true}`,
				i, id, jsonText(c.name()), c.random.IntN(3), time.Now().Unix()-60))
		}
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// jsonText is a JSON string, of invalid UTF-8 too.
func jsonText(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\x00", `\u0000`).Replace(s) + `"`
}

func (c *hostileConsole) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch path := strings.TrimPrefix(r.URL.Path, "/api/v1.0"); path {
	case "/account/orgs":
		var rows []string
		for id, name := range c.names {
			rows = append(rows, fmt.Sprintf(`{"id":%q,"name":%s,"asset_count":1}`, id, jsonText(name)))
		}
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	case "/account/sites", "/account/agents":
		if c.random.IntN(6) == 0 { // then organizations are polled one by one
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, c.rows(""))
	case "/health":
		_, _ = io.WriteString(w, `{"status":"ok","version":"1"}`)
	default:
		_, _ = io.WriteString(w, c.rows(r.URL.Query().Get("_oid")))
	}
}

// Whatever organizations are called, and whenever they change or the exporter is killed,
// the exposition is valid and no two organizations are taken for one.
func TestHostileOrganizationNames(t *testing.T) {
	t.Parallel()
	for seed := range uint64(nameSeeds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := &hostileConsole{random: rand.New(rand.NewPCG(seed, 1)), names: map[string]string{"4ffe8ffb-0000-4000-8000-000000000001": "Acme"}}
				s := harness.Setup{
					Token: (*simulator.Console).AccountToken, CacheDir: harness.CacheDir(t),
					Handler: func(*simulator.Console) http.Handler { return console },
					Flags: func(f *config.Flags) {
						harness.EnableAll(f)
						f.CacheInterval, f.AssetTop, f.AssetLabels = time.Hour, 2, "site_name,os"
					},
				}
				w := harness.Start(t, s)
				random := rand.New(rand.NewPCG(seed, 2)) // the console's own depends on the order of requests
				seen := map[string]bool{}
				for step := range 5 {
					console.change()
					w.Pass(time.Duration(1+random.IntN(90)) * time.Minute)
					expectValid(t, w, seen)
					if step%5 == 2 { // killed, and started again at once
						s.CacheDir = copyFolder(t, s.CacheDir)
						w.Stop()
						w = harness.Start(t, s)
						expectValid(t, w, seen)
					}
					if step%5 == 4 { // stopped for an hour
						w.Stop()
						console.change()
						time.Sleep(time.Hour)
						w = harness.Start(t, s)
						expectValid(t, w, seen)
					}
				}
				for _, name := range []string{"runzero_organization_info", "runzero_site_info", "runzero_explorer_info", "runzero_assets", "runzero_tasks", "runzero_scan_age_seconds"} {
					if !seen[name] {
						t.Errorf("there never was a %s: this tests little", name)
					}
				}
			})
		})
	}
}

// expectValid checks the exposition, and adds the names of its families to seen.
func expectValid(t *testing.T, w *harness.World, seen map[string]bool) {
	t.Helper()
	families, err := (prometheus.Gatherers{w.Exporter}).Gather() // which finds duplicates and invalid labels
	if err != nil {
		t.Error(err)
	}
	for _, family := range families {
		seen[family.GetName()] = true
		for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
			if err := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(format)).Encode(family); err != nil {
				t.Error(err)
			}
		}
	}
	ids := harness.Values(families, "runzero_organization_info", "organization_id")
	names := harness.Values(families, "runzero_organization_info", "org_name")
	if len(ids) != len(names) {
		t.Errorf("organizations %v are called %v", ids, names)
	}
	for name := range names {
		if name != collector.Label(name) {
			t.Errorf("%q is not a clean label", name)
		}
	}
}
