package collector

import (
	"cmp"
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

// manyRows are records with unique ids and hostile members.
func manyRows(r *rand.Rand, form form) []string {
	var rows []string
	for i := range r.IntN(60) {
		rows = append(rows, withTimes(hostileRow(r, uuid(i), form.members)))
	}
	return rows
}

// Exported values do not depend on the order of the records.
func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	for name, form := range forms(t) {
		if form.single {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			for range 12 {
				rows := manyRows(r, form)
				all := responses{groupsPath: {}, form.path: {body: cmp.Or(strings.Join(rows, "\n"), "[]")}}
				want, err := attempt(t, form.collector, all, form.poll)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
					all[form.path] = response{body: cmp.Or(strings.Join(rows, "\n"), "[]")}
					got := collect(t, form.collector, all, form.poll)
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
	for collector, families := range map[string]string{
		"assets":   "runzero_assets runzero_assets_by_risk runzero_assets_by_criticality runzero_assets_by_os_support",
		"findings": "runzero_findings", "wireless": "runzero_wireless_networks", "services": "runzero_services_by_port",
		"software": "runzero_software_by_product", "vulnerabilities": "runzero_vulnerabilities_by_severity",
	} {
		form := forms(t)[collector]
		for range 15 {
			labels := slices.DeleteFunc(AssetLabels(), func(string) bool { return r.IntN(2) == 0 })
			r.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
			settings := labelled(labels...)
			settings.AssetTop = 1 + r.IntN(8)
			rows := manyRows(r, form)
			s := collect(t, collectorOf(t, collector, settings), responses{form.path: {body: strings.Join(rows, "\n")}}, Poll{Sites: acmeSites()})
			for _, family := range words(families) {
				if got := total(s, family); got != float64(len(rows)) {
					t.Errorf("%s by %v, top %d: %v of %d", family, labels, settings.AssetTop, got, len(rows))
				}
			}
		}
	}
}
