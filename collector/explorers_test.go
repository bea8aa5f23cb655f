package collector

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// offering adds the released version of Explorers to the responses.
func offering(version string, all responses) responses {
	all[releasePath] = response{body: `{"id":"agent","version":"` + version + `"}`}
	return all
}

// Recent and old records, with fields missing in every possible way.
const explorersBody = `[
	{"id":"a1000000-0000-4000-8000-000000000001","organization_id":"` + acmeID + `","site_id":"` + hq + `","name":"HQ-RZ01","os":"linux","arch":"amd64",
	 "version":"5.1.260818.0 (build 20260818190835) [fc50c5eefdc3]","connected":true,"inactive":false,"deactivated_at":0,"last_checkin":@-20s,
	 "external_ip":"198.51.100.1","internal_ip":"10.0.0.9","system_info":{"users":["root"]}},
	{"id":"a2000000-0000-4000-8000-000000000002","site_id":"` + zeroID + `","name":"roaming","os":"windows","arch":"amd64",
	 "version":"4.0.251103.0 (build 20251103190835) [fc50c5eefdc3]","connected":false,"inactive":false,"last_checkin":@-3h},
	{"id":"a3000000-0000-4000-8000-000000000003","site_id":"` + newSite + `","name":"new site","os":"","arch":null,"version":"","connected":"false","last_checkin":0},
	{"id":"a4000000-0000-4000-8000-000000000004","name":"says little"},
	{"id":"a5000000-0000-4000-8000-000000000005","site_id":"` + plant + `","name":"beta","os":"darwin","arch":"arm64","version":"6.0-beta.1","connected":true,"last_checkin":null},
	{"id":"a6000000-0000-4000-8000-000000000006","site_id":"` + plant + `","name":"ahead","os":"linux","arch":"arm64","version":"5.2","connected":true,"last_checkin":@-1m},
	{"id":"b1000000-0000-4000-8000-000000000007","site_id":"` + plant + `","name":"twin","os":"linux","arch":"amd64","version":"5.1.260818","connected":true,"last_checkin":@-1m},
	{"id":"b2000000-0000-4000-8000-000000000008","site_id":"` + plant + `","name":" twin\n","os":"linux","arch":"amd64","version":"5.1.260818.1","connected":true,"last_checkin":@-1m},
	{"id":"b3000000-0000-4000-8000-000000000009","site_id":"` + hq + `","name":"HQ-RZ01","version":"3.1.0","connected":false,"inactive":true,"deactivated_at":@-90d,"last_checkin":@-90d},
	{"id":"b4000000-0000-4000-8000-000000000010","site_id":"` + hq + `","name":"HQ-RZ01","version":"3.1.0","connected":true,"deactivated_at":@-80d},
	{"id":"a1000000-0000-4000-8000-000000000001","name":"the same row again","connected":false}]`

func TestExplorers(t *testing.T) {
	goldens(t, collectorOf(t, "explorers", defaults()), explorersPath, Poll{Sites: acmeSites()}, map[string]string{
		"explorers":         explorersBody,
		"explorers-none":    `[]`,
		"explorers-hostile": `[{"id":"a1000000-0000-4000-8000-000000000001","name":"` + "caf\xe9 \xff" + `","os":"` + strings.Repeat("é", 300) + `","arch":"a\u0000\n\"b\\","version":"1.` + strings.Repeat("9", 3000) + `","connected":true}]`,
	})
}

// A site that is named "unassigned" changes the name for Explorers without a site.
func TestExplorersWithoutSite(t *testing.T) {
	c := collectorOf(t, "explorers", defaults())
	const body = `[{"id":"1","name":"E","site_id":"` + zeroID + `"}]`
	for want, sites := range map[string]SiteNames{
		"unassigned":            nil,
		"unassigned (00000000)": Distinguish(map[string]string{zeroID: unassigned, hq: unassigned}),
	} {
		s := collect(t, c, responses{explorersPath: {body: body}}, Poll{Sites: sites})
		wantSeries(t, s, "runzero_explorer_info",
			`runzero_explorer_info{arch="unknown",explorer="E",explorer_id="1",os="unknown",site_name="`+want+`",version="unknown"} 1`)
	}
}

// If the released version is not available, the Explorers are exported all the same.
func TestOutdatedExplorers(t *testing.T) {
	c := collectorOf(t, "explorers", defaults())
	const body = `[{"id":"1","name":"E","version":"5.1.260818.0","connected":true}]`
	outdated := func(value string) []string { return []string{`runzero_explorer_outdated{explorer="E"} ` + value} }
	for _, test := range []struct {
		name    string
		release response
		want    []string
	}{
		{"the same", response{body: `{"id":"agent","version":"5.1.260818.0"}`}, outdated("0")},
		{"a newer one", response{body: `{"id":"agent","version":"5.1.260818.1 (build 1)"}`}, outdated("1")},
		{"numeric comparison", response{body: `{"id":"agent","version":"5.10"}`}, outdated("1")},
		{"no version", response{body: `{"id":"agent","version":"latest"}`}, nil},
		{"a login page", response{body: `<html>`}, nil},
		{"no such endpoint", response{status: 404}, nil},
		{"rejected", response{status: 401}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := collect(t, c, responses{explorersPath: {body: body}, releasePath: test.release}, Poll{})
			wantSeries(t, s, "runzero_explorer_outdated", test.want...)
			wantSeries(t, s, "runzero_explorer_connected", `runzero_explorer_connected{explorer="E"} 1`)
		})
	}
}

// A poll that ends before the released version is known is none: it would withdraw what is known of the Explorers.
func TestExplorersCutShort(t *testing.T) {
	ctx, cut := context.WithCancel(t.Context())
	all := offering("5.1", responses{explorersPath: {body: `[{"id":"1","name":"E","version":"5.0"}]`}})
	console := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, releasePath) {
			cut()
			<-r.Context().Done()
			return
		}
		all.ServeHTTP(w, r)
	})
	_, err := collectorOf(t, "explorers", defaults())(ctx, Poll{API: client(t, organizationToken, console), Now: noon, Organization: Organization{ID: acmeID}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestVersions(t *testing.T) {
	for _, test := range []struct {
		v, released  string
		older, known bool
	}{
		{"4.0.251103.0", "5.1.260818.0", true, true},
		{"5.1.260818.0", "4.0.251103.0", false, true},
		{"5.1", "5.1.0.0", false, true},
		{"5.1", "5.1.0.1", true, true},
		{"5.1", "", false, false},
		{"unknown", "5.1", false, false},
		{"5.-1", "5.2", false, false},
		{"5.1.", "5.2", false, false},
		{"99999999999999999999", "5.2", false, false},
	} {
		older, known := outdated(test.v, test.released)
		if known != test.known || known && older != test.older {
			t.Errorf("%q of %q: outdated %v, known %v", test.v, test.released, older, known)
		}
	}
}
