package months

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// life is an exporter and the accounts that it polls.
type life struct {
	*harness.World
	t        *testing.T
	setup    harness.Setup
	accounts map[string]*account
	north    *account
	secrets  string // folder of the tokens

	// The configuration: names of accounts and queries, and collectors that are off.
	names, queries, off []string
	// longest is the longest interval in force since the last change, by poll, in seconds.
	longest map[string]float64
}

const (
	interval = 6 * time.Hour // of every poll
	maxAge   = 72 * time.Hour
)

// addresses are those of the accounts' consoles.
func addresses() map[string]string {
	return map[string]string{"north": harness.North, "south": harness.South, "east": harness.East}
}

func begin(t *testing.T) *life {
	t.Helper()
	l := &life{t: t, secrets: t.TempDir(), names: []string{"north", "south"}, accounts: map[string]*account{
		"north": newAccount(simulator.Options{Seed: 1, Sites: 2, Assets: 40, Limit: 400, DayStart: 9*time.Hour + 20*time.Minute}),
		"south": newAccount(simulator.Options{Seed: 2, Sites: 2, Assets: 40, Limit: 60, DayStart: 17*time.Hour + 43*time.Minute, Organizations: 1, Tier: simulator.Community}),
		"east":  newAccount(simulator.Options{Seed: 3, Sites: 2, Assets: 40, Limit: 1000, Organizations: 1}),
	}}
	l.north = l.accounts["north"]
	l.setup = harness.Setup{Dials: map[string]harness.Dial{}, CacheDir: t.TempDir(), Flags: func(f *config.Flags) {
		harness.OnChange(f)
		f.CacheInterval, f.CacheMaxAge, f.QuotaShare = interval, maxAge, share
		for _, name := range []string{"console", "organizations", "license", "api_keys"} {
			f.Collectors[name] = config.CollectorFlags{Enabled: true, Interval: interval}
		}
	}}
	for name, account := range l.accounts {
		dial, stop := simulator.Pipe(account)
		t.Cleanup(stop)
		l.setup.Dials[addresses()[name]] = dial
		l.writeToken(name+"-account", account.console.AccountToken())
		l.writeToken(name+"-export", account.console.ExportToken(0))
	}
	l.setup.File = l.file()
	l.World = harness.Start(t, l.setup)
	return l
}

// file is the configuration file. north has an account credential and an export token, the
// others have an export token.
func (l *life) file() string {
	var text strings.Builder
	text.WriteString("accounts:\n")
	for _, name := range l.names {
		fmt.Fprintf(&text, "  - name: %s\n    url: http://%s\n    credentials:\n", name, addresses()[name])
		kinds := []string{"export"}
		if name == "north" {
			kinds = []string{"account", "export"}
		}
		for _, kind := range kinds {
			fmt.Fprintf(&text, "      - {name: %s, authorization: {credentials_file: %s}}\n", kind, filepath.Join(l.secrets, name+"-"+kind))
		}
	}
	if len(l.off) > 0 {
		text.WriteString("collectors:\n")
	}
	for _, name := range l.off {
		fmt.Fprintf(&text, "  %s: {enabled: false}\n", name)
	}
	if len(l.queries) > 0 {
		text.WriteString("queries:\n")
	}
	for _, name := range l.queries {
		fmt.Fprintf(&text, "  - {name: %s, of: assets, search: alive:t, interval: %s}\n", name, interval)
	}
	return text.String()
}

func (l *life) writeToken(name, token string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.secrets, name), []byte(token+"\n"), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// configure changes the configuration file and reloads it.
func (l *life) configure(change func(*life)) {
	l.t.Helper()
	change(l)
	l.WriteFile(l.file())
	if err := l.Reload(); err != nil {
		l.t.Fatal(err)
	}
}

// watch lets time pass, and remembers the longest intervals in force.
func (l *life) watch(d time.Duration) {
	l.t.Helper()
	l.Pass(d)
	for poll, interval := range l.Values("runzero_collector_interval_seconds", pollLabels()...) {
		l.longest[poll] = max(l.longest[poll], interval)
	}
}

// settle lets time pass in which the exporter may still adapt to a change.
func (l *life) settle(d time.Duration) {
	l.longest = map[string]float64{}
	for range int(d / time.Hour) {
		l.watch(time.Hour)
	}
}

// expectCalm lets time pass in which everything must be well at every hour.
func (l *life) expectCalm(d time.Duration) {
	l.t.Helper()
	polls := l.polls()
	for range int(d / time.Hour) {
		l.watch(time.Hour)
		l.expectYoung(polls)
	}
	for name, a := range l.accounts {
		a.set(func(a *account) {
			for _, err := range a.errors {
				l.t.Errorf("%s: %s", name, err)
			}
		})
	}
	l.expectFiles(polls)
}

func pollLabels() []string { return []string{"account_name", "org_name", "collector"} }

// polls are those that the configuration takes, by their labels.
func (l *life) polls() []string {
	var polls []string
	for _, name := range l.names {
		add := func(organization string, collectors ...string) {
			for _, c := range collectors {
				if !slices.Contains(l.off, c) {
					polls = append(polls, name+"/"+organization+"/"+c)
				}
			}
		}
		add("", "console")
		if name == "north" {
			add("", "discovery", "organizations", "sites", "explorers", "license", "api_keys", "tasks")
		}
		for _, organization := range l.accounts[name].organizations() {
			add(organization, "assets", "tasks")
			if name != "north" {
				add(organization, "sites")
			}
			for _, query := range l.queries {
				add(organization, "queries/"+query)
			}
		}
	}
	return polls
}

// expectYoung expects that each of the polls, and no other, succeeds and is not overdue, and
// that its data is young enough.
func (l *life) expectYoung(polls []string) {
	l.t.Helper()
	value := func(family string) map[string]float64 { return l.Values(family, pollLabels()...) }
	next, success := value("runzero_collector_next_poll_timestamp_seconds"), value("runzero_collector_success")
	last := value("runzero_collector_last_success_timestamp_seconds")
	now := float64(time.Now().UnixMilli()) / 1000
	weights := map[string]float64{schedule.Discovery: schedule.DefaultWeight(collector.Spec{Name: "organizations"})}
	for _, spec := range collector.Specs() {
		weights[spec.Name] = schedule.DefaultWeight(spec)
	}
	for _, poll := range polls {
		// After the first poll the wait may be twice as long as later.
		oldest := min(2.1*l.longest[poll], max(maxStretch, 2*weights[poll[strings.LastIndex(poll, "/")+1:]])*interval.Seconds())
		// A poll comes at most a tenth of its interval late. When few calls are left, the next poll is foreseen for later than it comes: the quota resets before.
		if success[poll] != 1 || next[poll] < now-60-l.longest[poll]/10 || next[poll] > now+2.1*l.longest[poll] || last[poll] < now-oldest-60 {
			l.t.Errorf("%s: success %v, next poll in %.0f s, last success %.0f s ago, interval %.0f s", poll, success[poll], next[poll]-now, now-last[poll], l.longest[poll])
		}
	}
	for poll, succeeds := range success {
		if succeeds == 1 && !slices.Contains(polls, poll) && !strings.HasSuffix(poll, "/discovery") {
			l.t.Errorf("%s is still polled", poll)
		}
	}
}

// maxStretch is how much longer than configured the smallest licence makes the intervals of what has a small weight.
const maxStretch = 6

// expectFiles expects that the cache holds a file for each poll and each account, and no others of these accounts.
func (l *life) expectFiles(polls []string) {
	l.t.Helper()
	want := len(l.names)
	for _, poll := range polls {
		if !strings.HasSuffix(poll, "/discovery") && poll != "north//tasks" { // which has no data of its own
			want++
		}
	}
	var files []string
	for _, name := range l.names {
		found, err := filepath.Glob(filepath.Join(l.setup.CacheDir, name+"-*", "*"))
		if err != nil {
			l.t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) != want {
		l.t.Errorf("%d files are cached, want %d: %v", len(files), want, files)
	}
}
