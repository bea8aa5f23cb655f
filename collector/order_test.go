package collector

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// row is a record as JSON; members whose value is nil are left out.
func row(members map[string]any) string {
	for name, value := range members {
		if value == nil {
			delete(members, name)
		}
	}
	b, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func pick(r *rand.Rand, values ...any) any { return values[r.IntN(len(values))] }

func randomSite(r *rand.Rand) any { return pick(r, hq, plant, lab, newSite, zeroID, nil) }

func randomAsset(r *rand.Rand, i int) string {
	instant := func() any { return pick(r, nil, 0, noon.Unix()-r.Int64N(4e7), noon.Unix()+500) }
	return row(map[string]any{
		"id": uuid(i), "site_id": randomSite(r), "site_name": pick(r, nil, "HQ", "Plant", "unassigned", text(r)),
		"type": value(r, 10), "os": value(r, 30), "os_vendor": value(r, 5), "os_product": value(r, 5),
		"alive": pick(r, true, false, nil), "scanned": pick(r, true, false, nil, "maybe"),
		"risk": pick(r, "none", "low", "critical", "new", nil), "criticality": pick(r, "unset", "high", nil),
		"first_seen": instant(), "last_seen": instant(), "eol_os": instant(), "eol_os_ext": instant(),
		"sources": []any{value(r, 9), value(r, 9), "runZero"}, "service_count": pick(r, nil, r.IntN(50), "7"),
		"vulnerability_count": pick(r, nil, r.IntN(50)),
	})
}

func randomTask(r *rand.Rand, i int) string {
	// Few different times, so that many tasks end at the same time.
	instant := func() any { return pick(r, nil, 0, noon.Unix()-3600*r.Int64N(5), noon.Unix()+9e6) }
	return row(map[string]any{
		"id": uuid(i), "site_id": randomSite(r), "site_name": pick(r, nil, "HQ", "Plant", text(r)),
		"name": value(r, 10), "type": pick(r, "scan", "scan", "connector", "import", "sample", "new"),
		"status": pick(r, "active", "processed", "completed", "error", "canceled", "new", "paused", "odd", "removed"),
		"recur":  pick(r, true, false, false), "recur_frequency": pick(r, "daily", "weekly,monday;60", nil),
		"created_at": instant(), "start_time": instant(), "updated_at": instant(), "recur_last": instant(), "recur_next": instant(),
		"data_acquisition_started_at": instant(), "data_acquisition_ended_at": instant(), "data_processing_ended_at": instant(),
		"error": pick(r, "", "explorer unavailable"), "grace_period": pick(r, "4", 0, nil),
		"stats": pick(r, nil, map[string]any{}, map[string]any{"change.totalAssets": r.IntN(50), "change.newAssets": "3"}),
	})
}

func randomSiteRow(r *rand.Rand, i int) string {
	return row(map[string]any{"id": fmt.Sprintf("%08x-%04x", i%5, i), "name": lookalike(r), "asset_count": pick(r, nil, r.IntN(9), "3"), "live_asset_count": pick(r, nil, 0)})
}

func randomExplorer(r *rand.Rand, i int) string {
	return row(map[string]any{
		"id": fmt.Sprintf("%08x-%04x", i%5, i), "name": lookalike(r), "site_id": randomSite(r), "os": value(r, 4), "arch": pick(r, "amd64", nil),
		"version": pick(r, "1.2.3 (build 1)", "5.1", nil, text(r)), "connected": pick(r, true, false, nil, "maybe"), "inactive": pick(r, true, false, false, nil),
		"last_checkin": pick(r, nil, 0, noon.Unix()-r.Int64N(4e7)),
	})
}

func randomFinding(r *rand.Rand, i int) string {
	return row(map[string]any{"id": uuid(i), "category": value(r, 20), "risk_rank": pick(r, "info", "Critical", "new", nil), "instance_count": pick(r, nil, r.IntN(99), "3")})
}

func randomNetwork(r *rand.Rand, i int) string {
	return row(map[string]any{"id": uuid(i), "site_id": randomSite(r), "site_name": pick(r, nil, "HQ", text(r)), "authentication": value(r, 9), "encryption": value(r, 5)})
}

func randomCertificate(r *rand.Rand, i int) string {
	instant := func() any { return pick(r, nil, 0, noon.Unix()-r.Int64N(4e7), noon.Unix()+r.Int64N(4e7), 253402300799) }
	return row(map[string]any{"id": uuid(i), "type": pick(r, "x509", "ssh", text(r), nil), "validity_start": instant(), "validity_end": instant(), "hidden": pick(r, true, false, nil)})
}

func randomService(r *rand.Rand, i int) string {
	return row(map[string]any{
		"id": uuid(i), "service_transport": pick(r, "tcp", "udp", nil), "service_port": pick(r, fmt.Sprint(r.IntN(30)), r.IntN(30), nil),
		"service_protocol": pick(r, value(r, 9), value(r, 9)+" "+value(r, 9), nil),
	})
}

func randomSoftware(r *rand.Rand, i int) string {
	return row(map[string]any{"id": uuid(i), "software_vendor": value(r, 9), "software_product": value(r, 30)})
}

func randomVulnerability(r *rand.Rand, i int) string {
	return row(map[string]any{"id": uuid(i), "site_id": randomSite(r), "site_name": pick(r, nil, "HQ", text(r)), "vulnerability_severity": pick(r, "Critical", "low", "new", nil)})
}

func randomZone(r *rand.Rand, i int) string {
	return row(map[string]any{
		"id": fmt.Sprintf("%08x-%04x", i%5, i), "name": lookalike(r), "enabled": pick(r, true, false, nil, text(r)),
		"explorers_total": pick(r, nil, r.IntN(9), "3"), "tasks_active": pick(r, nil, 0, -1), "tasks_waiting": pick(r, nil, 7, text(r)),
	})
}

// Exported values do not depend on the order of the records.
func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	for _, test := range []struct {
		collector, path string
		row             func(*rand.Rand, int) string
	}{{"assets", assetsPath, randomAsset}, {"tasks", tasksPath, randomTask}, {"sites", sitesPath, randomSiteRow}, {"explorers", explorersPath, randomExplorer}, {"hosted_zones", hostedZonesPath, randomZone},
		{"findings", findingsPath, randomFinding}, {"wireless", wirelessPath, randomNetwork}, {"certificates", certificatesPath, randomCertificate}, {"services", servicesPath, randomService},
		{"software", softwarePath, randomSoftware}, {"vulnerabilities", vulnerabilitiesPath, randomVulnerability}} {
		t.Run(test.collector, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			for i := range 12 {
				settings := labelled(AssetLabels()...)
				settings.AssetTop = 1 + r.IntN(8)
				c := collectorOf(t, test.collector, settings)
				poll := Poll{Now: noon.Add(123_456_789)}
				if i%2 == 0 {
					poll.Sites = acmeSites()
				}
				if test.collector == "hosted_zones" {
					poll.Organizations = organizations()
				}
				var rows []string
				for i := range r.IntN(80) {
					rows = append(rows, test.row(r, i))
				}
				want := collect(t, c, responses{test.path: {body: strings.Join(rows, "\n")}}, poll)
				for range 2 {
					r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
					got := collect(t, c, responses{test.path: {body: strings.Join(rows, "\n")}}, poll)
					if diff := lineDiff(exposition(t, want.Families), exposition(t, got.Families)); diff != "" {
						t.Fatalf("in another order:\n%s", diff)
					}
				}
			}
		})
	}
}

// However many values are folded, the counts add up to the records. (Services have several
// protocols, and assets several sources.)
func TestCountsAddUpToTheRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, test := range []struct {
		collector, path, families string
		row                       func(*rand.Rand, int) string
	}{
		{"assets", assetsPath, "runzero_assets runzero_assets_by_risk runzero_assets_by_criticality runzero_assets_by_os_support", randomAsset},
		{"findings", findingsPath, "runzero_findings", randomFinding}, {"wireless", wirelessPath, "runzero_wireless_networks", randomNetwork},
		{"services", servicesPath, "runzero_services_by_port", randomService}, {"software", softwarePath, "runzero_software_by_product", randomSoftware},
		{"vulnerabilities", vulnerabilitiesPath, "runzero_vulnerabilities_by_severity", randomVulnerability},
	} {
		for range 15 {
			labels := slices.DeleteFunc(AssetLabels(), func(string) bool { return r.IntN(2) == 0 })
			r.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
			settings := labelled(labels...)
			settings.AssetTop = 1 + r.IntN(8)
			n := r.IntN(100)
			var rows []string
			for i := range n {
				rows = append(rows, test.row(r, i))
			}
			s := collect(t, collectorOf(t, test.collector, settings), responses{test.path: {body: strings.Join(rows, "\n")}}, Poll{Sites: acmeSites()})
			for _, family := range words(test.families) {
				if got := total(s, family); got != float64(n) {
					t.Errorf("%s by %v, top %d: %v of %d", family, labels, settings.AssetTop, got, n)
				}
			}
		}
	}
}
