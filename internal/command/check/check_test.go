package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestPrintsOneFindingALine(t *testing.T) {
	const want = `ok       calls                      this check makes at most 19 API calls of the account's daily quota
ok       configuration              the flags are valid: 1 account, 1 credential, 17 collectors
ok       web                        without --web.config.file, metrics are served unencrypted and without authentication
ok       cache                      without --cache.dir or --cache.url nothing is cached: each start polls everything, and does not know how many calls were made before
ok       credential                 account credential
ok       proxy                      none
ok       console                    http://localhost is healthy, version 5.1.260818.0
ok       clock                      the console's clock and this machine's agree
ok       TLS                        none, and none is needed: the console is on this machine
ok       organizations              account-wide: 5 organizations
ok       organizations              3 polled: "Halvorsen Logistics", "Brightwater Clinics", "Kestrel Acquisition"
ok       organizations              2 not polled: "runZero Demo" (demo), "Former Subsidiary" (inactive)
ok       collector license          yes
ok       collector api_keys         yes
ok       collector organizations    yes, account-wide
ok       collector hosted_zones     yes
ok       collector sites            yes, account-wide
ok       collector explorers        yes, account-wide
ok       collector tasks            yes, tried with organization "Halvorsen Logistics"
ok       collector findings         yes, tried with organization "Halvorsen Logistics"
ok       collector wireless         yes, tried with organization "Halvorsen Logistics"
ok       collector directory        yes, tried with organization "Halvorsen Logistics"
ok       collector assets           yes, tried with organization "Halvorsen Logistics"
ok       collector certificates     yes, tried with organization "Halvorsen Logistics"
ok       collector services         yes, tried with organization "Halvorsen Logistics"
ok       collector software         yes, tried with organization "Halvorsen Logistics"
ok       collector vulnerabilities  yes, tried with organization "Halvorsen Logistics"
ok       quota                      100000 API calls a day, 15 made today, 99985 left; this exporter may make 50000 a day (share 0.5) and leaves the last 10000 to other tools (reserve 0.1)
ok       plan                       the intervals need 44719 API calls a day, of 50000 that this exporter may make: they fit
ok       calls                      16 API calls made, of at most 19
0 errors, 0 warnings
`
	o := Options{Flags: harness.DefaultFlags(), Demo: command.Demo{Enabled: true}}
	harness.EnableAll(&o.Flags)
	var out bytes.Buffer
	if err := Run(t.Context(), command.Env{Stdout: &out}, o); err != nil || out.String() != want {
		t.Errorf("error %v, printed\n%s, want\n%s", err, out.String(), want)
	}
}

func TestReportsWhatEachKindOfCredentialReaches(t *testing.T) {
	for _, c := range []struct {
		name     string
		tier     simulator.Tier
		token    func(*simulator.Console) string
		requests int
		want     []string
	}{
		{"export token", simulator.Platform, func(c *simulator.Console) string { return c.ExportToken(0) }, 5, []string{
			"ok organizations: one: ", "ok collector sites: yes, tried with", "ok collector tasks: yes", "ok collector assets: yes",
			"warning collector license: no: it needs an account credential, and this is an export token", "warning collector explorers: no: it needs an organization token",
		}},
		{"organization token", simulator.Professional, func(c *simulator.Console) string { return c.OrganizationToken(1) }, 6, []string{
			"ok collector sites: yes", "ok collector explorers: yes", "ok collector organizations: yes", "warning collector license: no: it needs an account credential",
		}},
		{"account token", simulator.Platform, (*simulator.Console).AccountToken, 8, []string{
			"ok organizations: account-wide", "ok collector sites: yes, account-wide", "ok collector assets: yes, tried with", "ok collector license: yes", "ok collector api_keys: yes",
		}},
		{"account token, licence without API", simulator.Professional, (*simulator.Console).AccountToken, 2, []string{"error organizations: ;"}},
		{"organization token, licence without API", simulator.Community, func(c *simulator.Console) string { return c.OrganizationToken(0) }, 3, []string{"error organizations: ;"}},
		{"revoked token", simulator.Platform, func(*simulator.Console) string { return "ET0123456789ABCDEF0123456789ABCDEF" }, 2, []string{"error organizations: the console refuses the token"}},
		{"token of an unknown kind", simulator.Platform, func(*simulator.Console) string { return "0123456789" }, 3, []string{"error organizations: ;"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			console := simulator.New(simulator.Options{Tier: c.tier, Assets: 40})
			got := check(t, options(c.token(console)), console, nil)
			got.want(t, c.want...)
			if console.Count() != c.requests {
				t.Errorf("%d requests, want %d:\n%s", console.Count(), c.requests, got.out)
			}
		})
	}
}

func TestChecksOAuth2Clients(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	id, secret := console.Client()
	o := options("")
	o.Flags.ClientID, o.Flags.ClientSecretFile = id, write(t, secret)
	got := check(t, o, console, nil)
	got.want(t, "ok organizations: account-wide", "ok collector license: yes")
	if got.err != nil || console.Count() != 9 { // one of them for the access token
		t.Errorf("error %v, %d requests: %s", got.err, console.Count(), got.out)
	}

	o.Flags.ClientSecretFile = write(t, "PLANTED-and-wrong")
	check(t, o, console, nil).want(t, "error organizations: the console refuses the OAuth2 client")
}

func TestReportsWarningsOfTheConfiguration(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	o := options("")
	o.Flags.TokenFile = write(t, console.ExportToken(0)+"\n")
	if err := os.Chmod(o.Flags.TokenFile, 0o644); err != nil { //nolint:gosec // what is warned of
		t.Fatal(err)
	}
	o.Flags.Set = map[string]bool{"collector.services.interval": true}
	got := check(t, o, console, nil)
	got.want(t,
		"warning configuration: --collector.services.interval (or its environment variable) is set, but the collector is off",
		"warning configuration: the token file "+o.Flags.TokenFile+" is open to every user of this machine (mode 0644)")
	if got.err != nil {
		t.Error(got.err)
	}
}

func TestInterruptedCheckFails(t *testing.T) {
	console := simulator.New(simulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	dial, stop := simulator.Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		console.ServeHTTP(w, r)
	}))
	defer stop()
	err := Run(ctx, command.Env{Stdout: new(bytes.Buffer), Dial: dial}, options(console.AccountToken()))
	if !errors.Is(err, errInterrupted) || console.Count() > 1 {
		t.Errorf("error %v, %d requests", err, console.Count())
	}
}

func TestFailsIfFindingsCannotBePrinted(t *testing.T) {
	o := Options{Flags: harness.DefaultFlags(), Demo: command.Demo{Enabled: true}}
	reader, stdout := io.Pipe()
	_ = reader.Close()
	if err := Run(t.Context(), command.Env{Stdout: stdout}, o); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}

func TestRefusesInvalidConfiguration(t *testing.T) {
	file := fileOptions(t, "accounts: 7\n")
	for want, o := range map[string]Options{
		"make an export token":   options("DT0123456789"),
		file.Flags.File + ":1: ": file,
	} {
		var out bytes.Buffer
		if err := Run(t.Context(), command.Env{Stdout: &out}, o); err == nil || !strings.Contains(err.Error(), want) || out.Len() != 0 {
			t.Errorf("error %v, want %q; printed %q", err, want, out.String())
		}
	}
}

func TestShowsTheConfigurationWithoutSecrets(t *testing.T) {
	o := fileOptions(t, `accounts:
- {name: a, url: "`+north+`", credentials: [{authorization: {credentials: ETPLANTED}, proxy_url: 'http://user:PLANTED@127.0.0.1:1'}]}
`)
	o.ShowConfig = true
	var out bytes.Buffer
	err := Run(t.Context(), command.Env{Stdout: &out, Dial: route(nil)}, o)
	if !errors.Is(err, errCheck) || !strings.Contains(out.String(), "credentials: <secret>") || strings.Contains(out.String(), "PLANTED") {
		t.Errorf("error %v:\n%s", err, out.String())
	}
}
