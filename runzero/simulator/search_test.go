package simulator

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// searchRows lists the records of an export that a search finds.
func searchRows(t *testing.T, c *Console, export, search string) []object {
	t.Helper()
	// Records of assets are large.
	fields := map[string]string{"assets": "id", "services": "service_port,service_protocol,service_transport,service_address,type,os,alive", "software": "software_product", "vulnerabilities": "vulnerability_severity",
		"tasks": "type,recur,status,updated_at,created_at,site_id,agent_id"}
	return exported(t, c, 0, export, "fields="+fields[export]+"&search="+url.QueryEscape(search))
}

func TestSearchesAssets(t *testing.T) {
	c, clk := newConsole(Options{Assets: 600})
	org := c.Organizations()[0]
	site, now := org.Sites[1], clk.Now().Unix()
	var first Asset
	for first = range c.Assets(0) {
		break
	}
	spoken := protocolsOf(c)
	speaks := func(a Asset, protocol string) bool { return slices.Contains(spoken[a.ID], protocol) }
	for search, want := range map[string]func(Asset) bool{
		"":                                  func(Asset) bool { return true },
		"alive:f and scanned:=true":         func(a Asset) bool { return !a.Alive && a.Scanned },
		"alive:t or alive:f scanned:t":      func(a Asset) bool { return a.Alive || a.Scanned },
		"(alive:t or alive:f) scanned:t":    func(a Asset) bool { return a.Scanned },
		"not (type:server or risk:low)":     func(a Asset) bool { return a.Type != "Server" && a.Risk != "low" },
		`site:="` + site.Name + `"`:         func(a Asset) bool { return a.SiteID == site.ID },
		"site:" + site.ID:                   func(a Asset) bool { return a.SiteID == site.ID },
		"id:" + first.ID:                    func(a Asset) bool { return a.ID == first.ID },
		`os:"windows server" and alive:t`:   func(a Asset) bool { return strings.Contains(a.OS, "Windows Server") && a.Alive },
		"os:=":                              func(a Asset) bool { return a.OS == "" },
		"source:crowdstrike":                func(a Asset) bool { return slices.Contains(a.Sources, "CrowdStrike") },
		"tag:PLANTED-env=PLANTED":           func(a Asset) bool { return a.Sparse },
		"tag:=PLANTED-network":              func(a Asset) bool { return !a.Sparse },
		"last_seen:>30days":                 func(a Asset) bool { return a.LastSeen < now-30*day },
		`first_seen:"< 2 weeks"`:            func(a Asset) bool { return a.FirstSeen > now-14*day },
		"os_eol:<now":                       func(a Asset) bool { return a.EOLOS != 0 && a.EOLOS < now },
		"os_eol_extended:<1year":            func(a Asset) bool { return a.EOLOSExt != 0 && a.EOLOSExt < now+365*day },
		"service_count:>=3":                 func(a Asset) bool { return a.Services >= 3 },
		"vulnerability_count:<1 and port:1": nil,
		"type:server and alive:t":           func(a Asset) bool { return a.Type == "Server" && a.Alive },
		"os:linux":                          func(a Asset) bool { return strings.Contains(a.OS, "Linux") },
		"port:161":                          func(a Asset) bool { return speaks(a, "snmp") },
		"protocol:tls":                      func(a Asset) bool { return speaks(a, "tls") },
		"protocols:http":                    func(a Asset) bool { return speaks(a, "http") },
		"(type:switch or type:router) and protocol:snmp": func(a Asset) bool {
			return (a.Type == "Switch" || a.Type == "Router") && speaks(a, "snmp")
		},
		"address:" + first.Addresses[0].String(): func(a Asset) bool {
			return strings.Contains(fmt.Sprint(a.Addresses), first.Addresses[0].String())
		},
	} {
		n := 0
		for a := range c.Assets(0) {
			if want != nil && want(a) {
				n++
			}
		}
		if got := len(searchRows(t, c, "assets", search)); got != n || (n == 0) != (want == nil) {
			t.Errorf("%q finds %d assets, want %d", search, got, n)
		}
	}
}

// protocolsOf are the protocols of each asset's services.
func protocolsOf(c *Console) map[string][]string {
	spoken := map[string][]string{}
	for s := range c.Services(0) {
		spoken[s.AssetID] = append(spoken[s.AssetID], strings.Fields(s.Protocol)...)
	}
	return spoken
}

func TestSearchesOtherRecords(t *testing.T) {
	c, clk := newConsole(Options{Assets: 300})
	now := clk.Now().Unix()
	is := func(field string, value any) func(object) bool {
		return func(o object) bool { return o[field] == value }
	}
	every := map[string][]object{}
	for _, tt := range []struct {
		export, search string
		want           func(object) bool
	}{
		{"tasks", "type:scan and recur:f", func(o object) bool { return o["type"] == "scan" && o["recur"] == false }},
		{"tasks", "status:Processed", is("status", "processed")},
		{"tasks", "updated_at:<2days", func(o object) bool { return unix(o, "updated_at") > now-2*day }},
		{"tasks", "created_at:<90days and not type:analysis and recur:=false", func(o object) bool {
			return unix(o, "created_at") > now-90*day && o["type"] != "analysis" && o["recur"] == false
		}},
		{"tasks", "site:" + c.orgs[0].sites[1].id, is("site_id", c.orgs[0].sites[1].id)},
		{"services", "port:443", is("service_port", "443")},
		{"services", "protocol:tls and transport:tcp", func(o object) bool { return strings.Contains(o["service_protocol"].(string), "tls") }},
		{"services", "address:10.", func(o object) bool { return strings.HasPrefix(o["service_address"].(string), "10.") }},
		{"services", "transport:udp and port:161", is("service_protocol", "snmp")},
		{"services", "protocol:http", func(o object) bool { return strings.Contains(o["service_protocol"].(string), "http") }},
		{"services", "type:server and alive:t", func(o object) bool { return o["type"] == "Server" && o["alive"] == true }},
		{"services", "os:linux", func(o object) bool { return strings.Contains(o["os"].(string), "Linux") }},
		{"software", `product:="Edge"`, is("software_product", "Edge")},
		{"vulnerabilities", "severity:critical", is("vulnerability_severity", "Critical")},
		{"certificates", "valid_until:<30days", func(o object) bool { end := unix(o, "validity_end"); return end != 0 && end < now+30*day }},
		{"findings", "risk:high", is("risk_rank", "high")},
	} {
		if every[tt.export] == nil {
			every[tt.export] = searchRows(t, c, tt.export, "")
		}
		n := 0
		for _, o := range every[tt.export] {
			if tt.want(o) {
				n++
			}
		}
		if got := len(searchRows(t, c, tt.export, tt.search)); got != n || n == 0 {
			t.Errorf("%q finds %d %s, want %d", tt.search, got, tt.export, n)
		}
	}
	if n := len(searchRows(t, c, "certificates", "hidden:t")); n == 0 {
		t.Error("hidden certificates are not found by a search that names them")
	}
}

func TestRejectsInvalidSearches(t *testing.T) {
	c, _ := newConsole(Options{Assets: 30})
	for _, export := range []string{"assets", "tasks", "sites", "certificates"} {
		for _, search := range []string{
			"(", ")", "()", "(name:x", "name:x)", "name:(", "not", "not and name:x", "and", `name:"open`, ":x", "id:", "nonsense:1", "word",
			"name:a and", "name:a or", "name:a and or name:b", strings.Repeat("(", 10000), strings.Repeat("name:a ", 2000),
		} {
			rejectsSearch(t, c, export, search)
		}
	}
	for export, searches := range map[string][]string{
		"assets":       {"alive:perhaps", "last_seen:<30eons", "last_seen:<", "service_count:>many", "last_seen:<99999999999999999999"},
		"certificates": {"hidden:perhaps", "valid_until:>soon", "alive:t"},
		"findings":     {"alive:t"},
	} {
		for _, search := range searches {
			rejectsSearch(t, c, export, search)
		}
	}
}

func rejectsSearch(t *testing.T, c *Console, export, search string) {
	t.Helper()
	var problem object
	get(t, c, "/export/org/"+export+".json?search="+url.QueryEscape(search), c.ExportToken(0), http.StatusBadRequest, &problem)
	if problem["status"] != 400.0 || !strings.HasPrefix(problem["detail"].(string), "invalid search: ") {
		t.Errorf("%s %.50s: %v", export, search, problem)
	}
}
