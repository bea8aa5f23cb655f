//go:build port

package months

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// months is an exporter that lives for months, and the accounts that it may ask.
type months struct {
	*estate
	t        testing.TB
	dials    map[string]dialFunc
	consoles map[string]*changing
	north    *changing
	cache    string
	secrets  string // folder of the tokens
	names    []string
	queries  []string
	off      []string
	longest  map[string]float64 // interval of a job in force lately, in seconds
}

// addresses are where each account's console is. All but north have an export token.
var addresses = map[string]string{"north": north, "south": south, "east": "127.0.0.3:1"}

func newMonths(t testing.TB) *months {
	t.Helper()
	m := &months{t: t, dials: map[string]dialFunc{}, consoles: map[string]*changing{
		"north": newChanging(0.5, simulator.Options{Seed: 1, Sites: 2, Assets: 40, Limit: 400, DayStart: 9*time.Hour + 20*time.Minute}),
		"south": newChanging(0.5, simulator.Options{Seed: 2, Sites: 2, Assets: 40, Limit: 60, DayStart: 17*time.Hour + 43*time.Minute, Organizations: 1, Tier: simulator.Community}),
		"east":  newChanging(0.5, simulator.Options{Seed: 3, Sites: 2, Assets: 40, Limit: 1000, Organizations: 1}),
	}, cache: t.TempDir(), secrets: t.TempDir(), names: []string{"north", "south"}}
	m.north = m.consoles["north"]
	for name, console := range m.consoles {
		dial, stop := simulator.Pipe(console)
		t.Cleanup(stop)
		m.dials[addresses[name]] = dial
		m.write(name+"-account", console.console.AccountToken())
		m.write(name+"-export", console.console.ExportToken(0))
	}
	m.estate = m.start(m.cache)
	return m
}

func (m *months) start(cache string) *estate {
	return startEstate(m.t, m.dials, m.text(), func(f *config.Flags) {
		f.CacheDir, f.CacheInterval = cache, monthsInterval
		for _, name := range []string{"console", "organizations"} {
			f.Collectors[name] = config.CollectorFlags{Enabled: true, Interval: monthsInterval}
		}
		f.Collectors["tasks"] = config.CollectorFlags{Enabled: true, Interval: 3 * monthsInterval} // which take the longest
	})
}

// text is the configuration file.
func (m *months) text() string {
	text := "accounts:\n"
	for _, name := range m.names {
		text += fmt.Sprintf("  - name: %s\n    url: http://%s\n    credentials:\n", name, addresses[name])
		kinds := []string{"export"}
		if name == "north" {
			kinds = []string{"account", "export"}
		}
		for _, kind := range kinds {
			text += fmt.Sprintf("      - {name: %s, authorization: {credentials_file: %s}}\n", kind, filepath.Join(m.secrets, name+"-"+kind))
		}
	}
	if len(m.off) > 0 {
		text += "collectors:\n"
	}
	for _, name := range m.off {
		text += fmt.Sprintf("  %s: {enabled: false}\n", name)
	}
	if len(m.queries) > 0 {
		text += "queries:\n"
	}
	for _, name := range m.queries {
		text += fmt.Sprintf("  - {name: %s, of: assets, search: alive:t, interval: 6h}\n", name)
	}
	return text
}

// write replaces a token's file.
func (m *months) write(name, token string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.secrets, name), []byte(token+"\n"), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// rotate has the console take another account token, and no more the one before.
func (m *months) rotate(token string) {
	m.north.set(func(c *changing) {
		maps.DeleteFunc(c.tokens, func(_, is string) bool { return is == c.console.AccountToken() })
		c.tokens[token] = c.console.AccountToken()
	})
}

func (m *months) reload(change func(*months)) {
	m.t.Helper()
	change(m)
	m.estate.write(m.text())
	if err := m.exporter.reload(); err != nil {
		m.t.Fatal(err)
	}
}

func (m *months) restart() {
	m.stop()
	m.pass(time.Minute)
	m.estate = m.start(m.cache)
}

// down has the console of north be away for a week: its answers are served until they
// are too old.
func (m *months) down() {
	m.north.set(func(c *changing) { c.down = true })
	const maxAge = 72 * time.Hour // as the flag defaults to
	newest := time.Time{}
	for _, s := range m.exporter.poller.Status() {
		if s.Account == "north" && s.Collector == "assets" && s.LastSuccess.After(newest) {
			newest = s.LastSuccess
		}
	}
	served := maxAge - time.Since(newest) - time.Minute
	m.pass(served)
	m.failing("runzero_up", "north")
	if n := m.values("runzero_assets", "account_name")["north"]; n == 0 {
		m.t.Error("assets are withdrawn before they are too old")
	}
	m.pass(maxAge + time.Hour - served)
	m.withdrawn("runzero_assets", "runzero_sites", "runzero_explorers", "runzero_license_assets_limit")
	m.pass(95 * time.Hour)
	m.north.set(func(c *changing) { c.down = false })
}

func (m *months) failing(family, account string) {
	m.t.Helper()
	if value, there := m.values(family, "account_name")[account]; !there || value != 0 {
		m.t.Errorf("%s of %s is %v (there: %v)", family, account, value, there)
	}
}

// withdrawn insists that nothing is left of families of north, and that others have them.
func (m *months) withdrawn(families ...string) {
	m.t.Helper()
	for _, family := range families {
		if n, there := m.values(family, "account_name")["north"]; there {
			m.t.Errorf("%s is still served: %v", family, n)
		}
	}
	if m.values("runzero_assets", "account_name")["south"] == 0 {
		m.t.Error("the other account has no assets")
	}
}

// request is one that a job makes at each poll.
type request struct {
	account, what string
}

// expected are the jobs that there must be, by account, organization and collector, and
// the request that each makes; what it is kept as is the key of kept.
func (m *months) expected() (jobs map[string]request, kept map[string]bool) {
	jobs, kept = map[string]request{}, map[string]bool{}
	for _, name := range m.names {
		add := func(organization, id, collector, path, of string) {
			if slices.Contains(m.off, collector) {
				return
			}
			jobs[name+"/"+organization+"/"+collector] = request{name, path + " " + of}
			if collector != "discovery" {
				kept[name+"/"+id+"/"+collector] = true
			}
		}
		add("", "", "console", "/health", "")
		if name == "north" {
			for collector, path := range map[string]string{
				"discovery": "/account/orgs", "organizations": "/account/orgs", "sites": "/account/sites", "explorers": "/account/agents", "license": "/account/license",
			} {
				add("", "", collector, path, "")
			}
		}
		for id, organization := range m.consoles[name].organizations() {
			of := id // export tokens need not name their organization
			if name != "north" {
				of = ""
				add(organization, id, "sites", "/export/org/sites.json", of)
			}
			add(organization, id, "assets", "/export/org/assets.jsonl", of)
			add(organization, id, "tasks", "/export/org/tasks.jsonl", of)
			for _, query := range m.queries {
				add(organization, id, "queries/"+query, "", of)
			}
		}
	}
	return jobs, kept
}

var jobLabels = []string{"account_name", "org_name", "collector"}

// settle lets a time go by in which not all need be well yet.
func (m *months) settle(d time.Duration) {
	m.longest = map[string]float64{}
	for range int(d / time.Hour) {
		m.pass(time.Hour)
		m.intervals()
	}
}

// intervals are the intervals in force, in seconds.
func (m *months) intervals() map[string]float64 {
	m.t.Helper()
	intervals := m.values("runzero_collector_interval_seconds", jobLabels...)
	for job, interval := range intervals {
		m.longest[job] = max(m.longest[job], interval)
	}
	return intervals
}

// observe lets a time go by in which all is well: all is there and young, and asked as
// often as its interval in force says.
func (m *months) observe(d time.Duration) {
	m.t.Helper()
	for _, console := range m.consoles {
		console.forget()
	}
	polls := map[string]float64{}
	jobs, _ := m.expected()
	for range int(d / time.Hour) {
		m.pass(time.Hour)
		intervals := m.intervals()
		for job, interval := range intervals {
			polls[job] += 3600 / interval
		}
		m.young(jobs, intervals)
	}
	asked := map[string]map[string]int{}
	for name, console := range m.consoles {
		asked[name] = console.forget()
		console.check(m.t)
	}
	for job, by := range jobs {
		if strings.Contains(job, "/queries/") {
			continue // their requests are those of assets
		}
		n, want := float64(asked[by.account][by.what]), polls[job]
		if strings.HasSuffix(job, "/assets") {
			for _, query := range m.queries {
				want += polls[strings.TrimSuffix(job, "assets")+"queries/"+query]
			}
		}
		if n < 0.9*want-2 || n > 1.05*want+2 {
			m.t.Errorf("%s was asked %.0f times in %s, and its intervals make %.1f", job, n, d, want)
		}
	}
}

// young insists that each job is there, and has an answer that is no older than its
// interval in force lets it get, and is due again within it.
func (m *months) young(jobs map[string]request, interval map[string]float64) {
	m.t.Helper()
	now := float64(time.Now().UnixMilli()) / 1000
	next := m.values("runzero_collector_next_poll_timestamp_seconds", jobLabels...)
	success, last := m.values("runzero_collector_success", jobLabels...), m.values("runzero_collector_last_success_timestamp_seconds", jobLabels...)
	for job := range jobs {
		most := 2.1 * m.longest[job] // the wait after the first poll may be twice as long as the others
		switch {
		case interval[job] == 0:
			m.t.Errorf("%s is not there", job)
		case success[job] != 1:
			m.t.Errorf("%s does not succeed", job)
		case next[job] < now-60 || next[job] > now+most:
			m.t.Errorf("%s is due in %.0f s, and its interval is %.0f s", job, next[job]-now, interval[job])
		case last[job] < now-most-60:
			m.t.Errorf("%s is of %.0f s ago, and its interval is %.0f s", job, now-last[job], interval[job])
		}
	}
	for job, ok := range success {
		if _, wanted := jobs[job]; !wanted && ok == 1 && !strings.HasSuffix(job, "/discovery") {
			m.t.Errorf("%s is there, and should not be", job)
		}
	}
}

var head = regexp.MustCompile(`(?m)^# (account|organization|collector) (".*")$`)

// onlyKept insists that the cache folder holds what it should and nothing else.
func (m *months) onlyKept() {
	m.t.Helper()
	_, want := m.expected()
	states := 0
	entries, err := os.ReadDir(m.cache)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(m.cache, entry.Name()))
		if err != nil {
			m.t.Fatal(err)
		}
		var of []string
		for _, line := range head.FindAllStringSubmatch(string(data), -1) {
			text, err := strconv.Unquote(line[2])
			if err != nil {
				m.t.Fatal(err)
			}
			of = append(of, text)
		}
		key := strings.Join(of, "/")
		switch {
		case strings.HasPrefix(entry.Name(), "state-") && slices.Contains(m.names, key):
			states++
		case !want[key]:
			m.t.Errorf("%s is kept, of %q", entry.Name(), key)
		}
		delete(want, key)
	}
	if states != len(m.names) || len(want) > 0 {
		m.t.Errorf("%d states are kept, and %v are not", states, slices.Sorted(maps.Keys(want)))
	}
}
