//go:build port

package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// planned is what a table says.
type planned struct {
	rows  [][]string // collector, organization, calls a poll, wanted, resulting, calls a day
	total float64
}

func (p planned) collectors() []string {
	var names []string
	for _, r := range p.rows {
		names = append(names, r[0])
	}
	return names
}

// readTable reads a table by the places of its headings, as a person does.
func readTable(t *testing.T, out string) planned {
	t.Helper()
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	table, _, _ := strings.Cut(out, "\n\n")
	lines := strings.Split(table, "\n")
	if !strings.HasPrefix(lines[0], "COLLECTOR ") || len(lines) < 3 {
		t.Fatalf("no table: %s", out)
	}
	second := strings.Index(lines[0], "ORGANIZATION")
	var p planned
	for _, line := range lines[1:] {
		runes := []rune(line)
		rest := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(string(runes[second:])), -1)
		if name := strings.TrimSpace(string(runes[:second])); name == "total" {
			p.total = parseFloat(t, rest[len(rest)-1])
		} else {
			if len(rest) == 4 { // of no organization
				rest = slices.Insert(rest, 0, "")
			}
			p.rows = append(p.rows, append([]string{name}, rest...))
		}
	}
	return p
}

func parseFloat(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPlan(t *testing.T) {
	token := func(text string) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "--runzero.token-file=" + path
	}
	four := []string{"console", "sites", "tasks", "assets"}
	for _, c := range []struct {
		what       string
		args       []string
		code       int
		collectors []string
		total      float64
		says       []string
	}{
		{"the smallest licence", []string{"--limit=100"}, 1, four, 50,
			[]string{"Asked for: 312 API calls a day", "may spend 50", "6.2 times", "--cache.interval=1h34m", "--collector.console.interval=6h15m", "--no-collector.NAME", "624 calls a day"}},
		{"a licence of 1,000", []string{"--limit=1000"}, 0, four, 312, []string{"may spend 500", "That fits."}},
		{"a licence of 100,000", []string{"--limit=100000"}, 0, four, 312, []string{"may spend 50000", "That fits."}},
		{"one call short", []string{"--limit=623"}, 1, four, 311, []string{"1.0 times", "--quota.share=0.51"}},
		{"just enough", []string{"--limit=624"}, 0, four, 312, []string{"That fits."}},
		{"300 organizations", []string{"--limit=100000", "--organizations=300"}, 1, four, 50000, []string{"each of 300", "86424 API calls", "--runzero.organization"}},
		{"too many for any interval", []string{"--limit=100", "--organizations=300"}, 1, four, 50, []string{"Answers of console, sites, tasks, assets would be withdrawn", "--cache.max-age=3d"}},
		{"organizations by name", []string{"--limit=1000", "--runzero.organization=North", "--runzero.organization=South"}, 1,
			[]string{"console", "sites", "sites", "tasks", "tasks", "assets", "assets"}, 500, []string{"North", "South"}},
		{"collectors switched off", []string{"--limit=500", "--no-collector.assets", "--no-collector.tasks"}, 0, []string{"console", "sites"}, 120, nil},
		{"an interval of its own", []string{"--limit=500", "--collector.assets.interval=6h"}, 0, four, 220, []string{"6h"}},
		{"an account token", []string{"--limit=1000", token("CT0123456789")}, 0, []string{"discovery", "console", "license", "sites", "explorers", "tasks", "assets"}, 24 + 24 + 4 + 4*96, []string{"all at once"}},
		{"an organization token", []string{"--limit=1000", token("OT0123456789")}, 0, []string{"console", "organizations", "sites", "explorers", "tasks", "assets"}, 24 + 24 + 4*96, []string{"an account credential: license."}},
		{"hosted zones too", []string{"--limit=1000", "--collector.hosted_zones", token("OT0123456789")}, 1, []string{"console", "organizations", "hosted_zones", "sites", "explorers", "tasks", "assets"}, 500, nil},
		{"certificates and the directory too", []string{"--limit=1000", "--collector.certificates", "--collector.directory", "--collector.directory.interval=6h"}, 0,
			[]string{"console", "sites", "tasks", "directory", "assets", "certificates"}, 312 + 2*4 + 96, nil},
		{"an export token", []string{"--limit=1000", token("ET0123456789")}, 0, four, 312,
			[]string{"Not asked, because it takes an organization token: organizations, explorers.", "Not asked, because it takes an account credential: license."}},
		{"a share that the reserve cuts", []string{"--limit=320", "--quota.share=1"}, 0, four, 312, []string{"--quota.reserve=0.1 keeps 32 calls", "288 at most"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			code, out, stderr := command(t, t.Context(), append([]string{"plan"}, c.args...)...)
			p := readTable(t, out)
			if code != c.code || !slices.Equal(p.collectors(), c.collectors) || p.total != c.total {
				t.Errorf("exit code %d with %v, in all %v; want %d with %v, in all %v:\n%s%s", code, p.collectors(), p.total, c.code, c.collectors, c.total, out, stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(unwrap(out), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
			if strings.Count(stderr, "\n") != c.code {
				t.Errorf("standard error is %q", stderr)
			}
		})
	}
}

func TestPlanSaysWhatItNeeds(t *testing.T) {
	for _, c := range []struct {
		what string
		args []string
		says []string
	}{
		{"no limit", nil, []string{"--limit", "--cache.dir"}},
		{"a folder of no run", []string{"--cache.dir=" + t.TempDir()}, []string{"--limit", "--cache.dir"}},
		{"no folder", []string{"--cache.dir=" + filepath.Join(t.TempDir(), "none")}, []string{"--limit", "--cache.dir"}},
		{"a negative limit", []string{"--limit=-1"}, []string{"--limit"}},
		{"negative organizations", []string{"--limit=100", "--organizations=-1"}, []string{"--organizations"}},
		{"a share below one call", []string{"--limit=100", "--quota.share=0.001"}, []string{"--quota.share=0.001", "less than one call"}},
		{"a share of nothing", []string{"--limit=100", "--quota.share=0"}, []string{"--quota.share"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			code, out, stderr := command(t, t.Context(), append([]string{"plan"}, c.args...)...)
			if code != 1 || out != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, %q, %q", code, out, stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
		})
	}
}

// An earlier run knows the limit and the organizations, and keeps what it found.
func TestPlanRemembersARun(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	if code, _, log := command(t, t.Context(), "once", "--demo", "--cache.dir="+folder); code != 0 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	// An exporter may be writing there.
	if err := os.WriteFile(filepath.Join(folder, "runzero_exporter-123.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := readDir(t, folder)
	// The demo's console; the rest of its settings are the defaults.
	args := []string{"plan", "--runzero.url=http://localhost", "--cache.dir=" + folder}
	code, out, stderr := command(t, t.Context(), args...)
	p := readTable(t, out)
	if want := 24 + 24 + 4 + 2*96 + 2*3*96.0; code != 0 || p.total != want || !strings.Contains(unwrap(out), fmt.Sprintf("account's %d.", demoLimit)) {
		t.Errorf("exit code %d, %v in all, want %v:\n%s%s", code, p.total, want, out, stderr)
	}
	names := map[string]int{}
	for _, r := range p.rows {
		names[r[1]]++
	}
	if len(names) != 5 || names["Halvorsen Logistics"] != 2 || names["all at once"] != 2 {
		t.Errorf("organizations: %v\n%s", names, out)
	}
	if _, out, _ = command(t, t.Context(), append(args, "--limit=100", "--organizations=5")...); !strings.Contains(unwrap(out), "account's 100.") || !strings.Contains(out, "each of 5") {
		t.Errorf("the flags are not heeded:\n%s", out)
	}
	if after := readDir(t, folder); !slices.Equal(before, after) {
		t.Errorf("the folder has changed: %v, %v", before, after)
	}
}

// A console without usage headers has no limit to plan with.
func TestPlanOfARunWithoutALimit(t *testing.T) {
	folder := t.TempDir()
	kept, err := store.Open(folder, log.NewNopLogger())
	if err != nil {
		t.Fatal(err)
	}
	c := defaults(t, "ET0123456789")
	const state = `{"Credentials":[{"Name":"default","Reach":{"Organizations":[{"ID":"1","Name":"Only One"}]}}]}`
	kept.SaveState("", c.Fingerprint(c.Accounts[0]), json.RawMessage(state))
	ended, end := context.WithCancel(t.Context())
	end()
	kept.Run(ended)
	if code, _, stderr := command(t, t.Context(), "plan", "--cache.dir="+folder); code != 1 || !strings.Contains(stderr, "told the run in --cache.dir no limit") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, out, _ := command(t, t.Context(), "plan", "--cache.dir="+folder, "--limit=1000"); code != 0 || !strings.Contains(out, "Only One") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func readDir(t *testing.T, folder string) []string {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
	}
	return names
}

// defaults is the configuration of nobody's flags but args, with a credential.
func defaults(t *testing.T, token string, args ...string) *config.Config {
	t.Helper()
	flags := settings(t, args...)
	flags.Token = token
	c, err := flags.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// settings are the flags as they are parsed.
func settings(t testing.TB, args ...string) config.Flags {
	t.Helper()
	app := kingpin.New(name, "")
	var flags config.Flags
	collectors := addFlags(app, &flags)
	if _, err := app.Parse(args); err != nil {
		t.Fatal(err)
	}
	flags.Collectors = collectors()
	return flags
}

// A file's accounts are planned one by one, each with its own quota.
func TestPlanOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yml")
	text := "accounts:\n" + accountOf("north", north, "CT0123456789") + "    quota: {share: 0.1}\n" + accountOf("south", south, "ET0123456789") +
		"collectors: {assets: {interval: 5m}}\nqueries: [{name: servers, of: assets, search: type:server, interval: 6h}]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := command(t, t.Context(), "plan", "--config.file="+file, "--limit=1200")
	out = unwrap(out)
	for _, want := range []string{
		"Account north", "Account south", "queries/servers", "sites all at once", "quota.share=0.1 of the account's 1200.",
		"--cache.interval=", "config.yml:10: interval: ", "This exporter may spend 120", "This exporter may spend 600", "That fits.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != 1 || strings.Contains(out, "--quota.share=0.1") {
		t.Errorf("exit code %d: %s\n%s", code, stderr, out)
	}
}
