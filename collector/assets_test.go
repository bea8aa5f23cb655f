package collector

import (
	"strings"
	"testing"
)

// assetsOf polls assets.
func assetsOf(t *testing.T, s Settings, poll Poll, body string) Snapshot {
	t.Helper()
	return collect(t, collectorOf(t, "assets", s), responses{assetsPath: {body: body}}, poll)
}

// A scanned asset, one from an integration, and one whose operating system is not supported.
const threeAssets = `
	{"id":"a1","organization_id":"` + acmeID + `","site_id":"` + hq + `","site_name":"HQ","alive":true,"scanned":true,"type":"Firewall","os":"Linux","os_vendor":"Linux",
	 "os_product":"Linux Kernel","risk":"medium","criticality":"low","first_seen":@-200d,"last_seen":@-30m,"eol_os":0,"eol_os_ext":0,"sources":["Nessus","runZero"],
	 "service_count":6,"software_count":2,"vulnerability_count":37,"newest_mac_age":1501286400000000000,"tags":{"location":"HQ","network":""},"owners":["IT Operations"],
	 "ownership":[{"type":"IT Owner","name":"IT Operations"}]}
	{"id":"a2","site_id":"` + plant + `","site_name":"Plant","alive":true,"scanned":false,"type":"Cloud Resource","risk":"none","criticality":"low","first_seen":@-2d,"last_seen":@-7h,
	 "sources":["Custom"],"service_count":0,"software_count":0,"vulnerability_count":0,"last_agent_id":null,"newest_mac":null,"tags":{"env":"staging","location":"HQ"},"ownership":{"Map":{}}}
	{"id":"a3","alive":false,"eol_os":1595030400,"eol_os_ext":1656633600,"os":"Debian Linux","risk":"high","type":"Server"}`

func TestAssets(t *testing.T) {
	golden(t, "assets", assetsOf(t, defaults(), Poll{Sites: acmeSites()}, threeAssets).Families)
	golden(t, "assets-all-labels", assetsOf(t, labelled(AssetLabels()...), Poll{Sites: acmeSites()}, threeAssets).Families)
	golden(t, "assets-no-labels", assetsOf(t, labelled(), Poll{}, threeAssets).Families)
	golden(t, "assets-tags", assetsOf(t, tagged("location", "env", "network", "team"), Poll{}, threeAssets).Families)
	golden(t, "assets-none", assetsOf(t, defaults(), Poll{Sites: acmeSites()}, ``).Families)
}

func TestAssetsWithMissingFields(t *testing.T) {
	for name, body := range map[string]string{
		"absent":     `{"id":"1"}`,
		"null":       `{"id":"1","alive":null,"scanned":null,"type":null,"os":null,"risk":null,"criticality":null,"site_id":null,"sources":null,"service_count":null,"last_seen":null,"first_seen":null}`,
		"empty":      `{"id":"1","alive":"","scanned":"","type":"","os":" ","risk":"","criticality":"","site_id":"","sources":[],"service_count":"","last_seen":0,"first_seen":""}`,
		"unreadable": `{"id":"1","alive":{},"scanned":[],"type":{},"os":[{}],"risk":{},"criticality":[],"site_id":{},"sources":{},"service_count":-3,"last_seen":-1,"first_seen":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, "assets-silent", assetsOf(t, labelled("site_name", "asset_type", "os", "alive", "scanned", "risk", "criticality"), Poll{}, body).Families)
		})
	}
}

func TestAliveIsAsReported(t *testing.T) {
	s := assetsOf(t, labelled("alive", "scanned"), Poll{}, `{"id":"1","alive":true,"scanned":false}{"id":"2","alive":"false","scanned":1}{"id":"3","alive":"t"}`)
	wantSeries(t, s, "runzero_assets{",
		`runzero_assets{alive="true",scanned="false"} 1`, `runzero_assets{alive="false",scanned="true"} 1`, `runzero_assets{alive="true",scanned="unknown"} 1`)
}

func TestUnknownRisksAndCriticalities(t *testing.T) {
	s := assetsOf(t, labelled("risk"), Poll{}, `{"id":"1","risk":"apocalyptic","criticality":"vital"}{"id":"2","risk":"other","criticality":"other"}
		{"id":"3","risk":"unknown","criticality":"unknown"}{"id":"4","risk":""}{"id":"5","risk":"critical","criticality":"unset"}`)
	wantSeries(t, s, "runzero_assets{", `runzero_assets{risk="other"} 2`, `runzero_assets{risk="unknown"} 2`, `runzero_assets{risk="critical"} 1`)
	var risk, criticality []string
	for value, n := range map[string]string{"none": "0", "info": "0", "low": "0", "medium": "0", "high": "0", "critical": "1", "unknown": "2", "other": "2"} {
		risk = append(risk, `runzero_assets_by_risk{risk="`+value+`",site_name="unassigned"} `+n)
	}
	for value, n := range map[string]string{"unset": "1", "none": "0", "low": "0", "medium": "0", "high": "0", "critical": "0", "unknown": "2", "other": "2"} {
		criticality = append(criticality, `runzero_assets_by_criticality{criticality="`+value+`",site_name="unassigned"} `+n)
	}
	wantSeries(t, s, "runzero_assets_by_risk", risk...)
	wantSeries(t, s, "runzero_assets_by_criticality", criticality...)
}

func TestOSSupport(t *testing.T) {
	for _, test := range []struct{ name, end, extended, want string }{
		{"not reported", "", "", "unknown"},
		{"supported", "1d", "", "supported"},
		{"supported and extended", "1d", "400d", "supported"},
		{"extended", "-1d", "1d", "extended"},
		{"both ended", "-400d", "-1d", "ended"},
		{"ended", "-1d", "", "ended"},
		{"extended end only, in the future", "", "1d", "supported"},
		{"extended end only, in the past", "", "-1d", "ended"},
		{"ends now", "0s", "", "ended"},
	} {
		t.Run(test.name, func(t *testing.T) {
			instant := func(offset string) string {
				if offset == "" {
					return "0"
				}
				return "@" + offset
			}
			s := assetsOf(t, labelled(), Poll{}, `{"id":"1","eol_os":`+instant(test.end)+`,"eol_os_ext":`+instant(test.extended)+`}`)
			want := []string{}
			for _, support := range supports() {
				n := "0"
				if support == test.want {
					n = "1"
				}
				want = append(want, `runzero_assets_by_os_support{site_name="unassigned",support="`+support+`"} `+n)
			}
			wantSeries(t, s, "runzero_assets_by_os_support", want...)
		})
	}
}

// Each source of an asset counts once.
func TestAssetsWithSeveralSources(t *testing.T) {
	s := labelled()
	s.AssetTop = 2
	body := `{"id":"1","sources":["runZero","runZero"," runZero\n","Nessus"]}{"id":"2","sources":["runZero","AWS","AWS"]}{"id":"3","sources":["Wiz","Nessus"]}{"id":"4","sources":"runZero"}`
	snapshot := assetsOf(t, s, Poll{}, body)
	wantSeries(t, snapshot, "runzero_assets_by_source",
		`runzero_assets_by_source{source="runZero"} 3`, `runzero_assets_by_source{source="Nessus"} 2`, `runzero_assets_by_source{source="other"} 2`)
	wantSeries(t, snapshot, "runzero_collector_folded_values", `runzero_collector_folded_values{collector="assets",label="source"} 2`)
}

func TestMissingCountsAreNotExported(t *testing.T) {
	s := assetsOf(t, labelled(), Poll{Sites: acmeSites()}, `{"id":"1","site_id":"`+hq+`","service_count":"12","software_count":3.0}
		{"id":"2","site_id":"`+hq+`","service_count":5}{"id":"3","site_id":"`+plant+`","service_count":0}`)
	wantSeries(t, s, "runzero_services", `runzero_services{site_name="HQ"} 17`, `runzero_services{site_name="Plant"} 0`)
	wantSeries(t, s, "runzero_software", `runzero_software{site_name="HQ"} 3`)
	wantSeries(t, s, "runzero_vulnerabilities")
}

// Clock skew must not make ages negative. Assets that were never seen have no age.
func TestAssetAges(t *testing.T) {
	poll := Poll{Now: noon.Add(999_999_999)} // the sum of fractions would depend on the order
	s := assetsOf(t, labelled(), poll, `{"id":"1","last_seen":@2h}{"id":"2","last_seen":@-1h}{"id":"3","last_seen":@-366d}{"id":"4","first_seen":"@-1d"}{"id":"5"}`)
	exact := assetsOf(t, labelled(), Poll{}, `{"id":"1","last_seen":@-1h}{"id":"2","last_seen":@-365d}`)
	wantSeries(t, exact, `runzero_asset_last_seen_age_seconds_bucket{le="3600"`, `runzero_asset_last_seen_age_seconds_bucket{le="3600"} 1`)
	wantSeries(t, exact, `runzero_asset_last_seen_age_seconds_bucket{le="3.1536e+07"`, `runzero_asset_last_seen_age_seconds_bucket{le="3.1536e+07"} 2`)
	got := strings.Join(series(t, s, "runzero_asset_last_seen_age_seconds"), "\n")
	for _, want := range []string{
		`bucket{le="3600"} 1`, `bucket{le="21600"} 2`, `bucket{le="3.1536e+07"} 2`, `bucket{le="+Inf"} 3`, `age_seconds_sum 3.1626`, `age_seconds_count 3`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	wantSeries(t, s, "runzero_asset_first_seen_age_seconds_count", `runzero_asset_first_seen_age_seconds_count 1`)
}

// Names are those of the sites collector or, before its first poll, those in the records.
func TestSiteNamesOfAssets(t *testing.T) {
	row := func(id, site, name string) string {
		return `{"id":"` + id + `","site_id":"` + site + `","site_name":"` + name + `"}`
	}
	body := row("1", hq, "Old name") + row("2", newSite, "HQ") + row("3", lab, "") + row("4", lab, "Lab") + row("5", zeroID, "Primary") + row("6", "", "HQ") + row("8", "", "")
	wantSeries(t, assetsOf(t, labelled("site_name"), Poll{Sites: acmeSites()}, body), "runzero_assets{",
		`runzero_assets{site_name="HQ"} 2`, `runzero_assets{site_name="HQ (d7b2287e)"} 1`, `runzero_assets{site_name="Lab"} 2`,
		`runzero_assets{site_name="Primary"} 1`, `runzero_assets{site_name="unassigned"} 1`)
	wantSeries(t, assetsOf(t, labelled("site_name"), Poll{}, body+row("7", plant, "unassigned")), "runzero_assets{",
		`runzero_assets{site_name="Old name"} 1`, `runzero_assets{site_name="HQ (a2d185e5)"} 1`, `runzero_assets{site_name="HQ (d7b2287e)"} 1`, `runzero_assets{site_name="Lab"} 2`,
		`runzero_assets{site_name="Primary"} 1`, `runzero_assets{site_name="unassigned (00000000)"} 1`, `runzero_assets{site_name="unassigned (b7b2287e)"} 1`)
}

func TestHostileAssetValues(t *testing.T) {
	long := strings.Repeat("long os name ", 25) // 325 characters
	huge := strings.Repeat(`A\n`, 5<<20)
	s := assetsOf(t, labelled("os"), Poll{}, `{"id":"1","os":"`+long+`"}{"id":"2","os":"`+long+`and more"}{"id":"3","os":"`+huge+`"}`+
		`{"id":"4","os":"`+"\xff\xfe"+`"}{"id":"5","os":"\u0000\u001b\u007f"}{"id":"6","os":"a\u0000 \u2028b"}{"id":"7","os":"other"}{"id":"8","os":"\ud800"}`)
	wantSeries(t, s, "runzero_assets{",
		`runzero_assets{os="`+strings.TrimSpace(long[:128])+`"} 2`,
		`runzero_assets{os="`+strings.TrimSpace(strings.Repeat("A ", 64))+`"} 1`,
		`runzero_assets{os="��"} 1`, `runzero_assets{os="�"} 1`,
		`runzero_assets{os="unknown"} 1`, `runzero_assets{os="a b"} 1`, `runzero_assets{os="other"} 1`)
	wantSeries(t, s, `runzero_collector_folded_values{collector="assets",label="os"`, `runzero_collector_folded_values{collector="assets",label="os"} 0`)
}
