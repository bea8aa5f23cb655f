package collector

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// hostileValue is a JSON value of any type, right or wrong for its member.
func hostileValue(r *rand.Rand) string {
	values := []string{
		`null`, `true`, `"false"`, `0`, `-1`, `3.5`, `1e308`, `99999999999999999999999`, `9223372036854775807`, `"7"`, `""`, `[]`, `["x"]`, `{}`, `{"id":"x"}`,
		`"HQ"`, `"HQ (a7b2287e)"`, `"unassigned"`, `"unknown"`, `"other"`, `"\u0000\u001b[31m\u2028"`, `"\ud800"`, `"caf` + "\xe9\xff" + `"`, `"\"} 1\n# HELP x \\"`,
		`"` + strings.Repeat("é", 300) + `"`, `"` + strings.Repeat(`1.`, 400) + `"`, `"` + hq + `"`, `"` + zeroID + `"`, `"` + otherID + `"`,
		`@-3d`, `"@-90m"`, `@+1h`, `"9999-12-31T23:59:59-12:00"`, `1787140800123456789`, `"scan"`, `"connector"`, `"import"`, `"processed"`, `"error"`, `"active"`, `"paused"`, `"weekly,monday;60"`,
		`{"env":"prod","x":["a",{}],"HQ":null,"x":"ann@example.com"}`, `{"env":"` + strings.Repeat("e", 200) + `","x":{"x":1},"HQ":"10.0.0.1"}`,
		`[{"type":"IT Owner","name":"ann@example.com"},{"name":"other"},{"type":"IT Owner"},"bob",7,null,{"type":[{}],"name":"a\u0000b"}]`, `{"Map":{}}`,
		`["AWS","runZero","AWS",1,null,["x"],{}]`, `{"change.totalAssets":"5","change.newAssets":9223372036854775807,"change.x":1}`, `"critical"`, `"5.1.260818.0 (build 1)"`,
	}
	return values[r.IntN(len(values))]
}

// hostileID is an id, escaped for JSON.
func hostileID(r *rand.Rand) string {
	ids := []string{hq, plant, lab, "1", "{}", "a'b", `\"`, "}", "other", "unknown", strings.Repeat("x", 64), uuid(r.IntN(9))}
	return ids[r.IntN(len(ids))]
}

// hostileRow is a record of Acme with this id and most of these members.
func hostileRow(r *rand.Rand, id string, members []string) string {
	row := `{"id":"` + id + `","organization_id":"` + acmeID + `"`
	for _, member := range members {
		if r.IntN(4) > 0 {
			row += fmt.Sprintf(`,%q:%s`, member, hostileValue(r))
		}
	}
	return row + "}"
}

// broken damages a body.
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

// form is a collector and the response that it reads.
type form struct {
	collector Collector
	path      string
	poll      Poll
	members   []string
	single    bool // the response is one record
	// holds checks what a successful poll promises.
	holds func(*testing.T, Snapshot, responses)
}

// discoveredOrganizations is the account-wide form of the organizations collector.
func discoveredOrganizations() Collector {
	return func(ctx context.Context, poll Poll) (Snapshot, error) {
		rows, err := poll.API.Organizations(ctx)
		if err != nil {
			return Snapshot{}, err
		}
		return Organizations(rows, poll.Organizations, 0)
	}
}

// forms are all forms of all collectors that are polled.
func forms(t *testing.T) map[string]form {
	counts := words("asset_count recent_asset_count live_asset_count")
	site := slices.Concat(counts, words("name"))
	explorer := words("name site_id os arch version connected inactive deactivated_at last_checkin")
	organization := slices.Concat(counts, words("name project demo inactive expiration_assets_stale "+
		"expiration_assets_offline expiration_scans expiration_vulnerabilities expiration_integration_attributes"))
	task := words("site_id site_name name type type status status parent_id error hidden recur recur_frequency start_time recur_last recur_next grace_period created_at updated_at " +
		"data_acquisition_started_at data_acquisition_ended_at data_processing_started_at data_processing_ended_at custom_integration_id stats")
	asset := words("site_id site_name type os os_vendor os_product risk criticality alive scanned first_seen last_seen eol_os eol_os_ext sources service_count software_count vulnerability_count")
	license := words("license_type license_expiration license_max_assets license_live_asset_count license_project_asset_count")
	split := labelled(AssetLabels()...)
	split.AssetTop = 3
	tags := tagged("env", "HQ", "x")
	tags.AssetTop = 2
	of := func(name string) Collector { return collectorOf(t, name, defaults()) }
	account := Poll{Organizations: organizations()}
	return map[string]form{
		"sites":                   {of("sites"), sitesPath, Poll{}, site, false, nil},
		"account's sites":         {accountWide(t, "sites"), accountSitesPath, account, site, false, nil},
		"explorers":               {of("explorers"), explorersPath, Poll{}, explorer, false, nil},
		"account's Explorers":     {accountWide(t, "explorers"), accountExplorersPath, account, explorer, false, nil},
		"hosted zones":            {of("hosted_zones"), hostedZonesPath, account, words("name enabled explorers_total tasks_active tasks_waiting"), false, nil},
		"API keys":                {of("api_keys"), apiKeysPath, account, words("comment type usage_today usage_today last_used_at inactive"), false, nil},
		"license":                 {of("license"), licensePath, account, license, true, nil},
		"organizations":           {of("organizations"), organizationPath, Poll{}, organization, true, nil},
		"account's organizations": {discoveredOrganizations(), "/account/orgs", account, organization, false, nil},
		"console":                 {of("console"), healthPath, Poll{}, words("status status version"), true, nil},
		"tasks":                   {of("tasks"), tasksPath, Poll{}, task, false, nil},
		"assets":                  {of("assets"), assetsPath, Poll{}, asset, false, assetsAddUp},
		"assets by all labels":    {collectorOf(t, "assets", split), assetsPath, Poll{}, asset, false, assetsAddUp},
		"assets by tags":          {collectorOf(t, "assets", tags), assetsPath, Poll{}, append(words("tags ownership owners"), asset...), false, assetsAddUp},
		"findings":                {of("findings"), findingsPath, Poll{}, words("category risk_rank instance_count"), false, nil},
		"wireless":                {of("wireless"), wirelessPath, Poll{}, words("site_id site_name authentication encryption"), false, nil},
		"certificates":            {of("certificates"), certificatesPath, Poll{}, words("type validity_start validity_end hidden"), false, nil},
		"services":                {of("services"), servicesPath, Poll{}, words("service_protocol service_transport service_port"), false, nil},
		"software":                {of("software"), softwarePath, Poll{}, words("software_vendor software_product"), false, nil},
		"vulnerabilities":         {of("vulnerabilities"), vulnerabilitiesPath, Poll{}, words("site_id site_name vulnerability_severity"), false, nil},
		"directory":               {of("directory"), usersPath, Poll{}, words("directory_user_source_id"), false, nil},
		"discovery":               {Discovery{Name: "d", Of: "assets", MaxTargets: 5}.collect, assetsPath, Poll{}, words("site_id site_name names type os addresses tags"), false, nil},
		"query":                   {Query{Name: "q", Of: "services"}.collect, servicesPath, Poll{}, words("service_id"), false, nil},
	}
}

// Whatever a response contains, JSON or not, its poll succeeds or fails, and what a
// successful one exports is valid and adds up.
func TestHostileResponses(t *testing.T) {
	for name, form := range forms(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(19, 20))
			succeeded, failed := 0, 0
			var previous *Snapshot
			for i := range 30 {
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
				all := responses{groupsPath: {body: `{"id":"g","directory_group_source_id":` + hostileValue(r) + `}`}, releasePath: {body: `{"version":` + hostileValue(r) + `}`}}
				all[form.path] = response{body: body}
				s, err := attempt(t, form.collector, all, poll)
				if err != nil {
					failed++
					continue
				}
				succeeded++
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
			if succeeded < 15 || failed == 0 {
				t.Errorf("%d polls succeeded and %d failed: too few to prove anything", succeeded, failed)
			}
		})
	}
}

// assetsAddUp compares what must add up to the number of assets with a count of its own.
func assetsAddUp(t *testing.T, s Snapshot, all responses) {
	t.Helper()
	var rows, lastSeen, firstSeen uint64
	for asset, err := range client(t, exportToken, all).Assets(t.Context(), acmeID, "") {
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
		if got := observed(s, name); got != want {
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

// observed is the count of a family with one histogram.
func observed(s Snapshot, name string) uint64 {
	for _, family := range s.Families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetHistogram().GetSampleCount()
		}
	}
	return 0
}
