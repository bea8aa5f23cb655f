package simulator

import (
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestQueries asks each export what monitoring asks, and compares with the
// rows themselves.
func TestQueries(t *testing.T) {
	c, clk := newConsole(Options{Assets: 500})
	now := clk.Now().Unix()
	is := func(field, value string) func(object) bool { return func(o object) bool { return o[field] == value } }
	before := func(field string, at int64) func(object) bool {
		return func(o object) bool { n := unix(o, field); return n != 0 && n < at }
	}
	ends := func(o object) int64 {
		data, _ := o["service_data"].(object)
		s, _ := data["tls.notAfterTS"].(string)
		var n int64
		for _, r := range s {
			n = n*10 + int64(r-'0')
		}
		return n
	}
	for of, searches := range map[string]map[string]func(object) bool{
		"assets": {
			"os_eol:<now":                              before("eol_os", now),
			"os_eol_extended:<now":                     before("eol_os_ext", now),
			"os_eol_expired:true":                      before("eol_os", now),
			"os_eol:>now AND os_eol:<6months":          func(o object) bool { n := unix(o, "eol_os"); return n > now && n < now+180*day },
			"risk:critical":                            is("risk", "critical"),
			"criticality:high":                         is("criticality", "high"),
			"type:server":                              is("type", "Server"),
			"source_count:1":                           func(o object) bool { return len(o["sources"].([]any)) == 1 },
			"last_seen:>30days":                        before("last_seen", now-30*day),
			`first_seen:<"2weeks"`:                     func(o object) bool { return unix(o, "first_seen") > now-14*day },
			`first_seen:"<2weeks"`:                     func(o object) bool { return unix(o, "first_seen") > now-14*day },
			`os:="Ubuntu Linux%"`:                      func(o object) bool { s, _ := o["os"].(string); return strings.HasPrefix(s, "Ubuntu Linux") },
			`os:="Windows"`:                            nil,
			"os:=_icrosoft%":                           func(o object) bool { s, _ := o["os"].(string); return strings.HasPrefix(s, "Microsoft") },
			"tag:network":                              func(o object) bool { _, ok := o["tags"].(object)["PLANTED-network"]; return ok },
			"net:10.0.0.0/8":                           func(o object) bool { return len(o["addresses"].([]any)) > 0 },
			"net:192.168.0.0/16":                       nil,
			"net:10.0.0.0/16":                          func(o object) bool { return o["site_name"] == "Headquarters" && len(o["addresses"].([]any)) > 0 },
			"service_count:>=10":                       func(o object) bool { return o["service_count"].(float64) >= 10 },
			"(risk:high OR risk:critical) AND alive:t": func(o object) bool { return (o["risk"] == "high" || o["risk"] == "critical") && o["alive"] == true },
			"risk:critical OR risk:high AND alive:t":   func(o object) bool { return o["risk"] == "critical" || o["risk"] == "high" && o["alive"] == true },
			"NOT (type:laptop OR type:desktop)":        func(o object) bool { return o["type"] != "Laptop" && o["type"] != "Desktop" },
			"((alive:t))":                              func(o object) bool { return o["alive"] == true },
			"port:443":                                 func(o object) bool { return has(o["service_ports_tcp"], "443") },
			"port:44":                                  nil,
			"protocol:rdp":                             func(o object) bool { return has(o["service_protocols"], "rdp") },
			"last_seen:>=" + "1755000000":              func(o object) bool { return unix(o, "last_seen") >= 1755000000 },
		},
		"services": {
			"protocol:tls":  func(o object) bool { return strings.Contains(o["service_protocol"].(string), "tls") },
			"transport:udp": is("service_transport", "udp"),
			"port:<=25":     func(o object) bool { p := o["service_port"].(string); return p == "0" || p == "22" || p == "25" },
			"_asset.protocol:tls AND tls.notAfterTS:<6weeks":     func(o object) bool { n := ends(o); return n != 0 && n < now+42*day },
			"tls.notAfterTS:<6weeks AND NOT tls.notAfterTS:<now": func(o object) bool { n := ends(o); return n >= now && n < now+42*day },
			"alive:t protocol:tls tls.notAfterTS:<now":           func(o object) bool { n := ends(o); return o["alive"] == true && n != 0 && n < now },
			"type:server AND protocol:ssh AND NOT alive:f": func(o object) bool {
				return o["type"] == "Server" && o["service_protocol"] == "ssh" && o["alive"] == true
			},
			"site:" + c.orgs[0].sites[1].id + " transport:tcp": func(o object) bool {
				return o["site_name"] == c.orgs[0].sites[1].name && o["service_transport"] == "tcp"
			},
			"service_id:00000000-0000-0000-0000-000000000000": nil,
			`site:="` + c.orgs[0].sites[1].name + `" product:nginx`: func(o object) bool {
				return o["site_name"] == c.orgs[0].sites[1].name && has(o["service_products"], "nginx")
			},
		},
		"software": {
			"product:openssl":              is("software_product", "OpenSSL"),
			"vendor:microsoft type:server": func(o object) bool { return o["software_vendor"] == "Microsoft" && o["type"] == "Server" },
			"product:openssl AND version:3": func(o object) bool {
				return o["software_product"] == "OpenSSL" && strings.Contains(o["software_version"].(string), "3")
			},
		},
		"vulnerabilities": {
			"severity:critical":       is("vulnerability_severity", "Critical"),
			"risk:high":               is("vulnerability_risk", "High"),
			"first_detected_at:<7day": func(o object) bool { return unix(o, "vulnerability_first_detected_at") > now-7*day },
			"(severity:critical OR severity:high) AND (type:Laptop OR type:Desktop)": func(o object) bool {
				return (o["vulnerability_severity"] == "Critical" || o["vulnerability_severity"] == "High") && (o["type"] == "Laptop" || o["type"] == "Desktop")
			},
		},
		"certificates": {
			"valid_until:<30days": func(o object) bool {
				n := unix(o, "validity_end")
				return n != 0 && n < now+30*day && o["hidden"] == false
			},
			"valid_until:<now and (hidden:true or hidden:false)": before("validity_end", now),
			"hidden:true":                    func(o object) bool { return o["hidden"] == true },
			"type:ssh":                       is("type", "ssh"),
			"self_signed:t and not hidden:t": func(o object) bool { return o["self_signed"] == true && o["hidden"] == false },
			"type:x509 and valid_until:>1787140800": func(o object) bool {
				return o["type"] == "x509" && unix(o, "validity_end") > 1787140800 && o["hidden"] == false
			},
		},
		"findings": {
			"risk:critical":           is("risk_rank", "critical"),
			"category:certificates":   is("category", "Certificates"),
			"code:RZ-1002":            is("finding_code", "RZ-1002"),
			"last_detected_at:<3days": func(object) bool { return true },
		},
		"wireless": {
			"essid:guest AND NOT authentication:wpa2-enterprise": is("essid", "PLANTED Guest"),
			"encryption:none":  is("encryption", "none"),
			"last_seen:>1week": before("last_seen", now-7*day),
		},
		"users":  {"last_logon_at:>90days": before("directory_user_last_logon_at", now-90*day), "name:nobody": nil},
		"groups": {"user_count:>50": func(o object) bool { return o["directory_group_user_count"].(float64) > 50 }},
		"tasks": {
			"agent_id:" + c.orgs[0].explorers[1].id: func(o object) bool { return o["agent_id"] == c.orgs[0].explorers[1].id },
			"params:10.66% recur:t":                 func(o object) bool { return o["recur"] == true && o["type"] == "scan" },
			"error:azure":                           func(o object) bool { return strings.Contains(o["error"].(string), "azure") },
			"updated_at:<24hours":                   func(o object) bool { return unix(o, "updated_at") > now-day },
			"(type:scan or type:connector) recur:t": func(o object) bool { return (o["type"] == "scan" || o["type"] == "connector") && o["recur"] == true },
		},
	} {
		all := searched(t, c, of, everything[of])
		for search, want := range searches {
			n := 0
			for _, r := range all {
				if want != nil && want(r) {
					n++
				}
			}
			got := searched(t, c, of, search)
			if len(got) != n || (n == 0) != (want == nil) {
				t.Errorf("%s %q: %d of %d, want %d", of, search, len(got), len(all), n)
			}
			for _, r := range got {
				if want == nil || !want(r) {
					t.Fatalf("%s %q: %v", of, search, r)
				}
			}
		}
	}
	public := len(searched(t, c, "assets", "has_public:t"))
	if rest := len(searched(t, c, "assets", "has_public:f")); public == 0 || public+rest != c.Rows(0, "assets") {
		t.Errorf("%d assets are public, %d not", public, rest)
	}
}

func has(list any, value string) bool {
	values, _ := list.([]any)
	for _, v := range values {
		if v == value {
			return true
		}
	}
	return false
}

// TestBadQueries asks every export what no export understands.
func TestBadQueries(t *testing.T) {
	c, _ := newConsole(Options{Assets: 30})
	for of := range identity {
		for _, search := range []string{"(", ")", "()", "(name:x", "name:x)", "not", "not and name:x", `"open`, "nonsense:1", "a and", strings.Repeat("(", 200) + "a" + strings.Repeat(")", 200),
			strings.Repeat("a ", 2000)} {
			searchFails(t, c, of, search)
		}
	}
	for of, searches := range map[string][]string{
		"assets":       {"alive:perhaps", "last_seen:30days", "last_seen:<30eons", "last_seen:<", "net:10.0.0/8", "source_count:many", "os_eol:<0", "last_seen:<99999999999999999999", "os_eol:<9999999999999d"},
		"services":     {"port:http", "tls.notAfterTS:soon", "alive:perhaps"},
		"certificates": {"hidden:perhaps", "valid_until:30days", "severity:critical"},
		"findings":     {"alive:t"},
	} {
		for _, search := range searches {
			searchFails(t, c, of, search)
		}
	}
}

func searchFails(t *testing.T, c *Console, of, search string) {
	t.Helper()
	q := "/export/org/" + of + ".json?search=" + strings.NewReplacer(" ", "+", "(", "%28", ")", "%29", `"`, "%22").Replace(search)
	var problem object
	get(t, c, q, c.ExportToken(0), 422, &problem)
	if problem["status"] != 422.0 || !strings.HasPrefix(problem["detail"].(string), "invalid search: ") {
		t.Errorf("%s %.50s: %v", of, search, problem)
	}
}

// TestAnyQuery makes queries of pieces: each is understood or refused, and what
// not means holds for every one.
func TestAnyQuery(t *testing.T) {
	c, _ := newConsole(Options{Assets: 30})
	pieces := []string{"(", ")", "and", "or", "not", "alive:t", "os:=", "os:%", `"`, ":", "x_", "risk:high", "last_seen:>1d", "net:10.0.0.0/8", "port:443"}
	r := rand.New(rand.NewPCG(1, 2))
	understood := 0
	for range 3000 {
		var words []string
		for range 1 + r.IntN(7) {
			words = append(words, pieces[r.IntN(len(pieces))])
		}
		query := strings.Join(words, " ")
		q := &request{c: c, r: httptest.NewRequest("GET", "/?search="+url.QueryEscape(query), nil), w: &reply{ResponseWriter: httptest.NewRecorder()}, view: c.view()}
		_, match, ok := search(q, assetKeywords())
		if ok != (q.w.status == 0) {
			t.Fatalf("%s: status %d", query, q.w.status)
		}
		if !ok {
			continue
		}
		understood++
		q.r.URL.RawQuery = "search=" + url.QueryEscape("not ("+query+")")
		_, negated, ok := search(q, assetKeywords())
		if !ok {
			t.Fatalf("%s cannot be negated", query)
		}
		for _, a := range q.view.assets(c.orgs[0], 0) {
			if match(a) == negated(a) {
				t.Fatalf("%s: matches an asset as not does", query)
			}
		}
	}
	if understood < 300 {
		t.Errorf("%d queries were understood", understood)
	}
}

func TestLike(t *testing.T) {
	for _, tt := range []struct {
		s, pattern string
		want       bool
	}{
		{"", "", true}, {"", "%", true}, {"", "_", false}, {"a", "", false}, {"abc", "abc", true}, {"abc", "a_c", true}, {"abc", "a%", true}, {"abc", "%c", true},
		{"abc", "%b%", true}, {"abc", "%d%", false}, {"abab", "%ab", true}, {"aab", "%ab", true}, {"abcabd", "a%b_", true}, {"zürich", "z_rich", true}, {"abc", "abc_", false}, {"aaa", "%%a%%", true},
	} {
		if got := like([]rune(tt.s), []rune(tt.pattern)); got != tt.want {
			t.Errorf("%q like %q: %v", tt.s, tt.pattern, got)
		}
	}
}
