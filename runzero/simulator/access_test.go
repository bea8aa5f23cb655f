package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestAccess requests every endpoint with every kind of credential, for every licence.
func TestAccess(t *testing.T) {
	kinds := []string{tokenNone, tokenInvalid, tokenDownload, tokenExport, tokenOrganization, tokenAccount, tokenOAuth}
	// The status for each kind, in this order.
	type statuses [7]int
	want := map[string]map[Tier]statuses{
		"/health":           {Community: {200, 200, 200, 200, 200, 200, 200}, Professional: {200, 200, 200, 200, 200, 200, 200}, Platform: {200, 200, 200, 200, 200, 200, 200}},
		"/export/org/":      {Community: {401, 401, 401, 200, 403, 403, 403}, Professional: {401, 401, 401, 200, 200, 403, 403}, Platform: {401, 401, 401, 200, 200, 200, 200}},
		"/org":              {Community: {401, 401, 401, 401, 403, 403, 403}, Professional: {401, 401, 401, 401, 200, 403, 403}, Platform: {401, 401, 401, 401, 200, 200, 200}},
		"/org/hosted-zones": {Community: {401, 401, 401, 401, 403, 403, 403}, Professional: {401, 401, 401, 401, 403, 403, 403}, Platform: {401, 401, 401, 401, 200, 200, 200}},
		"/account/":         {Community: {401, 401, 401, 401, 401, 403, 403}, Professional: {401, 401, 401, 401, 401, 403, 403}, Platform: {401, 401, 401, 401, 401, 200, 200}},
	}
	reach := map[string]string{"/export/org/": `["export","organization","client"]`, "/org": `["organization","client"]`, "/org/hosted-zones": `["organization","client"]`, "/account/": `["client"]`}
	for _, tier := range []Tier{Community, Professional, Platform} {
		c, _ := newConsole(Options{Tier: tier, Assets: 20, Sites: 1, Organizations: 1})
		// A licence without API clients issues no tokens, but this one was issued before.
		old := c.issue(c.opts.Now())["access_token"].(string)
		tokens := []string{"", "ET00000000000000000000000000000000", c.DownloadToken(0), c.ExportToken(0), c.OrganizationToken(0), c.AccountToken(), old}
		for path, rt := range c.routes {
			if rt.scope == scopeToken {
				continue
			}
			rule := "/health"
			for prefix := range want {
				if strings.HasPrefix(path, prefix) && (len(prefix) > len(rule) || rule == "/health") {
					rule = prefix
				}
			}
			requested, body := strings.Replace(path, "tasks/{id}", "tasks/"+c.orgs[0].schedules[0].key.uuid(), 1), ""
			if rt.method == http.MethodPut {
				requested, body = strings.Replace(path, "{id}", c.orgs[0].sites[0].id, 1), `{"targets":"defaults","hosted-zone-name":"auto"}`
			}
			for i, kind := range kinds {
				w := ask(t, c, rt.method, requested+"?_oid="+c.orgs[0].id, tokens[i], body)
				status := want[rule][tier][i]
				if w.Code != status {
					t.Errorf("%v: %s with %s: status %d, want %d", tier, path, kind, w.Code, status)
				}
				charged := w.Header().Get("X-API-Usage-Limit") != ""
				if want := rule != "/health" && i > 1; charged != want {
					t.Errorf("%v: %s with %s: usage headers %v, want %v", tier, path, kind, charged, want)
				}
				switch text := w.Body.String(); {
				case status == 401 && i > 1 && (!strings.Contains(text, `"possible_token_types":`+reach[rule]) || !strings.Contains(text, `"provided_token_type":"`+kind)):
					t.Errorf("%v: %s with %s: %s", tier, path, kind, text)
				case status == 403 && !strings.Contains(text, `"title":"NotAllowedForLicense"`):
					t.Errorf("%v: %s with %s: %s", tier, path, kind, text)
				}
			}
		}
		if w := tokenRequest(t, c, true); (w.Code == 200) != (tier == Platform) || w.Code != 200 && w.Code != 403 {
			t.Errorf("%v: token request %d", tier, w.Code)
		}
	}
}

func TestErrorResponses(t *testing.T) {
	c, _ := newConsole(Options{})
	for _, tt := range []struct {
		method, path, token string
		status              int
		contains            string
	}{
		{"GET", "/org", "", 401, `"status":"error"`},
		{"GET", "/org", "x", 401, `{"error":"unauthorized"}`},
		{"GET", "/nothing", c.AccountToken(), 404, "404: Not Found"},
		{"GET", "/export/org/scans.csv", c.ExportToken(0), 404, "404: Not Found"},
		{"POST", "/org/tasks", c.OrganizationToken(0), 405, `"title":"Method Not Allowed"`},
		{"GET", "/org/tasks/" + zeroUUID, c.OrganizationToken(0), 404, `"status":404`},
		{"GET", "/export/org/assets.json?page_size=x", c.ExportToken(0), 422, `"status":422`},
		{"GET", "/export/org/assets.json?page_size=9&start_key=%21", c.ExportToken(0), 422, `"status":422`},
	} {
		w := ask(t, c, tt.method, tt.path, tt.token, "")
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.contains) {
			t.Errorf("%s %s: %d %s; want %d %s", tt.method, tt.path, w.Code, w.Body, tt.status, tt.contains)
		}
		if plain := strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain"); plain != (strings.HasPrefix(tt.contains, "404:")) {
			t.Errorf("%s: content type %s", tt.path, w.Header().Get("Content-Type"))
		}
	}
	for path, want := range map[string]int{"/elsewhere": 404, "/some/prefix/api/v1.0/health": 200} {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

func TestOrganizationParameter(t *testing.T) {
	c, _ := newConsole(Options{})
	orgs := c.Organizations()
	owner := func(path, token string, status int) string {
		var list []object
		if status != 200 {
			get(t, c, path, token, status, nil)
			return ""
		}
		get(t, c, path, token, status, &list)
		return list[0]["organization_id"].(string)
	}
	const path = "/export/org/sites.json"
	for i, o := range orgs {
		if got := owner(path+"?_oid="+o.ID, c.AccountToken(), 200); got != o.ID {
			t.Errorf("account token got %s, want %s", got, o.ID)
		}
		if got := owner(path, c.ExportToken(i), 200); got != o.ID {
			t.Errorf("export token got %s, want %s", got, o.ID)
		}
	}
	if got := owner(path, c.AccountToken(), 200); got != orgs[0].ID {
		t.Errorf("without _oid: %s", got)
	}
	owner(path+"?_oid="+zeroUUID, c.AccountToken(), 404)
	owner(path+"?_oid="+orgs[1].ID, c.ExportToken(0), 401)
	owner(path+"?_oid="+orgs[1].ID, c.OrganizationToken(0), 401)
}

func TestMissingPathsAreNotFound(t *testing.T) {
	c, _ := newConsole(Options{Missing: []string{"/export/org/tasks.jsonl", "/org/tasks/{id}"}})
	get(t, c, "/export/org/tasks.json?fields=id", c.ExportToken(0), 200, nil)
	w := ask(t, c, "GET", "/export/org/tasks.jsonl", c.ExportToken(0), "")
	if w.Code != 404 || w.Body.String() != "404: Not Found" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	get(t, c, "/org/tasks/"+c.orgs[0].schedules[0].key.uuid(), c.OrganizationToken(0), 404, nil)
}

func tokenRequest(t testing.TB, c *Console, basic bool) *httptest.ResponseRecorder {
	t.Helper()
	id, secret := c.Client()
	body := "grant_type=client_credentials"
	if !basic {
		body += "&client_id=" + id + "&client_secret=" + secret
	}
	r := httptest.NewRequest("POST", "/api/v1.0/account/api/token", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if basic {
		r.SetBasicAuth(id, secret)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

func issueToken(t testing.TB, c *Console) string {
	t.Helper()
	w := tokenRequest(t, c, false)
	if w.Code != http.StatusOK {
		t.Fatalf("token request: %d %s", w.Code, w.Body)
	}
	return lines(t, w.Body)[0]["access_token"].(string)
}

func TestOAuth(t *testing.T) {
	c, clk := newConsole(Options{})
	first := issueToken(t, c)
	if u := c.Usage(); u.Today != 1 {
		t.Errorf("a token request cost %d calls", u.Today)
	}
	if w := tokenRequest(t, c, true); w.Code != 200 || w.Header().Get("X-API-Usage-Today") != "2" {
		t.Errorf("with Basic: %d %v", w.Code, w.Header())
	}
	get(t, c, "/account/license", first, 200, nil)
	clk.Advance(59 * time.Minute)
	get(t, c, "/account/license", first, 200, nil)
	second := issueToken(t, c)
	if first == second {
		t.Error("one token twice")
	}
	clk.Advance(time.Minute)
	get(t, c, "/account/license", first, 401, nil)
	get(t, c, "/account/license", second, 200, nil)

	id, _ := c.Client()
	for body, want := range map[string]int{
		"grant_type=client_credentials&client_id=" + id + "&client_secret=no": 401,
		"grant_type=client_credentials&client_id=" + id:                       400,
		"grant_type=client_credential&client_id=a&client_secret=b":            400,
		"": 400,
	} {
		w := ask(t, c, "POST", "/account/api/token", "", body, "Content-Type", "application/x-www-form-urlencoded")
		if w.Code != want {
			t.Errorf("%q: %d, want %d", body, w.Code, want)
		}
	}
	if w := ask(t, c, "GET", "/account/api/token", "", ""); w.Code != 405 {
		t.Errorf("GET of a token: %d", w.Code)
	}
}

func TestIgnoresTheOrganizationParameter(t *testing.T) {
	c, _ := newConsole(Options{IgnoreOrganization: true, Assets: 20})
	orgs := c.Organizations()
	for token, want := range map[string]string{c.AccountToken(): orgs[0].ID, c.OrganizationToken(1): orgs[1].ID} {
		var rows []object
		get(t, c, "/export/org/assets.json?_oid="+orgs[1].ID, token, 200, &rows)
		if len(rows) == 0 || rows[0]["organization_id"] != want {
			t.Errorf("organization %v, want %s", rows[0]["organization_id"], want)
		}
	}
}
