package collector

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

var update = flag.Bool("update", false, "rewrite testdata/*.prom and docs/metrics.md")

// noon is the time of every poll: a Wednesday.
var noon = time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)

// The organizations of an account, and one that is not exported.
const (
	acmeID   = "4ffe8ffb-0000-4000-8000-000000000001"
	beaconID = "5ffe8ffb-0000-4000-8000-000000000002"
	emptyID  = "6ffe8ffb-0000-4000-8000-000000000003"
	otherID  = "7ffe8ffb-0000-4000-8000-000000000004"
)

// organizations are the organizations of an account-wide poll.
func organizations() map[string]string {
	return map[string]string{acmeID: "Acme", beaconID: "Beacon", emptyID: "Empty"}
}

// Sites of Acme. newSite is not yet known.
const (
	hq      = "a7b2287e-0000-4000-8000-000000000001"
	plant   = "b7b2287e-0000-4000-8000-000000000002"
	lab     = "c7b2287e-0000-4000-8000-000000000003"
	newSite = "d7b2287e-0000-4000-8000-000000000004"
)

// acmeSites are Acme's sites as named by the sites collector.
func acmeSites() SiteNames {
	return SiteNames{zeroID: unassigned, hq: "HQ", plant: "Plant", lab: "Lab"}
}

const (
	assetsPath           = "/export/org/assets.jsonl"
	sitesPath            = "/export/org/sites.json"
	tasksPath            = "/export/org/tasks.jsonl"
	scansPath            = "/export/org/scans.json"
	taskListPath         = "/org/tasks"
	healthPath           = "/health"
	organizationPath     = "/org"
	explorersPath        = "/org/explorers"
	hostedZonesPath      = "/org/hosted-zones"
	accountSitesPath     = "/account/sites"
	accountExplorersPath = "/account/agents"
	licensePath          = "/account/license"
	apiKeysPath          = "/account/keys"
	releasePath          = "/releases/agent/version"
	findingsPath         = "/export/org/findings.jsonl"
	wirelessPath         = "/export/org/wireless.jsonl"
	usersPath            = "/export/org/users.jsonl"
	groupsPath           = "/export/org/groups.jsonl"
	certificatesPath     = "/export/org/certificates.jsonl"
	servicesPath         = "/export/org/services.jsonl"
	softwarePath         = "/export/org/software.jsonl"
	vulnerabilitiesPath  = "/export/org/vulnerabilities.jsonl"
)

const (
	exportToken       = "ET00000000000000000000000000000000"
	organizationToken = "OT00000000000000000000000000000000"
	accountToken      = "CT00000000000000000000000000000000"
	unknownToken      = "0123456789abcdef0123456789abcdef" // of unknown kind
)

// response is the console's response to one endpoint.
type response struct {
	status int    // 0: 200
	body   string // in which @-3d is the time three days before noon, in seconds
	cut    bool   // the connection ends before the body does
}

// responses are the console's responses by endpoint. Others are 404.
type responses map[string]response

// ServeHTTP makes responses a console.
func (all responses) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := all[strings.TrimPrefix(r.URL.Path, "/api/v1.0")]
	if !ok {
		a = response{status: http.StatusNotFound, body: "404: Not Found"}
	}
	w.Header().Set("Content-Type", "application/json")
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write([]byte(withTimes(a.body)))
	if a.cut {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// client returns a client of a console in this process.
func client(t testing.TB, token string, console http.Handler) *runzero.Client {
	t.Helper()
	dial, stop := simulator.Pipe(console)
	t.Cleanup(stop)
	c, err := runzero.New(runzero.Config{URL: "http://127.0.0.1", DialContext: dial, HTTP: config.HTTPClientConfig{
		Authorization: &config.Authorization{Type: "Bearer", Credentials: config.Secret(token)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var relativeTime = regexp.MustCompile(`@[+-]?\d+[smhd]`)

// at returns a time relative to noon, such as "-3d".
func at(offset string) time.Time {
	if days, ok := strings.CutSuffix(offset, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			panic(err)
		}
		return noon.Add(time.Duration(n) * day)
	}
	d, err := time.ParseDuration(offset)
	if err != nil {
		panic(err)
	}
	return noon.Add(d)
}

// withTimes replaces relative times by Unix seconds.
func withTimes(body string) string {
	return relativeTime.ReplaceAllStringFunc(body, func(s string) string {
		return strconv.FormatInt(at(s[1:]).Unix(), 10)
	})
}

// defaults are the settings without flags.
func defaults() Settings {
	return Settings{AssetLabels: []string{"site_name", "asset_type", "os", "alive"}, AssetTop: 100, ScanMaxAge: 8 * day}
}

// labelled are the default settings with these labels of runzero_assets.
func labelled(labels ...string) Settings {
	s := defaults()
	s.AssetLabels = labels
	return s
}

// tagged are the default settings without labels of runzero_assets, and with these tags.
func tagged(tags ...string) Settings {
	s := labelled()
	s.AssetTags = tags
	return s
}

// top are the default settings with this number of values kept.
func top(n int) Settings {
	s := defaults()
	s.AssetTop = n
	return s
}

// collectorOf makes the collector of this name.
func collectorOf(t testing.TB, name string, s Settings) Collector {
	t.Helper()
	for _, spec := range Specs() {
		if spec.Name == name && spec.Collect != nil {
			return with(s, spec.Collect)
		}
	}
	t.Fatalf("no collector %s", name)
	return nil
}

// with returns a collector that is polled with these settings.
func with(s Settings, c Collector) Collector {
	return func(ctx context.Context, poll Poll) (Snapshot, error) {
		poll.Settings = s
		return c(ctx, poll)
	}
}

// accountWide makes the account-wide form of the collector of this name.
func accountWide(t *testing.T, name string) Collector {
	t.Helper()
	for _, spec := range Specs() {
		if spec.Name == name && spec.AccountWide != nil {
			return with(defaults(), spec.AccountWide)
		}
	}
	t.Fatalf("no account-wide collector %s", name)
	return nil
}

// collect makes one successful poll.
func collect(t *testing.T, c Collector, all responses, poll Poll) Snapshot {
	t.Helper()
	snapshot, err := attempt(t, c, all, poll)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// attempt makes one poll at noon or poll.Now: of Acme with an export token,
// or account-wide if poll has organizations.
func attempt(t *testing.T, c Collector, all responses, poll Poll) (Snapshot, error) {
	t.Helper()
	token := accountToken
	if poll.Organizations == nil {
		poll.Organization = cmp.Or(poll.Organization, Organization{ID: acmeID, Name: "Acme"})
		token = exportToken
	}
	if poll.API == nil {
		poll.API = client(t, token, all)
	}
	if poll.Now.IsZero() {
		poll.Now = noon
	}
	snapshot, err := c(t.Context(), poll)
	if err != nil && (snapshot.Families != nil || snapshot.Sites != nil) {
		t.Errorf("there is a snapshot in spite of the error %v", err)
	}
	return snapshot, err
}

// series returns the samples that begin with prefix as lines of the exposition, without the label org_name="Acme".
func series(t *testing.T, s Snapshot, prefix string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(exposition(t, s.Families)) {
		line = strings.NewReplacer(`org_name="Acme",`, "", `,org_name="Acme"`, "", `{org_name="Acme"}`, "").Replace(line)
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// wantSeries compares all samples that begin with prefix.
func wantSeries(t *testing.T, s Snapshot, prefix string, want ...string) {
	t.Helper()
	for i := range want {
		want[i] = relativeTime.ReplaceAllStringFunc(want[i], func(s string) string {
			return strconv.FormatFloat(float64(at(s[1:]).Unix()), 'g', -1, 64)
		})
	}
	got := series(t, s, prefix)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s*:\n  got:\n\t%s\n  want:\n\t%s", prefix, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// by sums a gauge family by the value of a label.
func by(s Snapshot, family, label string) map[string]float64 {
	sums := map[string]float64{}
	eachSample(s.Families, family, func(value float64, labels map[string]string) { sums[labels[label]] += value })
	return sums
}

// total is the sum of a gauge family.
func total(s Snapshot, family string) float64 { return by(s, family, "")[""] }

// equal compares sums, of which those that are 0 do not count.
func equal(t *testing.T, what string, got, want map[string]float64) {
	t.Helper()
	nonZero := func(sums map[string]float64) string {
		sums = maps.Clone(sums)
		maps.DeleteFunc(sums, func(_ string, n float64) bool { return n == 0 })
		return fmt.Sprint(sums)
	}
	if nonZero(got) != nonZero(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func uuid(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000001", i+1) }
