//go:build port

package scan

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// puts is a console that remembers the scans it was asked for.
type puts struct {
	*simulator.Console

	answer http.Handler // to a request for a scan; nil: the console itself

	mu   sync.Mutex
	uris []string
	body map[string]string // of the last
}

func (p *puts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		p.Console.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	p.uris = append(p.uris, r.URL.RequestURI())
	p.body = nil
	if err == nil {
		err = json.Unmarshal(body, &p.body)
	}
	p.mu.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if p.answer != nil {
		p.answer.ServeHTTP(w, r)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	p.Console.ServeHTTP(w, r)
}

// forget forgets what it was asked for.
func (p *puts) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uris, p.body = nil, nil
}

func (p *puts) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.uris
}

func (p *puts) options() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.body
}

// scanned is what a scan command said, and what the console was asked for.
type scanned struct {
	code     int
	out, log string
}

// scan runs the command with a token.
func (p *puts) scan(t *testing.T, token string, args ...string) scanned {
	t.Helper()
	p.forget()
	before := p.Count()
	s := scanned{}
	s.code, s.out, s.log = command(t, t.Context(), append([]string{"scan", "--runzero.url", listen(t, p), "--runzero.token-file", write(t, token)}, args...)...)
	for _, secret := range []string{token, "PLANTED"} {
		if strings.Contains(s.out+s.log, secret) {
			t.Errorf("a secret is told: %s%s", s.out, s.log)
		}
	}
	if calls := p.Count() - before; calls > 4 {
		t.Errorf("%d requests", calls)
	}
	if s.code != 0 && strings.Count(s.log, "\n") != 1 {
		t.Errorf("said %q, want one line", s.log)
	}
	return s
}

func explorerOf(t *testing.T, c *simulator.Console, of string) (id, name string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, listen(t, c)+"/api/v1.0/org/explorers?_oid="+of, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.AccountToken())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var rows []struct {
		ID, Name string
		Inactive bool
	}
	if err := json.NewDecoder(response.Body).Decode(&rows); err != nil || len(rows) == 0 {
		t.Fatalf("%d Explorers (%v)", len(rows), err)
	}
	return rows[0].ID, rows[0].Name
}

func TestScanStartsWhatItSays(t *testing.T) {
	console := &puts{Console: simulator.New(simulator.Options{Assets: 40})}
	organization := console.Organizations()[0]
	site := organization.Sites[1]
	explorer, explorerName := explorerOf(t, console.Console, organization.ID)
	const group = "0e0f5e3c-0000-4000-8000-000000000001"
	zone := console.HostedZones()[0].ID
	for _, c := range []struct {
		what, token string
		args        []string
		body        map[string]string
		query       string
	}{
		{"an organization token, and the site's own scope", console.OrganizationToken(0), []string{"--site", site.Name, "--hosted-zone", "auto"},
			map[string]string{"targets": "defaults", "hosted-zone-name": "auto"}, ""},
		{"everything by id", console.AccountToken(), []string{"--runzero.organization", organization.ID, "--site", strings.ToUpper(site.ID), "--explorer", explorer},
			map[string]string{"targets": "defaults", "explorer": explorer}, "?_oid=" + organization.ID},
		{"everything by name, and options", console.AccountToken(), []string{
			"--runzero.organization", organization.Name, "--site", site.Name, "--explorer", explorerName,
			"--targets", "10.0.0.0/24, 10.0.1.1", "--targets", "example.com", "--name", `"Remedy" <ä>`, "--rate", "1000",
			"--option", "tcp-ports=1-1000", "--option", "scan-tags=owner=IT location=Texas"},
			map[string]string{"targets": "10.0.0.0/24,10.0.1.1,example.com", "explorer": explorer, "scan-name": `"Remedy" <ä>`, "rate": "1000",
				"tcp-ports": "1-1000", "scan-tags": "owner=IT location=Texas"}, "?_oid=" + organization.ID},
		{"an Explorer group", console.OrganizationToken(0), []string{"--site", site.ID, "--explorer-group", group},
			map[string]string{"targets": "defaults", "explorer-group-id": group}, ""},
		{"a hosted zone by id", console.OrganizationToken(0), []string{"--site", site.ID, "--hosted-zone", zone},
			map[string]string{"targets": "defaults", "hosted-zone-id": zone}, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			dry := console.scan(t, c.token, append([]string{"--dry-run"}, c.args...)...)
			if dry.code != 0 || len(console.asked()) != 0 {
				t.Fatalf("the dry run: exit code %d, sent %q: %s%s", dry.code, console.asked(), dry.out, dry.log)
			}
			got := console.scan(t, c.token, c.args...)
			uri := "/api/v1.0/org/sites/" + site.ID + "/scan" + c.query
			if got.code != 0 || len(console.asked()) != 1 || console.asked()[0] != uri || !maps.Equal(console.options(), c.body) {
				t.Fatalf("exit code %d, sent %q %v, want %q %v: %s%s", got.code, console.asked(), console.options(), uri, c.body, got.out, got.log)
			}
			// What the dry run showed is what was sent.
			_, request, _ := strings.Cut(dry.out, "\n\n")
			head, body, _ := strings.Cut(request, "\n\n")
			var shown map[string]string
			if err := json.Unmarshal([]byte(body), &shown); err != nil || !maps.Equal(shown, c.body) || !strings.HasPrefix(head, "PUT "+uri+"\n") {
				t.Errorf("the dry run shows %q (%v)", request, err)
			}
			if !strings.Contains(got.out, fmt.Sprintf("Scan of site %q (%s) of organization %q", site.Name, site.ID, organization.Name)) ||
				!regexp.MustCompile(`Started task [0-9a-f-]{36}: ".+", new\.`).MatchString(got.out) {
				t.Errorf("said %s", got.out)
			}
		})
	}
}

func TestScanThatCannotBeIsRefusedWithASentence(t *testing.T) {
	console := &puts{Console: simulator.New(simulator.Options{Assets: 40})}
	organization, account, export := console.OrganizationToken(0), console.AccountToken(), console.ExportToken(0)
	for _, c := range []struct {
		what, token string
		args        []string
		requests    int
		says        string
	}{
		{"an export token", export, []string{"--site=Headquarters", "--hosted-zone=auto"}, 0, "let the exporter keep its export token"},
		{"a download token", console.DownloadToken(0), []string{"--site=Headquarters", "--hosted-zone=auto"}, 0, "make an export token"},
		{"nobody scans", organization, []string{"--site=Headquarters"}, 0, "--explorer, --explorer-group and --hosted-zone"},
		{"two scan", organization, []string{"--site=Headquarters", "--hosted-zone=auto", "--explorer=a"}, 0, "one of --explorer"},
		{"a group by name", organization, []string{"--site=Headquarters", "--explorer-group=Group"}, 0, "the group's id"},
		{"no targets", organization, []string{"--site=Headquarters", "--hosted-zone=auto", "--targets= ,"}, 0, "--targets is empty"},
		{"a negative rate", organization, []string{"--site=Headquarters", "--hosted-zone=auto", "--rate=-1"}, 0, "--rate must not be negative"},
		{"an account of no file", organization, []string{"--site=Headquarters", "--hosted-zone=auto", "--account=a"}, 0, "--account"},
		{"two organizations", account, []string{"--site=Headquarters", "--hosted-zone=auto", "--runzero.organization=a", "--runzero.organization=b"}, 0, "more than once"},
		{"an empty organization", account, []string{"--site=Headquarters", "--hosted-zone=auto", "--runzero.organization="}, 0, "must not be empty"},
		{"a token that was revoked", "OT0123456789", []string{"--site=Headquarters", "--hosted-zone=auto"}, 2, "the console refuses the token"},
		{"organizations to choose from", account, []string{"--site=Headquarters", "--hosted-zone=auto"}, 1, `"Brightwater Clinics" (`},
		{"no such organization", account, []string{"--site=Headquarters", "--hosted-zone=auto", "--runzero.organization=Nobody"}, 1, `no credential that may start a scan reaches an organization "Nobody"`},
		{"another token's organization", organization, []string{"--site=Headquarters", "--hosted-zone=auto", "--runzero.organization=Kestrel Acquisition"}, 1, "no credential"},
		{"no such site", organization, []string{"--site=Headquarter", "--hosted-zone=auto"}, 2, `no site "Headquarter": check --site; it has "Headquarters" (`},
		{"no such Explorer", organization, []string{"--site=Headquarters", "--explorer=Nobody"}, 3, `no Explorer "Nobody"`},
	} {
		t.Run(c.what, func(t *testing.T) {
			before := console.Count()
			got := console.scan(t, c.token, c.args...)
			if got.code != 1 || !strings.Contains(got.log, c.says) || len(console.asked()) != 0 || console.Count()-before != c.requests {
				t.Errorf("exit code %d, %d requests, want %d; sent %q, said %q, want %q", got.code, console.Count()-before, c.requests, console.asked(), got.log, c.says)
			}
		})
	}
	for _, option := range []string{"tcp-ports", "=1", "rate=1", "explorer=x", "targets=10.0.0.1"} {
		got := console.scan(t, organization, "--site=Headquarters", "--hosted-zone=auto", "--option", option)
		if got.code != 2 || !strings.Contains(got.log, "--option") {
			t.Errorf("%s: exit code %d, %q", option, got.code, got.log)
		}
	}
	for _, option := range []string{"snmp-comms=PLANTED", "snmp-v3-auth-passphrase=PLANTED", "SNMP-V3-Privacy-Passphrase=PLANTED", "api-key=PLANTED", "PLANTED"} {
		got := console.scan(t, organization, "--site=Headquarters", "--hosted-zone=auto", "--dry-run", "--option", option)
		if got.code != 2 || !strings.Contains(got.log, "--option") || strings.Contains(got.log+got.out, "PLANTED") {
			t.Errorf("%s: exit code %d, %q", option, got.code, got.log)
		}
	}
	if got := console.scan(t, organization, "--site=Headquarters", "--hosted-zone=auto", "--option=a=1", "--option=a=2"); got.code != 2 || !strings.Contains(got.log, "twice") {
		t.Errorf("exit code %d, %q", got.code, got.log)
	}
}

func TestScanOfANameThatSeveralHave(t *testing.T) {
	console := &puts{Console: simulator.New(simulator.Options{Assets: 40})}
	const twins = `[{"id":"a7b2287e-0000-4000-8000-000000000001","name":"Twin"},{"id":"a7b2287e-0000-4000-8000-000000000002","name":"Twin"}]`
	body := twins
	console.Inject(simulator.Fault{Path: "/export/org/sites.json", Body: &body})
	got := console.scan(t, console.OrganizationToken(0), "--site=Twin", "--hosted-zone=auto")
	if got.code != 1 || len(console.asked()) != 0 || !strings.Contains(got.log, "pass the id of one with --site") ||
		!strings.Contains(got.log, `"Twin" (a7b2287e-0000-4000-8000-000000000001), "Twin" (a7b2287e-0000-4000-8000-000000000002)`) {
		t.Errorf("exit code %d, sent %q: %s", got.code, console.asked(), got.log)
	}
	console.answer = http.NotFoundHandler()
	if console.scan(t, console.OrganizationToken(0), "--site=a7b2287e-0000-4000-8000-000000000002", "--hosted-zone=auto"); len(console.asked()) != 1 || !strings.Contains(console.asked()[0], "0002/scan") {
		t.Errorf("sent %q", console.asked())
	}
}

func TestScanOfTheDemo(t *testing.T) {
	code, out, log := command(t, t.Context(), "scan", "--demo", "--runzero.organization=Halvorsen Logistics", "--site=Headquarters", "--hosted-zone=auto")
	if code != 0 || !strings.Contains(out, "Started task ") {
		t.Errorf("exit code %d, %s%s", code, out, log)
	}
}
