package collector

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// hostileValue is a member's value of any shape, right or wrong, as JSON.
func hostileValue(r *rand.Rand) string {
	values := []string{
		`null`, `true`, `"false"`, `0`, `-1`, `3.5`, `1e308`, `99999999999999999999999`, `9223372036854775807`, `"7"`, `""`, `[]`, `["x"]`, `{}`, `{"id":"x"}`,
		`"HQ"`, `"HQ (a7b2287e)"`, `"unassigned"`, `"unknown"`, `"other"`, `"\u0000\u001b[31m\u2028"`, `"\ud800"`, `"caf` + "\xe9\xff" + `"`, `"\"} 1\n# HELP x \\"`,
		`"` + strings.Repeat("é", 300) + `"`, `"` + strings.Repeat(`1.`, 400) + `"`, `"` + hq + `"`, `"` + zeroID + `"`, `"` + otherID + `"`,
		`@-3d`, `"@-90m"`, `@+1h`, `"9999-12-31T23:59:59-12:00"`, `1787140800123456789`, `"scan"`, `"connector"`, `"import"`, `"processed"`, `"error"`, `"active"`, `"paused"`, `"weekly,monday;60"`,
		`["AWS","runZero","AWS",1,null,["x"],{}]`, `{"change.totalAssets":"5","change.newAssets":9223372036854775807,"change.x":1}`, `"critical"`, `"5.1.260818.0 (build 1)"`,
	}
	return values[r.IntN(len(values))]
}

// hostileID is an id, within JSON.
func hostileID(r *rand.Rand) string {
	ids := []string{hq, plant, lab, "1", "{}", "a'b", `\"`, "}", "other", "unknown", strings.Repeat("x", 64), uuid(r.IntN(9))}
	return ids[r.IntN(len(ids))]
}

// hostileRow is Acme's record of this id with these members, or some of them.
func hostileRow(r *rand.Rand, id string, members []string) string {
	row := `{"id":"` + id + `","organization_id":"` + acmeID + `"`
	for _, member := range members {
		if r.IntN(4) > 0 {
			row += fmt.Sprintf(`,%q:%s`, member, hostileValue(r))
		}
	}
	return row + "}"
}

// broken is a body that is not, or hardly, what it was.
func broken(r *rand.Rand, body string) string {
	pieces := []string{"{", "}", "[", "]", ",", ":", `"`, "\\", "\n", "null", "-0", `"id"`, `"next_key":`, "\xff", "<", `{"error":"x"}`, `\u0000`, "\x00", `""`}
	b := []byte(body)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(b) + 1)
		end := min(len(b), at+r.IntN(30))
		switch r.IntN(4) {
		case 0:
			b = b[:at]
		case 1:
			b = slices.Concat(b[:at], []byte(pieces[r.IntN(len(pieces))]), b[at:])
		case 2:
			b = slices.Concat(b[:at], b[end:])
		default:
			b = slices.Concat(b[:end], b[at:])
		}
	}
	return string(bytes.TrimSpace(b))
}

// form is a collector and the answer that it reads.
type form struct {
	collector Collector
	path      string
	poll      Poll
	members   []string
	single    bool // one record is all there is
	// holds checks, of a poll that ended well, what it promises.
	holds func(*testing.T, Snapshot, answers)
}

// organizationsFound is the collector organizations of a whole account, as it is fed.
type organizationsFound struct{}

func (organizationsFound) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	rows, err := poll.API.Organizations(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	return Organizations(rows, poll.Organizations)
}

// forms are all collectors that ask something, in all forms.
func forms(t *testing.T) map[string]form {
	counts := strings.Fields("asset_count recent_asset_count live_asset_count")
	site := slices.Concat(counts, strings.Fields("name"))
	explorer := strings.Fields("name site_id os arch version connected inactive deactivated_at last_checkin")
	organization := slices.Concat(counts, strings.Fields("name project demo inactive expiration_assets_stale "+
		"expiration_assets_offline expiration_scans expiration_vulnerabilities expiration_integration_attributes"))
	task := strings.Fields("site_id site_name name type type status status parent_id error hidden recur recur_frequency start_time recur_last recur_next grace_period created_at updated_at " +
		"data_acquisition_started_at data_acquisition_ended_at data_processing_started_at data_processing_ended_at custom_integration_id stats")
	asset := strings.Fields("site_id site_name type os os_vendor os_product risk criticality alive scanned first_seen last_seen eol_os eol_os_ext sources service_count software_count vulnerability_count")
	split := labelled(AssetLabels()...)
	split.AssetTop = 3
	ofAcme, accountRows := Poll{}, Poll{Organizations: account()}
	all := map[string]form{
		"sites":                   {made(t, "sites", defaults()), sitesPath, ofAcme, site, false, nil},
		"account's sites":         {wide(t, "sites"), accountSitesPath, accountRows, site, false, nil},
		"explorers":               {made(t, "explorers", defaults()), explorersPath, ofAcme, explorer, false, nil},
		"account's Explorers":     {wide(t, "explorers"), accountExplorersPath, accountRows, explorer, false, nil},
		"hosted zones":            {made(t, "hosted_zones", defaults()), hostedZonesPath, accountRows, strings.Fields("name enabled explorers_total tasks_active tasks_waiting"), false, nil},
		"license":                 {made(t, "license", defaults()), licensePath, accountRows, strings.Fields("license_type license_expiration license_max_assets license_live_asset_count license_project_asset_count"), true, nil},
		"organizations":           {made(t, "organizations", defaults()), organizationPath, ofAcme, organization, true, nil},
		"account's organizations": {organizationsFound{}, "/account/orgs", accountRows, organization, false, nil},
		"console":                 {made(t, "console", defaults()), healthPath, ofAcme, strings.Fields("status status version"), true, nil},
		"tasks":                   {made(t, "tasks", defaults()), tasksPath, ofAcme, task, false, nil},
		"assets":                  {made(t, "assets", defaults()), assetsPath, ofAcme, asset, false, assetsAddUp},
		"findings":                {made(t, "findings", defaults()), findingsPath, ofAcme, strings.Fields("category risk_rank instance_count"), false, nil},
		"wireless":                {made(t, "wireless", defaults()), wirelessPath, ofAcme, strings.Fields("site_id site_name authentication encryption"), false, nil},
		"certificates":            {made(t, "certificates", defaults()), certificatesPath, ofAcme, strings.Fields("type validity_start validity_end hidden"), false, nil},
		"services":                {made(t, "services", defaults()), servicesPath, ofAcme, strings.Fields("service_protocol service_transport service_port"), false, nil},
		"software":                {made(t, "software", defaults()), softwarePath, ofAcme, strings.Fields("software_vendor software_product"), false, nil},
		"vulnerabilities":         {made(t, "vulnerabilities", defaults()), vulnerabilitiesPath, ofAcme, strings.Fields("site_id site_name vulnerability_severity"), false, nil},
		"directory":               {made(t, "directory", defaults()), usersPath, ofAcme, strings.Fields("directory_user_source_id"), false, nil},
		"assets by all labels":    {made(t, "assets", split), assetsPath, ofAcme, asset, false, assetsAddUp},
	}
	for _, of := range runzero.CountOf() {
		all["query of "+of] = form{NewQuery(Query{Name: "q", Of: of}), "/export/org/" + of + ".jsonl", ofAcme, []string{"service_id", "software_id", "vulnerability_id"}, false, nil}
	}
	return all
}

// Whatever is in an answer, be it JSON or not, a poll of it ends well or with an error,
// and what it exports when it ends well is valid, within bounds, and adds up.
func TestHostileRecordsNeverBreakAnExposition(t *testing.T) {
	for name, form := range forms(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(19, 20))
			good, bad := 0, 0
			var previous *Snapshot
			for i := range 100 {
				body := hostileRow(r, acmeID, form.members)
				for range r.IntN(20) {
					if !form.single {
						body += "\n" + hostileRow(r, hostileID(r), form.members)
					}
				}
				if i%3 == 0 {
					body = broken(r, body)
				}
				poll := form.poll
				poll.Previous = previous
				if i%5 > 1 && poll.Organizations == nil {
					poll.Sites = acmeSites()
				}
				all := answers{groupsPath: {body: `{"id":"g","directory_group_source_id":` + hostileValue(r) + `}`}, releasePath: {body: `{"version":` + hostileValue(r) + `}`}}
				all[form.path] = answer{body: body}
				s, err := try(t, form.collector, all, poll)
				if err != nil {
					bad++
					continue // and nothing of it is used
				}
				good++
				previous = &s
				for _, problem := range problems(t, s.Families) {
					t.Errorf("%s in\n%s", problem, body)
				}
				if err := misread(s.Families); err != nil {
					t.Errorf("%v in\n%s", err, body)
				}
				if form.holds != nil {
					form.holds(t, s, all)
				}
			}
			if good < 50 || bad == 0 {
				t.Errorf("%d good polls and %d bad: little is proved", good, bad)
			}
		})
	}
}

// assetsAddUp counts the assets of an answer by itself, and holds to it what promises
// to add up to them.
func assetsAddUp(t *testing.T, s Snapshot, all answers) {
	t.Helper()
	var rows, lastSeen, firstSeen uint64
	for asset, err := range serve(t, exportToken, all).Assets(t.Context(), acmeID, "") {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		if !asset.LastSeen.IsZero() {
			lastSeen++
		}
		if !asset.FirstSeen.IsZero() {
			firstSeen++
		}
	}
	for _, name := range []string{"runzero_assets", "runzero_assets_by_risk", "runzero_assets_by_criticality", "runzero_assets_by_os_support"} {
		if got := total(s, name); got != float64(rows) {
			t.Errorf("%s adds up to %v of %d assets in\n%s", name, got, rows, all[assetsPath].body)
		}
	}
	for name, want := range map[string]uint64{"runzero_asset_last_seen_age_seconds": lastSeen, "runzero_asset_first_seen_age_seconds": firstSeen} {
		if got := counted(s, name); got != want {
			t.Errorf("%s counts %d of %d in\n%s", name, got, want, all[assetsPath].body)
		}
	}
	for _, name := range []string{"runzero_services", "runzero_software", "runzero_vulnerabilities"} {
		eachSample(s.Families, name, func(value float64, labels map[string]string) {
			if value < 0 {
				t.Errorf("%s of %s is %v", name, labels[siteLabel], value)
			}
		})
	}
}

// counted is the count of a family of one histogram.
func counted(s Snapshot, name string) uint64 {
	for _, family := range s.Families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetHistogram().GetSampleCount()
		}
	}
	return 0
}
