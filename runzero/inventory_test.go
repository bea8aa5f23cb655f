package runzero_test

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Records as in the specification, with PLANTED in each member that must not be read.
const (
	plantedFinding = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","category":"End-of-Life","organization_id":"` + organization + `","finding_code":"PLANTED",
 "name":"PLANTED","description":"PLANTED","solution":"PLANTED","links":{"urls":[{"title":"PLANTED","url":"https://PLANTED/"}]},
 "created_at":1755100000,"updated_at":1755100000,"last_detected_at":1755100000,"instance_count":12,"risk_rank":"high","risk_rank_value":3}`
	plantedVulnerability = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","vulnerability_id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa9","vulnerability_asset_id":"PLANTED",
 "vulnerability_organization_id":"` + organization + `","organization_id":"` + organization + `","site_id":"a7b2287e-0000-4000-8000-000000000001","site_name":"Primary",
 "vulnerability_severity":"Critical","vulnerability_severity_score":10,"vulnerability_risk":"PLANTED","vulnerability_name":"PLANTED","vulnerability_cve":"PLANTED",
 "vulnerability_service_address":"PLANTED","names":["PLANTED"],"services":{"PLANTED":{"id":"PLANTED"}},"os":"PLANTED","type":"PLANTED"}`
	plantedCertificate = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","type":"x509","organization_id":"` + organization + `","names":["PLANTED"],"self_signed":true,"hidden":false,
 "serial":"PLANTED","validity_start":1576300370,"validity_end":1790000000,"public_key":"PLANTED","subject":"PLANTED","cn":"PLANTED","issuer":"PLANTED","is_ca":true,
 "san_email_addresses":["PLANTED"],"san_ip_addresses":["PLANTED"],"version":3}`
	plantedService = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","service_id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa9","organization_id":"` + organization + `",
 "service_address":"PLANTED","service_transport":"tcp","service_vhost":"PLANTED","service_port":"80","service_data":{"banner":"PLANTED","service_port":"PLANTED"},
 "service_protocol":"http tls","service_summary":"PLANTED","service_link":"PLANTED","service_ports_tcp":["PLANTED"],"services":null,"protocol":"PLANTED"}`
	plantedSoftware = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","software_id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa9","software_organization_id":"` + organization + `",
 "software_service_address":"PLANTED","software_installed_from":"PLANTED","software_part":"PLANTED","software_vendor":"OpenBSD","software_product":"OpenSSH",
 "software_version":"PLANTED","software_cpe23":"PLANTED","software_attributes":{"software_vendor":"PLANTED"}}`
	plantedWireless = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","organization_id":"` + organization + `","site_id":"a7b2287e-0000-4000-8000-000000000001","site_name":"Primary",
 "essid":"PLANTED","bssid":"PLANTED","type":"infrastructure PLANTED","authentication":"wpa2-psk","encryption":"aes","signal":99,"channels":"PLANTED","vendor":"PLANTED","data":{"id":"PLANTED"}}`
	plantedUser = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","directory_user_id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","directory_user_organization_id":"` + organization + `",
 "directory_user_source_id":16,"directory_user_display_name":"PLANTED","directory_user_name":"PLANTED","directory_user_email":"PLANTED","directory_user_phone":"PLANTED","directory_user_group_ids":["PLANTED"]}`
	plantedGroup = `{"id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","directory_group_id":"e77602e0-3fb8-4734-aef9-fbc6fdcb0fa8","directory_group_organization_id":"` + organization + `",
 "directory_group_source_id":"16","directory_group_user_count":3,"directory_group_name":"PLANTED","directory_group_display_name":"PLANTED","directory_group_email":"PLANTED"}`
)

// expectInventory is expectRows with an export token, for JSON lines and an array.
func expectInventory[T any](t *testing.T, read func(*runzero.Client) iter.Seq2[T, error], planted string, want T, bodies map[string]T) {
	t.Helper()
	bodies[planted], bodies["["+planted+"]"] = want, want
	expectRows(t, exportToken, read, bodies)
}

func TestReadsFindings(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Finding, error] {
		return c.Findings(t.Context(), organization)
	},
		plantedFinding, runzero.Finding{Category: "End-of-Life", Risk: "high", Instances: runzero.Known(12)},
		map[string]runzero.Finding{
			`{"id":"a"}`: {},
			`{"id":"a","risk_rank":"Critical","instance_count":"7"}`:           {Risk: "critical", Instances: runzero.Known(7)},
			`{"id":"a","category":null,"risk_rank":null,"instance_count":0.0}`: {Instances: runzero.Known(0)},
			`{"id":"a","category":["x"],"risk_rank":4,"instance_count":-1}`:    {Category: "x", Risk: "4"},
		})
}

func TestReadsVulnerabilities(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Vulnerability, error] {
		return c.Vulnerabilities(t.Context(), organization)
	}, plantedVulnerability, runzero.Vulnerability{SiteID: "a7b2287e-0000-4000-8000-000000000001", SiteName: "Primary", Severity: "critical"},
		map[string]runzero.Vulnerability{
			`{"vulnerability_id":"a","vulnerability_severity":"INFO"}`:                                               {Severity: "info"},
			`{"id":"a","site_id":"00000000-0000-0000-0000-000000000000","site_name":"","vulnerability_severity":{}}`: {},
		})
}

func TestReadsCertificates(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Certificate, error] {
		return c.Certificates(t.Context(), organization)
	}, plantedCertificate, runzero.Certificate{Type: "x509", ValidFrom: at(1576300370), ValidUntil: at(1790000000), Hidden: runzero.False},
		map[string]runzero.Certificate{
			`{"id":"a","type":"ssh","validity_start":0,"validity_end":0,"hidden":"true"}`: {Type: "ssh", Hidden: runzero.True},
			`{"id":"a","type":null,"validity_start":null,"validity_end":"never"}`:         {},
			`{"id":"a","validity_start":"1576300370","validity_end":1.79e9}`:              {ValidFrom: at(1576300370), ValidUntil: at(1790000000)},
		})
}

// For other times, so many seconds are read as milliseconds.
func TestReadsCertificatesThatNeverExpire(t *testing.T) {
	year9999 := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for value, want := range map[string]time.Time{
		`253402300799`:           year9999,
		`"9999-12-31T23:59:59Z"`: year9999,
		`100000000000`:           time.Unix(1e11, 0),
		`1790000000000`:          time.Unix(1790000000, 0), // too large for seconds in a certificate
		`1790000000000000000`:    time.Unix(1790000000, 0),
		`-2208988800`:            {},
		`18446744073709551615`:   {}, // forever, in SSH
	} {
		certificates, err := all(serve(t, data(`{"id":"a","validity_end":`+value+`}`), runzero.Config{}).Certificates(t.Context(), ""))
		if got := one(t, certificates, err).ValidUntil; !got.Equal(want) {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}

func TestReadsServices(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Service, error] {
		return c.Services(t.Context(), organization)
	},
		plantedService, runzero.Service{Protocol: "http tls", Transport: "tcp", Port: "80"},
		map[string]runzero.Service{
			`{"service_id":"a","service_port":443}`:                                                 {Port: "443"},
			`{"id":"a","service_protocol":null,"service_transport":"arp","service_port":"0"}`:       {Transport: "arp", Port: "0"},
			`{"id":"a","services":{"PLANTED":{"service_port":"PLANTED"}},"service_port":[{"n":1}]}`: {},
			`{"id":"a","service_protocol":["rpcbind","sunrpc"],"service_port":111}`:                 {Protocol: "rpcbind sunrpc", Port: "111"},
			`{"id":"a","service_protocol":[],"service_port":[22]}`:                                  {Port: "22"},
		})
}

func TestReadsSoftware(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Software, error] {
		return c.Software(t.Context(), organization)
	},
		plantedSoftware, runzero.Software{Vendor: "OpenBSD", Product: "OpenSSH"},
		map[string]runzero.Software{
			`{"software_id":"a","software_product":7}`:                       {Product: "7"},
			`{"id":"a","software":{"PLANTED":1},"software_vendor":"\u0041"}`: {Vendor: "A"},
		})
}

func TestReadsWirelessNetworks(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.Wireless, error] {
		return c.Wireless(t.Context(), organization)
	},
		plantedWireless, runzero.Wireless{SiteID: "a7b2287e-0000-4000-8000-000000000001", SiteName: "Primary", Authentication: "wpa2-psk", Encryption: "aes"},
		map[string]runzero.Wireless{`{"id":"a","site_id":null,"authentication":"","encryption":null}`: {}})
}

func TestReadsDirectories(t *testing.T) {
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.DirectoryEntry, error] {
		return c.DirectoryUsers(t.Context(), organization)
	}, plantedUser, runzero.DirectoryEntry{SourceID: "16"}, map[string]runzero.DirectoryEntry{`{"directory_user_id":"a","directory_user_source_id":-1}`: {SourceID: "-1"}})
	expectInventory(t, func(c *runzero.Client) iter.Seq2[runzero.DirectoryEntry, error] {
		return c.DirectoryGroups(t.Context(), organization)
	}, plantedGroup, runzero.DirectoryEntry{SourceID: "16"}, map[string]runzero.DirectoryEntry{`{"directory_group_id":"a"}`: {}})
}

// inventoryReads reads each export.
func inventoryReads(t *testing.T, c *runzero.Client) map[string]func() error {
	return map[string]func() error{
		"findings":        func() error { _, err := all(c.Findings(t.Context(), organization)); return err },
		"vulnerabilities": func() error { _, err := all(c.Vulnerabilities(t.Context(), organization)); return err },
		"certificates":    func() error { _, err := all(c.Certificates(t.Context(), organization)); return err },
		"services":        func() error { _, err := all(c.Services(t.Context(), organization)); return err },
		"software":        func() error { _, err := all(c.Software(t.Context(), organization)); return err },
		"wireless":        func() error { _, err := all(c.Wireless(t.Context(), organization)); return err },
		"users":           func() error { _, err := all(c.DirectoryUsers(t.Context(), organization)); return err },
		"groups":          func() error { _, err := all(c.DirectoryGroups(t.Context(), organization)); return err },
	}
}

// Only what is read is requested, if the export supports that.
func TestExportsAreRequestedWithFields(t *testing.T) {
	log := &requests{next: data("")}
	client := serve(t, log, runzero.Config{HTTP: withToken(accountToken)})
	complete := []string{"findings", "certificates"} // these do not support fields
	expect := func(of, search string, most int, read func() error) {
		t.Helper()
		err := read()
		requested := log.take()
		query := requested[0].URL.Query()
		if err != nil || len(requested) != 1 || requested[0].URL.Path != "/api/v1.0/export/org/"+of+".jsonl" || query.Get("_oid") != organization || query.Get("search") != search || query.Has("page_size") {
			t.Errorf("%s: %d requests, %v (%v)", of, len(requested), requested[0].URL, err)
		}
		fields := strings.Split(query.Get("fields"), ",")
		owned := slices.ContainsFunc(fields, func(name string) bool { return strings.HasSuffix(name, "organization_id") })
		if bare := slices.Contains(complete, of); bare == query.Has("fields") || !bare && (fields[0] != "id" || !owned || len(fields) > most) {
			t.Errorf("%s: fields %q", of, fields)
		}
	}
	for of, read := range inventoryReads(t, client) {
		expect(of, "", 6, read)
	}
	for _, of := range runzero.CountOf() {
		for _, search := range []string{"", `os_eol:<now AND name:="A&B"`} {
			expect(of, search, 3, func() error { _, err := client.Count(t.Context(), organization, of, search); return err })
		}
	}
}
