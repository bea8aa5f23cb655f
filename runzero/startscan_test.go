package runzero_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	site      = "a7b2287e-0000-4000-8000-000000000001"
	scanPath  = "/api/v1.0/org/sites/" + site + "/scan"
	scanLabel = "/org/sites/{id}/scan"
	newTask   = `{"id":"4c76980f-0000-4000-8000-000000000001","organization_id":"` + organization + `","site_id":"` + site + `",
 "type":"scan","status":"new","name":"Weekly","error":"","params":{"targets":"PLANTED"},"created_by":"PLANTED"}`
)

// scans is a console that records the scans it is sent.
type scans struct {
	next http.Handler
	mu   sync.Mutex
	sent []string
}

func (s *scans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.sent = append(s.sent, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Content-Type")+" "+string(body))
	s.mu.Unlock()
	s.next.ServeHTTP(w, r)
}

func TestStartScanSendsTheOptionsUnchanged(t *testing.T) {
	options := map[string]string{"targets": "10.0.0.0/8", "scan-name": `"Weekly" <ä>`, "rate": "1000", "explorer-group-id": "g"}
	console := &scans{next: data(newTask)}
	for token, query := range map[string]string{organizationToken: "", accountToken: "?_oid=" + organization, unknownToken: "?_oid=" + organization} {
		console.sent = nil
		task, err := serve(t, console, runzero.Config{HTTP: withToken(token), Write: true}).StartScan(t.Context(), organization, site, options)
		if err != nil {
			t.Fatal(err)
		}
		if task.ID != "4c76980f-0000-4000-8000-000000000001" || task.Name != "Weekly" || task.Type != "scan" || task.Status != "new" || task.SiteID != site || strings.Contains(fmt.Sprintf("%+v", task), "PLANTED") {
			t.Errorf("task %+v", task)
		}
		head, body, _ := strings.Cut(console.sent[0], " application/json ")
		var sent map[string]string
		if err := json.Unmarshal([]byte(body), &sent); err != nil || !maps.Equal(sent, options) || len(console.sent) != 1 || head != "PUT "+scanPath+query {
			t.Errorf("sent %q (%v), want once %s%s with %v", console.sent, err, scanPath, query, options)
		}
	}
}

func TestStartScanEscapesTheSite(t *testing.T) {
	for id, path := range map[string]string{
		"Head Office":     "Head%20Office",
		"a/../../keys":    "a%2F..%2F..%2Fkeys",
		"..b":             "..b",
		"\x00\r\nHost: b": "%00%0D%0AHost:%20b",
	} {
		console := &scans{next: data(newTask)}
		client := serve(t, console, runzero.Config{URL: "http://localhost/prefix", HTTP: withToken(organizationToken), Write: true})
		if _, err := client.StartScan(t.Context(), "", id, nil); err != nil {
			t.Errorf("%q: %v", id, err)
		}
		if want := "PUT /prefix/api/v1.0/org/sites/" + path + "/scan "; len(console.sent) != 1 || !strings.HasPrefix(console.sent[0], want) {
			t.Errorf("%q: sent %q, want %q", id, console.sent, want)
		}
	}
}

func TestInvalidScanIsNotSent(t *testing.T) {
	options := map[string]string{"targets": "PLANTED"}
	for name, c := range map[string]struct {
		token, organization, site string
		options                   map[string]string
		readOnly                  bool
		want                      string
	}{
		"an export token":           {exportToken, organization, site, options, false, "it begins with OT"},
		"no organization":           {accountToken, "", site, options, false, "needs the organization's id"},
		"no site":                   {organizationToken, organization, "", options, false, "the site"},
		"a site that is a path":     {organizationToken, organization, " .. ", options, false, "the site"},
		"options that are no UTF-8": {organizationToken, organization, site, map[string]string{"targets": "PLANTED\xff"}, false, "UTF-8"},
		"no permission to write":    {organizationToken, organization, site, options, true, "only the scan command"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: data(newTask)}
			client := serve(t, log, runzero.Config{HTTP: withToken(c.token), Write: !c.readOnly})
			_, err := client.StartScan(t.Context(), c.organization, c.site, c.options)
			if err == nil || !strings.HasPrefix(err.Error(), scanLabel+": ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "PLANTED") {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if got := log.take(); len(got) != 0 {
				t.Errorf("requested %v", got[0].URL)
			}
		})
	}
}

func TestScanIsSentOnceWhateverTheResponse(t *testing.T) {
	gone := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	redirect := func(code int) http.Handler { return http.RedirectHandler("/elsewhere", code) }
	for name, c := range map[string]struct {
		next   http.Handler
		status int   // of a *runzero.Error
		err    error // of another
	}{
		"the licence has expired": {answer(403, "application/json", `{"detail":"LicenseExpired"}`), 403, nil},
		"no such site":            {answer(404, "", "404: Not Found"), 404, nil},
		"the console fails":       {answer(500, "", ""), 500, nil},
		"no response":             {gone, 0, nil},
		"moved, with the body":    {redirect(308), 308, nil},
		"a web page":              {answer(200, "text/html", "<html>"), 0, runzero.ErrNotData},
		"a list":                  {data("[" + newTask + "]"), 0, runzero.ErrNotRecord},
		"nothing":                 {answer(204, "", ""), 0, runzero.ErrNotRecord},
		"cut off":                 {data(newTask[:60]), 0, runzero.ErrTruncated},
		"another organization's":  {data(strings.Replace(newTask, organization, foreign, 1)), 0, runzero.ErrWrongOrganization},
	} {
		t.Run(name, func(t *testing.T) {
			console, seen := &scans{next: c.next}, &recorder{}
			client := serve(t, console, runzero.Config{HTTP: withToken(organizationToken), Write: true, Observer: seen})
			task, err := client.StartScan(t.Context(), organization, site, map[string]string{"targets": "10.0.0.1"})
			refused := (*runzero.Error)(nil)
			switch {
			case err == nil || task != (runzero.Task{}) || !strings.HasPrefix(err.Error(), scanLabel+": "):
				t.Errorf("task %+v (%v), want an error", task, err)
			case c.status != 0 && (!errors.As(err, &refused) || refused.Status != c.status || refused.Endpoint != scanLabel):
				t.Errorf("error %v, want a %d", err, c.status)
			case c.err != nil && !errors.Is(err, c.err):
				t.Errorf("error %v, want %v", err, c.err)
			}
			_, finished := seen.take()
			if len(console.sent) != 1 || len(finished) != 1 || finished[0].Endpoint != scanLabel {
				t.Errorf("sent %q, observed %+v; want once", console.sent, finished)
			}
		})
	}
}

func TestScanIsSentAgainWithANewAccessToken(t *testing.T) {
	tokens := &issuer{response: anHour}
	console := &scans{}
	console.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if last := console.sent[len(console.sent)-1]; strings.HasPrefix(last, "PUT") && r.Header.Get("Authorization") == "Bearer access-2" {
			data(newTask)(w, r)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(""))
		tokens.ServeHTTP(w, r)
	})
	client := serve(t, console, runzero.Config{HTTP: withClient(), Write: true})
	if _, err := all(client.Sites(t.Context(), organization)); err != nil {
		t.Fatal(err)
	}
	tokens.revoke()
	if _, err := client.StartScan(t.Context(), organization, site, map[string]string{"targets": "10.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	puts := slices.DeleteFunc(console.sent, func(sent string) bool { return !strings.HasPrefix(sent, "PUT") })
	if len(puts) != 2 || puts[0] != puts[1] || !strings.HasSuffix(puts[1], `{"targets":"10.0.0.1"}`) {
		t.Errorf("sent %q, want the same again with a new token", puts)
	}
}
