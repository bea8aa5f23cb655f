package simulator

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// example is a request of runZero's own examples of the API, with curl's headers.
type example struct {
	method, path string
	body         object // of a scan
	form         string // of a token request
}

func (e example) send(t *testing.T, c *Console, token string) *httptest.ResponseRecorder {
	t.Helper()
	body, headers := e.form, []string{"User-Agent", "curl/8.5.0", "Accept", "*/*"}
	switch {
	case e.form != "":
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	case e.body != nil:
		text, err := json.Marshal(e.body)
		if err != nil {
			t.Fatal(err)
		}
		body, headers = string(text), append(headers, "Content-Type", "application/json")
	}
	return ask(t, c, e.method, e.path, token, body, headers...)
}

func scanExample(c *Console, scanner, value, targets, name, rate string) example {
	return example{http.MethodPut, "/org/sites/" + c.orgs[0].sites[0].id + "/scan", object{scanner: value, "targets": targets, "scan-name": name, "rate": rate}, ""}
}

// Each request of the examples, with each kind of token.
func TestAnswersRunZerosExamples(t *testing.T) {
	c, _ := newConsole(Options{})
	download := func(path string) example { return example{http.MethodGet, "/export/org/" + path, nil, ""} }
	id, secret := c.Client()
	tokens := map[string]string{
		"ET": c.ExportToken(0), "XT": "XT" + c.ExportToken(0)[2:], "OT": c.OrganizationToken(0), "CT": c.AccountToken(), "DT": c.DownloadToken(0), "": "",
		"OAuth2": issueToken(t, c),
	}
	for name, tt := range map[string]struct {
		example
		accepts []string
		media   string
	}{
		"all assets":            {download("assets.json"), []string{"ET", "XT", "OT", "CT", "OAuth2"}, "application/json"},
		"all assets as CSV":     {download("assets.csv"), []string{"ET", "XT", "OT", "CT", "OAuth2"}, "text/csv"},
		"sites":                 {download("sites.json"), []string{"ET", "XT", "OT", "CT", "OAuth2"}, "application/json"},
		"completed scans":       {download("scans.json"), []string{"ET", "XT", "OT", "CT", "OAuth2"}, "application/json"},
		"live assets":           {download("assets.json?search=alive:true"), []string{"ET", "XT", "OT", "CT", "OAuth2"}, "application/json"},
		"scan by an Explorer":   {scanExample(c, "explorer", c.orgs[0].explorers[0].id, "192.168.1.0/24", "By one Explorer", "3000"), []string{"OT", "CT", "OAuth2"}, "application/json"},
		"scan by a hosted zone": {scanExample(c, "hosted-zone-name", "auto", "example.com", "By a zone", "1000"), []string{"OT", "CT", "OAuth2"}, "application/json"},
		"scan by a group":       {scanExample(c, "explorer-group-id", zeroUUID, "10.0.0.0/8", "By a group", "1000"), []string{"OT", "CT", "OAuth2"}, "application/json"},
		"OAuth2 token":          {example{http.MethodPost, "/account/api/token", nil, "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret}, slices.Collect(maps.Keys(tokens)), "application/json"},
	} {
		for kind, token := range tokens {
			w := tt.send(t, c, token)
			want := http.StatusUnauthorized
			if slices.Contains(tt.accepts, kind) {
				want = http.StatusOK
			}
			if w.Code != want || want == http.StatusOK && w.Header().Get("Content-Type") != tt.media {
				t.Errorf("%s with token %s: %d, %s; want %d, %s: %.300s", name, kind, w.Code, w.Header().Get("Content-Type"), want, tt.media, w.Body)
			}
		}
	}
}

func TestCSVHasTheRecordsOfJSON(t *testing.T) {
	c, _ := newConsole(Options{Assets: 40, Sites: 2})
	for of, id := range identity {
		w := ask(t, c, "GET", "/export/org/"+of+".csv?page_size=3&fields=xx", c.ExportToken(0), "")
		if of == "tasks" { // which have no such form
			if w.Code != http.StatusNotFound {
				t.Errorf("tasks.csv: %d", w.Code)
			}
			continue
		}
		cells, err := csv.NewReader(w.Body).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", of, err)
			continue
		}
		var got, want []any
		for _, line := range cells[1:] {
			got = append(got, line[slices.Index(cells[0], id)])
		}
		rows := exported(t, c, 0, of, "")
		for _, r := range rows {
			want = append(want, r[id])
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d rows of CSV, want %d", of, len(got), len(want))
		}
		if names := slices.Sorted(maps.Keys(rows[0])); of == "sites" && !slices.Equal(cells[0], names) {
			t.Errorf("columns %v, want %v", cells[0], names)
		}
	}
	empty, text, list := cell([]byte("null")), cell([]byte(`"a,\"b\""`)), cell([]byte(`["a",1]`))
	if empty != "" || text != `a,"b"` || list != `["a",1]` || cell(nil) != "" {
		t.Errorf("cells %q, %q, %q", empty, text, list)
	}
}

// A scan that was started is among the completed ones when it has ended. An old console has this list and no other.
func TestCompletedScans(t *testing.T) {
	c, clk := newConsole(Options{Missing: []string{"/export/org/tasks.json", "/export/org/tasks.jsonl"}})
	for path := range strings.SplitSeq("tasks.json tasks.jsonl", " ") {
		get(t, c, "/export/org/"+path, c.ExportToken(0), http.StatusNotFound, nil)
	}
	if w := scanExample(c, "explorer-group-id", zeroUUID, "10.0.0.0/8", "By a group", "1000").send(t, c, c.OrganizationToken(0)); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	listed := func(query string) (scans []object, started int) {
		t.Helper()
		get(t, c, "/export/org/scans.json"+query, c.ExportToken(0), http.StatusOK, &scans)
		for _, s := range scans {
			if s["type"] != "scan" || s["status"] != "processed" || s["recur"] != false || unix(s, "data_processing_ended_at") == 0 {
				t.Fatalf("not a completed scan: %v", s)
			}
			if s["name"] == "By a group" {
				started++
			}
		}
		return scans, started
	}
	before, started := listed("")
	if len(before) < 100 || started != 0 {
		t.Errorf("%d scans, of which %d have just been started", len(before), started)
	}
	clk.Advance(20 * time.Minute)
	if _, started := listed(""); started != 1 {
		t.Errorf("%d scans of the one that was started", started)
	}
	if found, _ := listed("?search=site_name:HQ"); len(found) >= len(before) {
		t.Errorf("%d scans of one site, %d of all", len(found), len(before))
	}
}
