package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// recorder is a console that records the requests for a scan.
type recorder struct {
	*simulator.Console

	respond http.HandlerFunc // to a request for a scan
	uris    []string
	body    map[string]string // of the last request
}

func newRecorder() *recorder {
	console := simulator.New(simulator.Options{Assets: 40})
	return &recorder{Console: console, respond: console.ServeHTTP}
}

func (c *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		c.Console.ServeHTTP(w, r)
		return
	}
	c.uris, c.body = append(c.uris, r.URL.RequestURI()), nil
	var copied bytes.Buffer
	if err := json.NewDecoder(io.TeeReader(r.Body, &copied)).Decode(&c.body); err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	r.Body = io.NopCloser(&copied)
	c.respond(w, r)
}

// scan runs the command on the console, and tests what must hold for every scan.
func (c *recorder) scan(t *testing.T, o Options) (string, error) {
	t.Helper()
	dial, stop := simulator.Pipe(c)
	c.uris, c.body = nil, nil
	before := c.Count()
	var out bytes.Buffer
	err := Run(t.Context(), command.Env{Stdout: &out, Dial: dial}, o)
	stop()
	if calls := c.Count() - before; calls > 4 || len(c.uris) > 1 {
		t.Errorf("%d requests, of which %d for a scan", calls, len(c.uris))
	}
	if text := out.String() + fmt.Sprint(err); o.Flags.Token != "" && strings.Contains(text, o.Flags.Token) || simulator.Planted(text) != "" {
		t.Errorf("a secret is printed: %s", text)
	}
	return out.String(), err
}

// options are those of a scan of the headquarters' web server from a hosted zone, changed by change.
func options(token string, change func(*Options)) Options {
	o := Options{Flags: harness.DefaultFlags(), Site: "Headquarters", Zone: "auto", Targets: []string{"example.com"}, Further: Further{}}
	o.Flags.URL, o.Flags.Token = "http://localhost", token
	if change != nil {
		change(&o)
	}
	return o
}

func TestStartsTheScanThatTheDryRunShows(t *testing.T) {
	console := newRecorder()
	organization := console.Organizations()[0]
	site := organization.Sites[1]
	const group = "0e0f5e3c-0000-4000-8000-000000000001"
	zone := console.HostedZones()[0]
	for _, c := range []struct {
		name, token string
		options     func(*Options)
		query       string
		body        map[string]string
	}{
		{"any hosted zone", console.OrganizationToken(0), func(o *Options) { o.Site = site.Name }, "",
			map[string]string{"targets": "example.com", "hosted-zone-name": "auto"}},
		{"hosted zone by name", console.OrganizationToken(0), func(o *Options) { o.Site, o.Zone = site.Name, strings.ToUpper(zone.Name) }, "",
			map[string]string{"targets": "example.com", "hosted-zone-name": zone.Name}},
		{"hosted zone by id", console.OrganizationToken(0), func(o *Options) { o.Site, o.Zone = site.ID, zone.ID }, "",
			map[string]string{"targets": "example.com", "hosted-zone-id": zone.ID}},
		{"Explorer group", console.OrganizationToken(0), func(o *Options) { o.Site, o.Zone, o.Group, o.Targets = site.ID, "", group, nil }, "",
			map[string]string{"targets": "defaults", "explorer-group-id": group}},
		{"account token, by id alone", console.AccountToken(), func(o *Options) { o.Site = site.ID }, "?_oid=" + organization.ID,
			map[string]string{"targets": "example.com", "hosted-zone-name": "auto"}},
		{"site in any case", console.OrganizationToken(0), func(o *Options) { o.Site = strings.ToUpper(site.Name) }, "",
			map[string]string{"targets": "example.com", "hosted-zone-name": "auto"}},
		{"what is not documented, by force", console.OrganizationToken(0), func(o *Options) {
			o.Site, o.Zone, o.Targets, o.Force = site.ID, "zone-to-come", []string{"10.0.0.0/8", "not a target!!"}, true
			o.Further = Further{"probes-typo": "arp"}
			console.respond = func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"id":"0e0f5e3c-0000-4000-8000-000000000009","name":"Forced","status":"new"}`)
			}
		}, "", map[string]string{"targets": "10.0.0.0/8,not a target!!", "hosted-zone-name": "zone-to-come", "probes-typo": "arp"}},
		{"account token, by id", console.AccountToken(), func(o *Options) {
			o.Flags.Organizations, o.Site = []string{organization.ID}, strings.ToUpper(site.ID)
		}, "?_oid=" + organization.ID, map[string]string{"targets": "example.com", "hosted-zone-name": "auto"}},
		{"account token, by name, all options", console.AccountToken(), func(o *Options) {
			o.Flags.Organizations, o.Site = []string{organization.Name}, site.Name
			o.Targets, o.Name, o.Rate = []string{"198.51.100.0/24, 203.0.113.7", "example.com"}, `"Remedy" <ä>`, 1000
			o.Further = Further{"tcp-ports": "1-1000", "scan-tags": "owner=IT location=Texas"}
		}, "?_oid=" + organization.ID, map[string]string{
			"targets": "198.51.100.0/24,203.0.113.7,example.com", "hosted-zone-name": "auto", "scan-name": `"Remedy" <ä>`, "rate": "1000",
			"tcp-ports": "1-1000", "scan-tags": "owner=IT location=Texas",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			console.respond = console.Console.ServeHTTP
			o := options(c.token, c.options)
			o.DryRun = true
			dry, err := console.scan(t, o)
			if err != nil || len(console.uris) != 0 {
				t.Fatalf("the dry run sent %q (%v)", console.uris, err)
			}
			o.DryRun = false
			out, err := console.scan(t, o)
			uri := "/api/v1.0/org/sites/" + site.ID + "/scan" + c.query
			if err != nil || !slices.Equal(console.uris, []string{uri}) || !maps.Equal(console.body, c.body) {
				t.Fatalf("sent %q %v (%v), want %q %v", console.uris, console.body, err, uri, c.body)
			}
			_, request, _ := strings.Cut(dry, "\n\n")
			head, body, _ := strings.Cut(request, "\n\n")
			var shown map[string]string
			if err := json.Unmarshal([]byte(body), &shown); err != nil || !maps.Equal(shown, c.body) || !strings.HasPrefix(head, "PUT "+uri+"\n") {
				t.Errorf("the dry run shows %q (%v)", request, err)
			}
			if !strings.Contains(out, fmt.Sprintf("Scan of site %q (%s) of organization %q", site.Name, site.ID, organization.Name)) ||
				!regexp.MustCompile(`Started task [0-9a-f-]{36}: ".+", new\.`).MatchString(out) {
				t.Errorf("printed %s", out)
			}
		})
	}
}

func TestRefusesScansThatAreNotClear(t *testing.T) {
	console := newRecorder()
	organization, account := console.OrganizationToken(0), console.AccountToken()
	of := func(names ...string) func(*Options) { return func(o *Options) { o.Flags.Organizations = names } }
	for _, c := range []struct {
		name, token string
		options     func(*Options)
		requests    int
		want        string
	}{
		{"export token", console.ExportToken(0), nil, 0, "an export token can only read"},
		{"download token", console.DownloadToken(0), nil, 0, "make an export token"},
		{"revoked token", "OT0123456789", nil, 2, "the console refuses the token"},
		{"no scanner", organization, func(o *Options) { o.Zone = "" }, 0, "set one of --explorer, --explorer-group and --hosted-zone"},
		{"two scanners", organization, func(o *Options) { o.Explorer = "a" }, 0, "set one of --explorer"},
		{"Explorer group by name", organization, func(o *Options) { o.Zone, o.Group = "", "Group" }, 0, "must be the group's id"},
		{"no targets", organization, func(o *Options) { o.Targets = []string{" ,"} }, 0, "--targets is empty"},
		{"negative rate", organization, func(o *Options) { o.Rate = -1 }, 0, "--rate must not be negative"},
		{"account without a file", organization, func(o *Options) { o.Account = "a" }, 0, "--account"},
		{"two organizations", account, of("a", "b"), 0, "more than once"},
		{"empty organization", account, of(" "), 0, "must not be empty"},
		{"site of several organizations", account, nil, 2, `several organizations have a site "Headquarters": name one of them with --runzero.organization, or pass the site's id with --site: "Halvorsen Logistics" (`},
		{"site of several organizations, in another case", account, func(o *Options) { o.Site = "HEADQUARTERS" }, 2, `several organizations have a site "HEADQUARTERS"`},
		{"site of no organization", account, func(o *Options) { o.Site = "Nowhere" }, 2, `the organizations that the credentials reach have no site "Nowhere": check --site; there are "`},
		{"site that is not known by id", account, func(o *Options) { o.Site = "0e0f5e3c-0000-4000-8000-000000000001" }, 2, "no site"},
		{"site's scope from a hosted zone", organization, func(o *Options) { o.Targets = nil }, 0, "name what to scan with --targets"},
		{"private target from a hosted zone", organization, func(o *Options) { o.Targets = []string{"example.com,10.0.0.0/24"} }, 0, `"10.0.0.0/24" is not public`},
		{"no target", organization, func(o *Options) { o.Targets = []string{"not a target!!"} }, 0, `"not a target!!" is not a target`},
		{"URL with a password", organization, func(o *Options) { o.Targets = []string{"https://ann:PLANTED@example.com"} }, 0, `"…@example.com" is not a target`},
		{"unknown hosted zone", organization, func(o *Options) { o.Zone = "nosuch" }, 3, `the organization has no hosted zone "nosuch": check --hosted-zone; there are "`},
		{"misspelt option", organization, func(o *Options) { o.Further = Further{"probes-typo": "arp"} }, 0, `--option: unknown option "probes-typo": perhaps you mean probes; --force`},
		{"unknown organization", account, of("Nobody"), 1, `no credential that may start a scan reaches an organization "Nobody"`},
		{"organization of another token", organization, of("Kestrel Acquisition"), 1, "no credential that may start a scan reaches"},
		{"unknown site", organization, func(o *Options) { o.Site = "Headquarter" }, 2, `no site "Headquarter": check --site; there are "Headquarters" (`},
		{"unknown Explorer", organization, func(o *Options) { o.Zone, o.Explorer = "", "Nobody" }, 3, `no Explorer "Nobody"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := console.Count()
			_, err := console.scan(t, options(c.token, c.options))
			if err == nil || !strings.Contains(err.Error(), c.want) || len(console.uris) != 0 || console.Count()-before != c.requests {
				t.Errorf("error %v, want %q; %d requests, want %d", err, c.want, console.Count()-before, c.requests)
			}
		})
	}
}

func TestFindsTheExplorer(t *testing.T) {
	console := newRecorder()
	const active = "0e0f5e3c-0000-4000-8000-000000000002"
	explorers := `[{"id":"0e0f5e3c-0000-4000-8000-000000000003","name":"hq-1","inactive":true},{"id":"` + active + `","name":"hq-1","connected":false}]`
	console.Inject(simulator.Fault{Path: "/org/explorers", Body: &explorers})
	for _, wanted := range []string{"hq-1", active, strings.ToUpper(active)} {
		out, err := console.scan(t, options(console.OrganizationToken(0), func(o *Options) { o.Zone, o.Explorer, o.DryRun = "", wanted, true }))
		if err != nil || !strings.Contains(out, `by Explorer "hq-1" (`+active+`), which is offline`) || !strings.Contains(out, `"explorer": "`+active+`"`) {
			t.Errorf("error %v, printed %s", err, out)
		}
	}
}

func TestRefusesAmbiguousNames(t *testing.T) {
	console := newRecorder()
	twins := `[{"id":"a7b2287e-0000-4000-8000-000000000001","name":"Twin"},{"id":"a7b2287e-0000-4000-8000-000000000002","name":"Twin"}]`
	console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &twins})
	o := options(console.OrganizationToken(0), func(o *Options) { o.Site = "Twin" })
	const want = `pass the id of one with --site: "Twin" (a7b2287e-0000-4000-8000-000000000001), "Twin" (a7b2287e-0000-4000-8000-000000000002)`
	if _, err := console.scan(t, o); err == nil || !strings.Contains(err.Error(), want) || len(console.uris) != 0 {
		t.Errorf("error %v, want %q; sent %q", err, want, console.uris)
	}
	o.Site, o.DryRun = "a7b2287e-0000-4000-8000-000000000002", true
	if out, err := console.scan(t, o); err != nil || !strings.Contains(out, "/org/sites/"+o.Site+"/scan") {
		t.Errorf("error %v, printed %s", err, out)
	}
}

func TestRefusesOptionsWithSecretsOrFlagsOfTheirOwn(t *testing.T) {
	further := Further{"a": "1"}
	for option, want := range map[string]string{
		"tcp-ports": "KEY=VALUE", "=1": "KEY=VALUE", "PLANTED": "KEY=VALUE", "a=2": "twice",
		"rate=1": "--rate", "explorer=x": "--explorer", "targets=10.0.0.1": "--targets",
		"snmp-comms=PLANTED": "secret", "snmp-v3-auth-passphrase=PLANTED": "secret", "SNMP-V3-Privacy-Passphrase=PLANTED": "secret", "api-key=PLANTED": "secret",
	} {
		if err := further.Set(option); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "PLANTED") || len(further) != 1 {
			t.Errorf("%s: error %v, want %q", option, err, want)
		}
	}
	if err := further.Set("tcp-ports=1-1000"); err != nil || further["tcp-ports"] != "1-1000" {
		t.Errorf("error %v, options %v", err, further)
	}
}

func TestStartsOneScanWhateverTheResponse(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	const no, unknown = "no scan was started", "it is unknown whether the scan was started"
	for _, c := range []struct {
		name    string
		respond http.HandlerFunc
		want    string
	}{
		{"refused", status(http.StatusForbidden), no},
		{"invalid option", status(http.StatusUnprocessableEntity), no},
		{"failure", status(http.StatusInternalServerError), unknown},
		{"no task", status(http.StatusOK), unknown},
		{"connection lost", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, unknown},
		{"timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := newRecorder()
				console.respond = c.respond
				_, err := console.scan(t, options(console.OrganizationToken(0), nil))
				if err == nil || !strings.Contains(err.Error(), c.want) || len(console.uris) != 1 {
					t.Errorf("error %v, want %q; sent %d times", err, c.want, len(console.uris))
				}
			})
		})
	}
}

func TestAConnectionThatIsRefusedStartsNothing(t *testing.T) {
	console := newRecorder()
	dial, stop := simulator.Pipe(console)
	defer stop()
	connections := 0
	refusing := func(ctx context.Context, network, address string) (net.Conn, error) {
		if connections++; connections >= 3 { // after the look-ups of organization and site
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return dial(ctx, network, address)
	}
	err := Run(t.Context(), command.Env{Stdout: io.Discard, Dial: refusing}, options(console.OrganizationToken(0), nil))
	if err == nil || !strings.HasPrefix(err.Error(), "no scan was started: ") || !strings.Contains(err.Error(), "nothing listens") {
		t.Errorf("error %v after %d connections", err, connections)
	}
}

func TestSelectsAccountAndCredential(t *testing.T) {
	console := newRecorder()
	file := filepath.Join(t.TempDir(), "config.yml")
	text := fmt.Sprintf(`accounts:
- name: reads
  url: http://localhost
  credentials: [{authorization: {credentials: %[1]s}}]
- name: writes
  url: http://localhost
  organizations: {include: [Brightwater Clinics]}
  credentials:
  - {name: exports, authorization: {credentials: %[1]s}}
  - {name: first, authorization: {credentials: %[2]s}}
  - {name: second, authorization: {credentials: %[3]s}}
`, console.ExportToken(0), console.OrganizationToken(0), console.OrganizationToken(1))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		account      string
		organization []string
		site         int // of the organization with this number
		err          string
	}{
		{"", nil, 0, "one of reads, writes"},
		{"neither", nil, 0, `no account "neither"`},
		{"reads", nil, 0, "can only read"},
		{"writes", []string{"Halvorsen Logistics"}, 0, ""},
		{"writes", nil, 1, ""}, // the only organization that is polled
	} {
		_, err := console.scan(t, options("", func(o *Options) {
			o.Flags.File, o.Flags.URL, o.Account, o.Flags.Organizations = file, "", c.account, c.organization
		}))
		site := console.Organizations()[c.site].Sites[0].ID
		started := err == nil && len(console.uris) == 1 && strings.Contains(console.uris[0], site)
		refused := err != nil && len(console.uris) == 0 && strings.Contains(err.Error(), c.err)
		if c.err == "" && !started || c.err != "" && !refused {
			t.Errorf("account %q, organization %v: sent %q, error %v", c.account, c.organization, console.uris, err)
		}
	}
}

func TestScansTheDemo(t *testing.T) {
	o := options("", func(o *Options) {
		o.Demo, o.Flags.Organizations = command.Demo{Enabled: true}, []string{"Halvorsen Logistics"}
	})
	var out bytes.Buffer
	if err := Run(t.Context(), command.Env{Stdout: &out}, o); err != nil || !strings.Contains(out.String(), "Started task ") {
		t.Errorf("error %v, printed %s", err, out.String())
	}
}
