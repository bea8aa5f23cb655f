package runzero_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// one returns the only row of a stream.
func one[T any](t *testing.T, rows []T, err error) T {
	t.Helper()
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows (%v), want one", len(rows), err)
	}
	return rows[0]
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0) }

// A record as consoles send it without the parameter fields, and old ones with it too.
const fullAsset = `{"id":"061786a4-0000-4000-8000-000000000001","organization_id":"bddd405a-0000-4000-8000-000000000001","org_name":"Example Org",
 "site_id":"43d7ee80-0000-4000-8000-000000000001","site_name":"Primary","created_at":1753131923,"updated_at":1759472096,
 "first_seen":1753031852,"last_seen":1759471906,"last_agent_id":"00000000-0000-0000-0000-000000000000","agent_name":null,"alive":true,"scanned":true,
 "type":"Firewall","os":"Linux","os_vendor":"Linux","os_product":"Linux Kernel","os_version":"5.4.0-122-generic","hw":"","addresses":["10.0.0.2"],
 "macs":["02:00:00:12:87:a0"],"names":["FIREWALL-02"],"domains":[],"newest_mac_age":1501286400000000000,"rtts":{"icmp/echo":[136433181,136433181]},
 "service_count":6,"service_count_tcp":3,"service_ports_tcp":["502","4443","8080"],"software_count":2,"vulnerability_count":37,
 "risk":"medium","risk_rank":2,"criticality":"low","criticality_rank":2,"eol_os":0,"eol_os_ext":0,"sources":["Nessus","runZero"],"source_ids":[1,11],
 "tags":{"location":"HQ","network":""},"comments":null,"subnets":{"10.0.0.0/24":{"tags":{"location":"HQ"}}},
 "ownership":[{"id":"132a4b5c-0000-4000-8000-000000000001","type":"IT Owner","name":"IT Operations"}],
 "services":{"10.0.0.2/0/arp/":{"protocol":"arp","service.address":"10.0.0.2"}},"attributes":{"_asset.match":"mac=…"}}`

func TestReadsAssets(t *testing.T) {
	for name, c := range map[string]struct {
		record string
		want   runzero.Asset
	}{
		"full": {fullAsset, runzero.Asset{
			ID: "061786a4-0000-4000-8000-000000000001", OrganizationID: "bddd405a-0000-4000-8000-000000000001",
			SiteID: "43d7ee80-0000-4000-8000-000000000001", SiteName: "Primary", Type: "Firewall",
			OS: "Linux", OSVendor: "Linux", OSProduct: "Linux Kernel", Risk: "medium", Criticality: "low",
			Alive: runzero.True, Scanned: runzero.True, FirstSeen: at(1753031852), LastSeen: at(1759471906),
			Sources:  []string{"Nessus", "runZero"},
			Services: runzero.Known(6), Software: runzero.Known(2), Vulnerabilities: runzero.Known(37),
		}},
		"some fields of an old system": {`{"alive":true,"eol_os":1595030400,"eol_os_ext":1656633600,"id":"a","os":"Debian Linux","risk":"high","type":"Server"}`, runzero.Asset{
			ID: "a", OS: "Debian Linux", Risk: "high", Type: "Server", Alive: runzero.True,
			EndOfLife: at(1595030400), EndOfExtendedSupport: at(1656633600), Sources: []string{},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			assets, err := all(serve(t, data(c.record), runzero.Config{}).Assets(t.Context(), "", ""))
			got := one(t, assets, err)
			if got.Sources == nil {
				got.Sources = []string{}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestAssetsAreRequestedWithFieldsAndSearch(t *testing.T) {
	log := &requests{next: data("")}
	client := serve(t, log, runzero.Config{HTTP: withToken(accountToken), UserAgent: "exporter/1.0"})
	if _, err := all(client.Assets(t.Context(), organization, `alive:t AND os:="A&B"`)); err != nil {
		t.Fatal(err)
	}
	request := log.take()[0]
	query := request.URL.Query()
	if query.Get("search") != `alive:t AND os:="A&B"` || query.Get("_oid") != organization || len(query) != 3 {
		t.Errorf("query %v", query)
	}
	for _, name := range []string{"id", "organization_id", "eol_os_ext", "sources", "vulnerability_count"} {
		if !strings.Contains(","+query.Get("fields")+",", ","+name+",") {
			t.Errorf("fields %s lack %s", query.Get("fields"), name)
		}
	}
	if agent := request.Header.Get("User-Agent"); agent != "exporter/1.0" {
		t.Errorf("User-Agent %q", agent)
	}
}

func TestReadsHealthWithoutACredential(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want runzero.Health
		err  string // empty: none
	}{
		"well":           {`{"status":"ok","version":"5.1.260818.0"}`, runzero.Health{Status: "ok", Version: "5.1.260818.0"}, ""},
		"no status":      {`{"version":"5.1.260818.0"}`, runzero.Health{Version: "5.1.260818.0"}, runzero.ErrNotHealth.Error()},
		"a web page":     {`<html>`, runzero.Health{}, runzero.ErrNotData.Error()},
		"empty":          {``, runzero.Health{}, runzero.ErrTruncated.Error()},
		"endless status": {`{"status":"` + strings.Repeat("o", 1<<20), runzero.Health{}, runzero.ErrTooLarge.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: data(c.body)}
			seen := &recorder{}
			client := serve(t, log, runzero.Config{Observer: seen, Limits: runzero.Limits{Record: 1 << 10}})
			got, err := client.Health(t.Context())
			if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), "/health: "+c.err)) {
				t.Errorf("got %+v (%v), want %+v (%s)", got, err, c.want, c.err)
			}
			request := log.take()[0]
			responded, finished := seen.take()
			if request.Header.Get("Authorization") != "" || request.URL.RawQuery != "" || responded[0].Authenticated || finished[0].Authenticated {
				t.Errorf("requested %v with %v, want no credential", request.URL, request.Header)
			}
		})
	}
}
