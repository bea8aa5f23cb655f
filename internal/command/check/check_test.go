//go:build port

package check

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// checked is what a check said of a simulated console.
type checked struct {
	code     int
	out, log string
}

// says tells whether a line begins with the severity, is about a topic and contains a
// text.
func (c checked) says(s severity, about, text string) bool {
	for line := range strings.Lines(c.out) {
		first, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if first == string(s) && strings.HasPrefix(rest, about+"  ") && strings.Contains(rest, text) {
			return true
		}
	}
	return false
}

func (c checked) want(t *testing.T, s severity, about, text string) {
	t.Helper()
	if !c.says(s, about, text) {
		t.Errorf("no line %s, %s, %q in\n%s%s", s, about, text, c.out, c.log)
	}
}

// announced are the calls that were said, before all else, to be spent at most.
func (c checked) announced(t *testing.T) int {
	t.Helper()
	all := regexp.MustCompile(`(?m)^ok +(?:\S+ )?calls +this check spends at most (\d+) API calls? `).FindAllStringSubmatch(c.out, -1)
	if len(all) == 0 || !strings.HasPrefix(c.out, all[0][0]) {
		t.Fatalf("the calls are not announced first: %s%s", c.out, c.log)
	}
	sum := 0
	for _, each := range all {
		n, err := strconv.Atoi(each[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// checkConsoles runs the command and sees to what holds for every check.
func checkConsoles(t *testing.T, consoles []*simulator.Console, args ...string) checked {
	t.Helper()
	before := 0
	for _, console := range consoles {
		before += console.Count()
	}
	var c checked
	c.code, c.out, c.log = command(t, t.Context(), append([]string{"check"}, args...)...)
	spent := -before
	for _, console := range consoles {
		spent += console.Count()
		_, secret := console.Client()
		for what, secret := range map[string]string{
			"account token": console.AccountToken(), "export token": console.ExportToken(0), "organization token": console.OrganizationToken(0),
			"client's secret": secret, "secret of a record": "PLANTED",
		} {
			if strings.Contains(c.out+c.log, secret) {
				t.Errorf("the %s is told: %s%s", what, c.out, c.log)
			}
		}
	}
	if announced := c.announced(t); spent > announced {
		t.Errorf("%d requests, and %d were announced: %s", spent, announced, c.out)
	}
	severities := regexp.MustCompile(`^(ok|warning|error) {2,}\S|^\d+ errors?, \d+ warnings?$`)
	for line := range strings.Lines(c.out) {
		if !severities.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("the line %q is no finding", line)
		}
	}
	if failed := regexp.MustCompile(`(?m)^error `).MatchString(c.out); failed != (c.code == 1) || c.code > 1 || failed != strings.Contains(c.log, errCheck.Error()) {
		t.Errorf("exit code %d of\n%s%s", c.code, c.out, c.log)
	}
	return c
}

// write puts a text into a file of its own.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// listen serves h on this machine.
func listen(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// checkConsole checks a console, perhaps bent by a handler before it, with a token.
func checkConsole(t *testing.T, console *simulator.Console, before func(http.Handler) http.Handler, token string, args ...string) checked {
	t.Helper()
	var h http.Handler = console
	if before != nil {
		h = before(console)
	}
	return checkConsoles(t, []*simulator.Console{console},
		append([]string{"--runzero.url", listen(t, h), "--runzero.token-file", write(t, token)}, args...)...)
}

func TestTheCheckOfTheDemo(t *testing.T) {
	const want = `ok       calls                      this check spends at most 18 API calls of the account's daily quota
ok       configuration              the flags are valid: 1 account, 1 credential, 16 collectors
ok       web                        without --web.config.file, metrics are served unencrypted and to everybody
ok       credential                 account credential
ok       proxy                      none
ok       console                    http://localhost is well, version 5.1.260818.0
ok       clock                      the console's clock is the same as this machine's
ok       TLS                        none is needed on this machine
ok       organizations              the whole account: 5 organizations
ok       organizations              3 polled: "Halvorsen Logistics", "Brightwater Clinics", "Kestrel Acquisition"
ok       organizations              2 left out: "runZero Demo" (demo), "Former Subsidiary" (inactive)
ok       collector license          yes
ok       collector organizations    yes, for all organizations at once
ok       collector hosted_zones     yes
ok       collector sites            yes, for all organizations at once
ok       collector explorers        yes, for all organizations at once
ok       collector tasks            yes, tried with organization "Halvorsen Logistics"
ok       collector findings         yes, tried with organization "Halvorsen Logistics"
ok       collector wireless         yes, tried with organization "Halvorsen Logistics"
ok       collector directory        yes, tried with organization "Halvorsen Logistics"
ok       collector assets           yes, tried with organization "Halvorsen Logistics"
ok       collector certificates     yes, tried with organization "Halvorsen Logistics"
ok       collector services         yes, tried with organization "Halvorsen Logistics"
ok       collector software         yes, tried with organization "Halvorsen Logistics"
ok       collector vulnerabilities  yes, tried with organization "Halvorsen Logistics"
ok       quota                      100000 API calls a day, 14 made today, 99986 left; this exporter may spend 50000 a day (share 0.5) and leaves the last 10000 to others (reserve 0.1)
ok       plan                       the intervals ask for 47572 API calls a day, of 50000 that this exporter may spend: that fits
ok       calls                      15 API calls of at most 18 spent
0 errors, 0 warnings
`
	code, out, log := command(t, t.Context(), append([]string{"check", "--demo"}, everything()...)...)
	if code != 0 || out != want || log != "" {
		t.Errorf("exit code %d, %q, said\n%s, want\n%s", code, log, out, want)
	}
}

func TestCheckTellsWhatEachKindOfCredentialReaches(t *testing.T) {
	const yes = "yes"
	for _, c := range []struct {
		what     string
		tier     simulator.Tier
		token    func(*simulator.Console) string
		code     int
		reach    map[string]string // by collector, the severity and a text
		requests int
	}{
		{"an export token", simulator.Platform, func(c *simulator.Console) string { return c.ExportToken(0) }, 0, map[string]string{
			"sites": yes, "tasks": yes, "assets": yes,
			"license": "warning no: it needs an account credential, and this is an export token", "explorers": "warning no: it needs an organization token",
		}, 5},
		{"an organization token", simulator.Professional, func(c *simulator.Console) string { return c.OrganizationToken(1) }, 0, map[string]string{
			"sites": yes, "tasks": yes, "assets": yes, "explorers": yes, "organizations": yes, "license": "warning no: it needs an account credential",
		}, 6},
		{"an account token", simulator.Platform, (*simulator.Console).AccountToken, 0, map[string]string{
			"sites": "yes, for all", "tasks": yes, "assets": yes, "explorers": "yes, for all", "organizations": "yes, for all", "license": yes,
		}, 7},
		{"an export token of the smallest licence", simulator.Community, func(c *simulator.Console) string { return c.ExportToken(0) }, 0, map[string]string{
			"sites": yes, "explorers": "warning no: ",
		}, 5},
		{"an account token of a licence without", simulator.Professional, (*simulator.Console).AccountToken, 1, nil, 2},
		{"an organization token of a licence without", simulator.Community, func(c *simulator.Console) string { return c.OrganizationToken(0) }, 1, nil, 3},
		{"a token that was revoked", simulator.Platform, func(*simulator.Console) string { return "ET0123456789ABCDEF0123456789ABCDEF" }, 1, nil, 2},
		{"a token of no kind", simulator.Platform, func(*simulator.Console) string { return "0123456789" }, 1, nil, 3},
	} {
		t.Run(c.what, func(t *testing.T) {
			console := simulator.New(simulator.Options{Tier: c.tier, Assets: 40})
			got := checkConsole(t, console, nil, c.token(console))
			if got.code != c.code || console.Count() != c.requests {
				t.Errorf("exit code %d, want %d; %d requests, want %d:\n%s", got.code, c.code, console.Count(), c.requests, got.out)
			}
			for collector, text := range c.reach {
				s := fine
				if rest, ok := strings.CutPrefix(text, "warning "); ok {
					s, text = warning, rest
				}
				got.want(t, s, "collector "+collector, text)
			}
			if c.code == 1 {
				got.want(t, wrong, "organizations", ";") // and what to do
			}
		})
	}
}

func TestCheckOfAnOAuth2Client(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	id, secret := console.Client()
	got := checkConsoles(t, []*simulator.Console{console}, "--runzero.url", listen(t, console), "--runzero.client-id", id, "--runzero.client-secret-file", write(t, secret))
	got.want(t, fine, "organizations", "whole account")
	got.want(t, fine, "collector license", "yes")
	if got.code != 0 || console.Count() != 8 { // one of them for the access token
		t.Errorf("exit code %d, %d requests: %s", got.code, console.Count(), got.out)
	}

	got = checkConsoles(t, []*simulator.Console{console}, "--runzero.url", listen(t, console), "--runzero.client-id", id, "--runzero.client-secret-file", write(t, "PLANTED-and-wrong"))
	got.want(t, wrong, "organizations", "the console refuses the OAuth2 client")
}

func TestCheckThatIsInterrupted(t *testing.T) {
	console := simulator.New(simulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		console.ServeHTTP(w, r)
	}))
	code, _, log := command(t, ctx, "check", "--runzero.url", url, "--runzero.token-file", write(t, console.AccountToken()))
	if code != 1 || !strings.Contains(log, errInterrupted.Error()) || console.Count() > 1 {
		t.Errorf("exit code %d, %q, %d requests", code, log, console.Count())
	}
}

func TestCheckRefusesAConfigurationAsServeDoes(t *testing.T) {
	for text, wants := range map[string]string{
		"DT0123456789":  "make an export token",
		"ET01 and more": "one word",
	} {
		code, out, log := command(t, t.Context(), "check", "--runzero.token-file", write(t, text))
		if code != 1 || out != "" || !strings.Contains(log, wants) || strings.Contains(log, text) {
			t.Errorf("exit code %d, %q, %q", code, out, log)
		}
	}
	file := write(t, "accounts: 7\n")
	if code, _, log := command(t, t.Context(), "check", "--config.file", file); code != 1 || !strings.Contains(log, fmt.Sprintf("%s:1:", file)) {
		t.Errorf("exit code %d, %q", code, log)
	}
}
