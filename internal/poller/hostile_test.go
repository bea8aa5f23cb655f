//go:build port

package poller_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// whims is a console whose organizations come, go and are renamed as somebody pleases,
// most of all to what another is called.
type whims struct {
	mu    sync.Mutex
	r     *rand.Rand
	names map[string]string // by id
}

// name is what people call things, or nearly.
func (c *whims) name() string {
	names := []string{
		"Acme", "Acme", " Acme\n", "Ac\x00me", "Acme (4ffe8ffb)", "Acme (4ffe8ffb-0000-4000-8000-000000000001)", "acme", "", "unknown", "unassigned", "\xff", "\xfe", "\u2028",
		"\"} 1\n# HELP x \\", strings.Repeat("é", 200), strings.Repeat("é", 199) + "x",
	}
	return names[c.r.IntN(len(names))]
}

// id is an organization's, of which some begin alike.
func (c *whims) id() string {
	return fmt.Sprintf("%dffe8ffb-0000-4000-8000-00000000000%d", 4+c.r.IntN(2), 1+c.r.IntN(2))
}

// change does something to the organizations, of which one stays.
func (c *whims) change() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 1 + c.r.IntN(3) {
		if id := c.id(); c.r.IntN(4) > 0 || len(c.names) < 2 {
			c.names[id] = c.name()
		} else {
			delete(c.names, id)
		}
	}
}

// rows are rows of any kind, of one organization or of all.
func (c *whims) rows(of string) string {
	var rows []string
	for id := range c.names {
		if of != "" && of != id {
			continue
		}
		for i := range 3 {
			rows = append(rows, fmt.Sprintf(`{"id":%q,"organization_id":%q,"name":%s,"site_id":"s%d","type":"scan","status":"processed","updated_at":%d,"connected":true}`,
				fmt.Sprint("s", i), id, quoted(c.name()), c.r.IntN(3), time.Now().Unix()-60))
		}
	}
	return "[" + strings.Join(rows, ",") + "]"
}

// quoted is a text as JSON, also one that is no text.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\x00", `\u0000`).Replace(s) + `"`
}

func (c *whims) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch path := strings.TrimPrefix(r.URL.Path, "/api/v1.0"); path {
	case "/account/orgs":
		var rows []string
		for id, name := range c.names {
			rows = append(rows, fmt.Sprintf(`{"id":%q,"name":%s,"asset_count":1}`, id, quoted(name)))
		}
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	case "/account/sites", "/account/agents":
		if c.r.IntN(6) == 0 { // and then each organization is asked
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

// everything is all collectors and a query, of whole accounts where they can be, each
// every hour.
func everything() []poller.Collector {
	settings := collector.Settings{AssetLabels: []string{"site_name", "os"}, AssetTop: 2, ScanMaxAge: time.Hour}
	query := collector.QuerySpec(collector.Query{Name: "q", Of: "services"}, time.Hour)
	var all []poller.Collector
	for _, spec := range append(collector.Specs(), query) {
		if spec.Scope == collector.HeadersOnly {
			continue
		}
		c := poller.Collector{
			Name: spec.Name, Scope: spec.Scope, Needs: spec.Needs, Interval: time.Hour, Collector: spec.New(settings), Found: spec.FromDiscovery,
		}
		if spec.AccountWide != nil {
			c.Wide = spec.AccountWide(settings)
		}
		all = append(all, c)
	}
	return all
}

// Whatever organizations are called, and whenever they are renamed, come and go, or the
// exporter is killed and started again: what it serves can be scraped, and no two
// organizations are one.
func TestWhateverOrganizationsAreCalledTheExpositionIsValid(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := &whims{r: rand.New(rand.NewPCG(seed, 1)), names: map[string]string{"4ffe8ffb-0000-4000-8000-000000000001": "Acme"}}
				h := newHome(t, t.TempDir(), setup{
					token:   (*simulator.Console).AccountToken,
					handler: func(*simulator.Console) http.Handler { return console },
					target:  poller.Target{Collectors: everything()},
				})
				w := h.start()
				seen, pauses := map[string]bool{}, rand.New(rand.NewPCG(seed, 2)) // the console's own is its requests'
				for step := range 15 {
					console.change()
					w.pass(time.Duration(1+pauses.IntN(90)) * time.Minute)
					w.scraped(seen)
					switch step % 5 {
					case 2: // killed, and started again at once
						next := t.TempDir()
						h.copyTo(next)
						h.dir = next
						w.stop()
						w = h.start()
						w.scraped(seen)
					case 4: // stopped for a while
						w.stop()
						console.change()
						time.Sleep(time.Hour)
						w = h.start()
						w.scraped(seen)
					}
				}
				for _, name := range []string{"runzero_organization_info", "runzero_site_info", "runzero_explorer_info", "runzero_assets", "runzero_tasks", "runzero_query_results", "runzero_scan_age_seconds"} {
					if !seen[name] {
						t.Errorf("there never was a %s: this proves little", name)
					}
				}
			})
		})
	}
}

// scraped checks what is served now, and notes which families there are.
func (w *world) scraped(seen map[string]bool) {
	w.t.Helper()
	families, err := w.poller.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	// This is the library's own check of what several registries give.
	own := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil })
	if _, err := (prometheus.Gatherers{own}).Gather(); err != nil {
		w.t.Error(err)
	}
	for _, family := range families {
		seen[family.GetName()] = true
		for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics, expfmt.TypeProtoDelim} {
			if err := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(format)).Encode(family); err != nil {
				w.t.Error(err)
			}
		}
	}
	ids := w.values("runzero_organization_info", "organization_id")
	names := w.values("runzero_organization_info", "org_name")
	if len(ids) != len(names) || slices.ContainsFunc([]map[string]float64{ids, names}, func(all map[string]float64) bool {
		for _, n := range all {
			if n != 1 {
				return true
			}
		}
		return false
	}) {
		w.t.Errorf("organizations %v are called %v", ids, names)
	}
	for name := range names {
		if name != collector.Label(name) {
			w.t.Errorf("%q is no clean name", name)
		}
	}
}
