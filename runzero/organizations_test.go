package runzero_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	assetsExport    = "/export/org/assets.json"
	organizationRow = `{"id":"4ffe8ffb-0000-4000-8000-000000000001","client_id":"07f2bf42-0000-4000-8000-000000000001","created_by":"user@example.com",
 "name":"My Company","description":null,"demo":false,"project":false,"parent_id":"00000000-0000-0000-0000-000000000000","inactive":false,
 "asset_count":120,"live_asset_count":96,"download_token":"DTtopsecret","export_token":"","export_token_counter":0}`
)

var (
	myCompany = []runzero.Organization{{ID: organization, Name: "My Company", Assets: runzero.Known(120), LiveAssets: runzero.Known(96)}}
	exported  = []runzero.Organization{{ID: organization, Name: "My Company"}}
	nameless  = []runzero.Organization{{ID: organization}}
)

// routes sends the body of each path below /api/v1.0, and 401 for other paths. A body that is a number is a status.
func routes(bodies map[string]string) *requests {
	return &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, known := bodies[r.URL.Path[len("/api/v1.0"):]]
		status := http.StatusUnauthorized
		if !known {
			body = `{"error":"unauthorized"}`
		} else {
			status = http.StatusOK
			if n, _ := fmt.Sscanf(body, "%d", &status); n == 1 {
				body = `{"error":"refused"}`
			}
		}
		answer(status, "application/json", body)(w, r)
	})}
}

func TestOrganizationsForEachKindOfToken(t *testing.T) {
	assets := `{"assets":[{"id":"a","organization_id":"` + organization + `","org_name":"My Company"}],"next_key":"more"}`
	bare := `[{"id":"a","organization_id":"` + organization + `","org_name":"My Company"},{"id":"b","organization_id":"` + foreign + `"}]`
	bare = strings.Replace(bare, `"id"`, `"services":{"id":"x"},"id"`, 1) // fields are unknown there too
	demo := `{"id":"b","name":"Demo","demo":true,"inactive":"true"}`
	for name, c := range map[string]struct {
		token   string
		bodies  map[string]string
		want    []runzero.Organization
		paths   []string
		account bool
	}{
		"account":                 {accountToken, map[string]string{"/account/orgs": "[" + organizationRow + "," + demo + "]"}, append(slices.Clip(myCompany), runzero.Organization{ID: "b", Name: "Demo", Demo: true, Inactive: true}), []string{"/account/orgs"}, true},
		"organization":            {organizationToken, map[string]string{"/org": organizationRow}, myCompany, []string{"/org"}, false},
		"organization, community": {organizationToken, map[string]string{"/org": "403", assetsExport: assets}, exported, []string{"/org", assetsExport}, false},
		"export":                  {exportToken, map[string]string{assetsExport: assets}, exported, []string{assetsExport}, false},
		"export, old console":     {exportToken, map[string]string{assetsExport: bare}, exported, []string{assetsExport}, false},
		"export, no assets":       {exportToken, map[string]string{assetsExport: `{"assets":[],"next_key":""}`, sites: `[{"id":"s","organization_id":"` + organization + `"}]`}, nameless, []string{assetsExport, sites}, false},
		"export, nothing":         {exportToken, map[string]string{assetsExport: `[]`, sites: `[]`}, []runzero.Organization{{}}, []string{assetsExport, sites}, false},
		"export, no names":        {exportToken, map[string]string{assetsExport: `[{"id":"a"}]`}, []runzero.Organization{{}}, []string{assetsExport}, false},
		"unknown, account":        {unknownToken, map[string]string{"/account/orgs": "[" + organizationRow + "]"}, myCompany, []string{"/account/orgs"}, true},
		"unknown, export":         {unknownToken, map[string]string{assetsExport: assets}, exported, []string{"/account/orgs", assetsExport}, false},
	} {
		t.Run(name, func(t *testing.T) {
			log := routes(c.bodies)
			client := serve(t, log, runzero.Config{HTTP: withToken(c.token)})
			got, err := client.Organizations(t.Context())
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %+v (%v), want %+v", got, err, c.want)
			}
			var paths []string
			for _, request := range log.take() {
				path := request.URL.Path[len("/api/v1.0"):]
				paths = append(paths, path)
				if query := request.URL.Query(); query.Has("_oid") || path == assetsExport && (query.Get("page_size") != "1" || query.Get("fields") != "id,organization_id,org_name") {
					t.Errorf("requested %v", request.URL)
				}
			}
			if !slices.Equal(paths, c.paths) || client.AccountWide() != c.account {
				t.Errorf("requested %q, account-wide %t; want %q, %t", paths, client.AccountWide(), c.paths, c.account)
			}
		})
	}
}

func TestOrganizationsThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		token  string
		bodies map[string]string
	}{
		"account refused":      {accountToken, nil},
		"organization refused": {organizationToken, nil},
		"organization fails":   {organizationToken, map[string]string{"/org": "500", assetsExport: "[]"}},
		"export refused":       {exportToken, nil},
		"unknown refused":      {unknownToken, nil},
		"unknown fails":        {unknownToken, map[string]string{"/account/orgs": "500", assetsExport: "[]"}},
		"page without data":    {exportToken, map[string]string{assetsExport: "<html>"}},
	} {
		if got, err := serve(t, routes(c.bodies), runzero.Config{HTTP: withToken(c.token)}).Organizations(t.Context()); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

func TestScopeOfAnUnknownTokenSurvivesFailures(t *testing.T) {
	bodies := map[string]string{"/account/orgs": "[" + organizationRow + "]"}
	client := serve(t, routes(bodies), runzero.Config{HTTP: withToken(unknownToken)})
	for _, body := range []string{bodies["/account/orgs"], "503", "401"} {
		bodies["/account/orgs"] = body
		_, err := client.Organizations(t.Context())
		if (err == nil) != (len(body) > 3) || !client.AccountWide() {
			t.Errorf("%.3s: %v, account-wide %t; want it to stay known", body, err, client.AccountWide())
		}
	}
}

func TestOrganizationIsSelectedForAccountCredentials(t *testing.T) {
	for name, c := range map[string]struct{ token, organization, want string }{
		"export":              {exportToken, organization, ""},
		"organization":        {organizationToken, organization, ""},
		"account":             {accountToken, organization, organization},
		"unknown":             {unknownToken, organization, organization},
		"unknown, none known": {unknownToken, "", ""},
	} {
		log := &requests{next: data("[]")}
		_, err := all(serve(t, log, runzero.Config{HTTP: withToken(c.token)}).Sites(t.Context(), c.organization))
		if got := log.take()[0].URL.Query().Get("_oid"); err != nil || got != c.want {
			t.Errorf("%s: _oid %q (%v), want %q", name, got, err, c.want)
		}
	}
	log := &requests{next: data("")}
	if _, err := all(serve(t, log, runzero.Config{HTTP: withToken(accountToken)}).Sites(t.Context(), "")); err == nil || len(log.take()) > 0 {
		t.Errorf("an account credential without an organization: error %v, want one before any request", err)
	}
}

func TestRowsOfAnotherOrganizationAreAnError(t *testing.T) {
	for name, c := range map[string]struct {
		owner, requested string
		rows             int
	}{
		"another":             {`"` + foreign + `"`, organization, 1},
		"its own":             {`"` + organization + `"`, organization, 2},
		"in upper case":       {`"4FFE8FFB-0000-4000-8000-000000000001"`, organization, 2},
		"not said":            {`null`, organization, 2},
		"none":                {`"00000000-0000-0000-0000-000000000000"`, organization, 2},
		"not known to us yet": {`"` + foreign + `"`, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf("{\"id\":\"a\"}\n{\"id\":\"b\",\"organization_id\":%s}\n", c.owner)
			rows, err := all(serve(t, data(body), runzero.Config{}).Sites(t.Context(), c.requested))
			if len(rows) != c.rows || c.rows == 2 && err != nil || c.rows == 1 && (!errors.Is(err, runzero.ErrWrongOrganization) || runzero.CauseOf(err) != runzero.Faulty) {
				t.Errorf("%d rows (%v), want %d", len(rows), err, c.rows)
			}
		})
	}
}
