package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// specification is nil when RUNZERO_OPENAPI is not set: then only statuses and JSON are checked.
func specification(t *testing.T) routers.Router {
	t.Helper()
	file := os.Getenv("RUNZERO_OPENAPI")
	if file == "" {
		return nil
	}
	openapi3.DefineIPv4Format()
	openapi3.DefineIPv6Format()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// nulls are the fields that are null in real records although the specification does not
// allow it. They are removed before validation; every other null is an error.
var nulls = map[string]bool{
	"agent_external_ip": true, "agent_name": true, "comments": true, "credentials": true, "custom_integration_id": true, "description": true,
	"explorer_group_name": true, "hosted_zone_name": true, "last_agent_id": true, "newest_mac": true, "newest_mac_age": true,
	"site_name": true, "tag_descriptions": true, "template_name": true,
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	case object:
		for k, e := range v {
			if e == nil && nulls[k] {
				delete(v, k)
				continue
			}
			v[k] = withoutNulls(e)
		}
		// Real errors have a word as status, the specification has a number.
		if v["status"] == "error" && v["title"] == "request failed" {
			delete(v, "status")
		}
	}
	return v
}

func validate(t *testing.T, router routers.Router, r *http.Request, body string, w *httptest.ResponseRecorder) {
	t.Helper()
	if router == nil {
		return
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		t.Errorf("request: %v", err)
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(withoutNulls(v))
	if err != nil {
		t.Fatal(err)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(),
		Body: io.NopCloser(bytes.NewReader(record)), Options: in.Options}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("response: %.3000v", err)
	}
}

// media is the content type of a request's body.
func media(body string) string {
	switch {
	case body == "":
		return ""
	case body[0] == '{':
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

func TestFollowsTheSpecification(t *testing.T) {
	router := specification(t)
	c, _ := newConsole(Options{Seed: 7, Assets: 400})
	o := c.orgs[0]
	id, secret := c.Client()
	form := "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret
	scan := "/org/sites/" + o.sites[0].id + "/scan"
	type test struct {
		method, path, token, body string
		status                    int
	}
	tests := []test{
		{"GET", "/health", "", "", 200},
		{"GET", "/releases/agent/version", "", "", 200},
		{"POST", "/account/api/token", "", form, 200},
		{"POST", "/account/api/token", "", "grant_type=password&client_id=x&client_secret=y", 400},
		{"POST", "/account/api/token", "", "grant_type=client_credentials&client_id=x&client_secret=y", 401},
		{"GET", "/account/orgs", c.AccountToken(), "", 200},
		{"GET", "/account/orgs", c.OrganizationToken(0), "", 401},
		{"GET", "/account/agents", c.AccountToken(), "", 200},
		{"GET", "/account/tasks?search=type:scan", c.AccountToken(), "", 200},
		{"GET", "/account/keys", c.AccountToken(), "", 200},
		{"GET", "/account/license", c.AccountToken(), "", 200},
		{"GET", "/org", c.OrganizationToken(0), "", 200},
		{"GET", "/org/key", c.OrganizationToken(0), "", 200},
		{"GET", "/org/explorers", c.OrganizationToken(0), "", 200},
		{"GET", "/org/agents", c.OrganizationToken(1), "", 200},
		{"GET", "/org/sites", c.OrganizationToken(0), "", 200},
		{"GET", "/org/hosted-zones", c.OrganizationToken(0), "", 200},
		{"GET", "/org/tasks?status=processed&search=type:scan", c.OrganizationToken(0), "", 200},
		{"GET", "/org/tasks/" + o.schedules[0].key.uuid(), c.OrganizationToken(0), "", 200},
		{"PUT", scan, c.OrganizationToken(0), `{"targets":"10.0.0.0/24","explorer":"` + o.explorers[0].id + `","rate":"3000","scan-name":"By hand"}`, 200},
		{"PUT", scan, c.OrganizationToken(0), `{"targets":"example.com","hosted-zone-name":"auto"}`, 200},
		{"PUT", "/org/sites/" + zeroUUID + "/scan", c.OrganizationToken(0), `{"targets":"example.com","hosted-zone-name":"auto"}`, 404},
		{"PUT", scan, c.ExportToken(0), `{"targets":"example.com","hosted-zone-name":"auto"}`, 401},
		{"GET", "/org/tasks", c.OrganizationToken(0), "", 200},
		{"GET", "/export/org/assets.json?page_size=50", c.ExportToken(0), "", 200},
		{"GET", "/export/org/assets.json?fields=id,os,alive&search=alive:t", c.ExportToken(0), "", 200},
		{"GET", "/export/org/certificates.json?search=valid_until:%3C30days", c.ExportToken(0), "", 200},
		{"GET", "/export/org/assets.json", "", "", 401},
		{"GET", "/export/org/assets.json", "ET-wrong", "", 401},
	}
	for export := range identity {
		query := ""
		// Rows that belong to assets are large: those of a few will do.
		if slices.Contains([]string{"services", "software", "vulnerabilities"}, export) {
			query = "?page_size=100"
		}
		tests = append(tests, test{"GET", "/export/org/" + export + ".json" + query, c.ExportToken(0), "", 200})
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			w := ask(t, c, tt.method, tt.path, tt.token, tt.body, "Content-Type", media(tt.body))
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %.300s", w.Code, tt.status, w.Body)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("content type %q", got)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("not JSON: %.300s", w.Body)
			}
			r := httptest.NewRequest(tt.method, "https://console.runzero.com/api/v1.0"+tt.path, nil)
			r.Header.Set("Content-Type", media(tt.body))
			validate(t, router, r, tt.body, w)
		})
	}
}

// The validation of the other tests must be able to fail.
func TestValidationRejectsWrongRecords(t *testing.T) {
	router := specification(t)
	if router == nil {
		return
	}
	for path, body := range map[string]string{
		"/export/org/assets.json":   `[{"id":"2efcaa5e-f938-4996-9ac9-aae2dacbbbb2","alive":"yes"}]`,
		"/export/org/sites.json":    `[{"id":"2efcaa5e-f938-4996-9ac9-aae2dacbbbb2"}]`,
		"/export/org/software.json": `{"software":[{"id":1}],"next_key":""}`,
		"/org/tasks":                `[{"id":"2efcaa5e-f938-4996-9ac9-aae2dacbbbb2","status":null}]`,
	} {
		r := httptest.NewRequest("GET", "https://console.runzero.com/api/v1.0"+path, nil)
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Fatal(err)
		}
		in := &openapi3filter.ResponseValidationInput{Status: 200, Header: http.Header{"Content-Type": {"application/json"}},
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
			Body:                   io.NopCloser(strings.NewReader(body))}
		if openapi3filter.ValidateResponse(context.Background(), in) == nil {
			t.Errorf("%s: %s passed", path, body)
		}
	}
}
