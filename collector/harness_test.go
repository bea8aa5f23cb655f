package collector

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

var update = flag.Bool("update", false, "rewrite testdata/*.prom and docs/metrics.md")

// noon is the time of every poll: a Wednesday.
var noon = time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)

// The organizations of an account, and one that is not to be exported.
const (
	acmeID   = "4ffe8ffb-0000-4000-8000-000000000001"
	beaconID = "5ffe8ffb-0000-4000-8000-000000000002"
	emptyID  = "6ffe8ffb-0000-4000-8000-000000000003"
	otherID  = "7ffe8ffb-0000-4000-8000-000000000004"
)

// answer is what the console of a test answers at an endpoint.
type answer struct {
	status int    // 0: 200
	body   string // in which @-3d is the instant three days before noon, in seconds
	cut    bool   // the connection ends before the body does
}

// answers is what it answers by endpoint; what it is not asked for is missing.
type answers map[string]answer

const (
	assetsPath = "/export/org/assets.jsonl"
	sitesPath  = "/export/org/sites.json"
	tasksPath  = "/export/org/tasks.jsonl"
	listPath   = "/org/tasks"
	healthPath = "/health"

	organizationPath     = "/org"
	explorersPath        = "/org/explorers"
	hostedZonesPath      = "/org/hosted-zones"
	accountSitesPath     = "/account/sites"
	accountExplorersPath = "/account/agents"
	licensePath          = "/account/license"
	releasePath          = "/releases/agent/version"

	findingsPath        = "/export/org/findings.jsonl"
	wirelessPath        = "/export/org/wireless.jsonl"
	usersPath           = "/export/org/users.jsonl"
	groupsPath          = "/export/org/groups.jsonl"
	certificatesPath    = "/export/org/certificates.jsonl"
	servicesPath        = "/export/org/services.jsonl"
	softwarePath        = "/export/org/software.jsonl"
	vulnerabilitiesPath = "/export/org/vulnerabilities.jsonl"
)

var relative = regexp.MustCompile(`@[+-]?\d+[smhd]`)

// at is an instant relative to noon, such as "-3d".
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

func instants(body string) string {
	return relative.ReplaceAllStringFunc(body, func(s string) string {
		return strconv.FormatInt(at(s[1:]).Unix(), 10)
	})
}

// The tokens of a test: what a console would answer them is the test's matter.
const (
	exportToken       = "ET00000000000000000000000000000000"
	organizationToken = "OT00000000000000000000000000000000"
	accountToken      = "CT00000000000000000000000000000000"
)

// serve serves answers and returns a client that asks for them with the token.
func serve(t *testing.T, token string, all answers) *runzero.Client {
	t.Helper()
	return client(t, token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := all[strings.TrimPrefix(r.URL.Path, "/api/v1.0")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = w.Write([]byte(instants(a.body)))
		if a.cut {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
}

func client(t *testing.T, token string, handler http.Handler) *runzero.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := runzero.New(runzero.Config{URL: server.URL, HTTP: config.HTTPClientConfig{
		Authorization: &config.Authorization{Type: "Bearer", Credentials: config.Secret(token)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// defaults are the settings that the flags default to.
func defaults() Settings {
	return Settings{AssetLabels: []string{"site_name", "asset_type", "os", "alive"}, AssetTop: 100, ScanMaxAge: 7 * day}
}

// made makes the collector of this name.
func made(t *testing.T, name string, s Settings) Collector {
	t.Helper()
	for _, spec := range Specs() {
		if spec.Name == name && spec.New != nil {
			return spec.New(s)
		}
	}
	t.Fatalf("no collector %s", name)
	return nil
}

// wide makes the collector's form for an account.
func wide(t *testing.T, name string) Collector {
	t.Helper()
	for _, spec := range Specs() {
		if spec.Name == name && spec.AccountWide != nil {
			return spec.AccountWide(defaults())
		}
	}
	t.Fatalf("no collector %s of a whole account", name)
	return nil
}

// account is the organizations of a whole account's poll.
func account() map[string]string {
	return map[string]string{acmeID: "Acme", beaconID: "Beacon", emptyID: "Empty"}
}

// collect makes one good poll.
func collect(t *testing.T, c Collector, all answers, poll Poll) Snapshot {
	t.Helper()
	snapshot, err := try(t, c, all, poll)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// try makes one poll at noon, unless poll says otherwise: of Acme with an export token,
// or of an account where poll has organizations.
func try(t *testing.T, c Collector, all answers, poll Poll) (Snapshot, error) {
	t.Helper()
	switch {
	case poll.Organizations == nil:
		poll.Organization = Organization{ID: acmeID, Name: "Acme"}
		if poll.API == nil {
			poll.API = serve(t, exportToken, all)
		}
	case poll.API == nil:
		poll.API = serve(t, accountToken, all)
	}
	if poll.Now.IsZero() {
		poll.Now = noon
	}
	return c.Collect(context.Background(), poll)
}

// series are a snapshot's samples as lines of the exposition, without the organization
// that all of them have, those that begin with prefix.
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

// wantSeries checks the samples that begin with prefix, all of them.
func wantSeries(t *testing.T, s Snapshot, prefix string, want ...string) {
	t.Helper()
	for i := range want {
		want[i] = relative.ReplaceAllStringFunc(want[i], func(s string) string {
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
func uuid(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000001", i+1) }
