package collector

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// simulated is one organization of a simulated console.
type simulated struct {
	*simulator.Console
	t      *testing.T
	number int
	org    simulator.Organization
	poll   Poll // of the organization
}

// sums are a family summed by one label.
type sums map[string]float64

// Collectors export what the simulated console contains, whether it writes counts as numbers or as strings.
func TestSimulatedConsole(t *testing.T) {
	for _, stringCounts := range []bool{false, true} {
		console := simulator.New(simulator.Options{Seed: 7, Now: func() time.Time { return noon }, Assets: 600, Organizations: 3, StringCounts: stringCounts})
		api := client(t, console.AccountToken(), console)
		account := Poll{API: api, Organizations: map[string]string{}, Now: noon}
		for _, org := range console.Organizations() {
			account.Organizations[org.ID] = org.Name
		}
		alone := map[string]string{} // expositions by collector
		for i, org := range console.Organizations() {
			t.Run(fmt.Sprintf("%s, string counts %v", org.Name, stringCounts), func(t *testing.T) {
				s := &simulated{console, t, i, org, Poll{API: api, Organization: Organization{ID: org.ID, Name: org.Name}, Now: noon}}
				s.poll.Sites = s.collect("sites").Sites
				for name, check := range map[string]func(*simulated){
					"assets": (*simulated).assets, "tasks": (*simulated).tasks,
					"inventory":    (*simulated).inventory,
					"certificates": (*simulated).certificates, "services": (*simulated).services,
				} {
					t.Run(name, func(t *testing.T) {
						sub := *s
						sub.t = t
						check(&sub)
					})
				}
				for _, name := range []string{"sites", "explorers", "organizations"} {
					alone[name] += exposition(t, s.collect(name).Families)
				}
			})
		}
		t.Run(fmt.Sprintf("account-wide, string counts %v", stringCounts), func(t *testing.T) {
			checkAccountWide(t, console, account, alone)
		})
	}
}

// A demo shows that sites have different limits.
func TestSimulatedScanMaxAges(t *testing.T) {
	console := simulator.New(simulator.Options{Now: func() time.Time { return noon }, Assets: -1})
	api, ages := client(t, console.AccountToken(), console), map[float64]bool{}
	for _, org := range console.Organizations() {
		s := collect(t, collectorOf(t, "tasks", defaults()), nil, Poll{API: api, Organization: Organization{ID: org.ID, Name: org.Name}})
		eachSample(s.Families, "runzero_scan_max_age_seconds", func(age float64, _ map[string]string) { ages[age] = true })
	}
	for _, want := range []time.Duration{28 * time.Hour, 7*day + 4*time.Hour, 31*day + 4*time.Hour} {
		if !ages[want.Seconds()] {
			t.Errorf("no site has a limit of %s: %v", want, ages)
		}
	}
}

// An account-wide poll exports what polls of each organization do, in fewer calls.
func checkAccountWide(t *testing.T, console *simulator.Console, account Poll, alone map[string]string) {
	calls := console.Count()
	sites := collect(t, accountWide(t, "sites"), nil, account)
	account.Sites = sites.Sites
	together := map[string]Snapshot{
		"sites":         sites,
		"explorers":     collect(t, accountWide(t, "explorers"), nil, account),
		"organizations": collect(t, discoveredOrganizations(), nil, account),
	}
	if n := console.Count() - calls; n > 3 {
		t.Errorf("%d calls", n)
	}
	for name, want := range alone {
		families := slices.DeleteFunc(together[name].Families, func(f *dto.MetricFamily) bool {
			return f.GetName() == "runzero_organizations_missing" // one poll cannot say that of others
		})
		if diff := lineDiff(want, exposition(t, families)); diff != "" {
			t.Errorf("%s differ (- one by one, + together):\n%s", name, diff)
		}
	}
}

// collect polls the organization, without folding.
func (s *simulated) collect(name string) Snapshot {
	s.t.Helper()
	settings := top(10_000)
	settings.AssetTags = []string{"env"}
	snapshot := collect(s.t, collectorOf(s.t, name, settings), nil, s.poll)
	for _, problem := range problems(s.t, snapshot.Families) {
		s.t.Error(problem)
	}
	return snapshot
}

// equal compares a family summed by one label.
func (s *simulated) equal(got Snapshot, family, label string, want sums) {
	s.t.Helper()
	equal(s.t, family+" by "+label, by(got, family, label), want)
}

// observations compares the count and the sum of a histogram.
func (s *simulated) observations(got Snapshot, family string, count, sum float64) {
	s.t.Helper()
	for _, f := range got.Families {
		if f.GetName() == family {
			if h := f.GetMetric()[0].GetHistogram(); float64(h.GetSampleCount()) != count || h.GetSampleSum() != sum {
				s.t.Errorf("%s is %v of %d, want %v of %v", family, h.GetSampleSum(), h.GetSampleCount(), sum, count)
			}
		}
	}
}

func (s *simulated) assets() {
	types, oses, sites, alive, risks, sources, environments, owners := sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}
	services, software, vulnerabilities := sums{}, sums{}, sums{}
	var ages, n float64
	for a := range s.Assets(s.number) {
		types[Label(a.Type)]++
		oses[Label(a.OS)]++
		sites[a.SiteName]++
		alive[fmt.Sprint(a.Alive)]++
		risks[a.Risk]++
		for _, source := range a.Sources {
			sources[source]++
		}
		if env, tagged := a.Tags["env"]; tagged {
			environments[Label(env)]++
		}
		for _, owner := range a.Owners {
			if strings.Contains(owner.Name, "@") {
				owner.Name = other
			}
			owners[owner.Name]++
		}
		services[a.SiteName] += float64(a.Services)
		software[a.SiteName] += float64(a.Software)
		vulnerabilities[a.SiteName] += float64(a.Vulnerabilities)
		ages += noon.Sub(time.Unix(a.LastSeen, 0)).Seconds()
		n++
	}
	got := s.collect("assets")
	s.equal(got, "runzero_assets", "asset_type", types)
	s.equal(got, "runzero_assets", "os", oses)
	s.equal(got, "runzero_assets", siteLabel, sites)
	s.equal(got, "runzero_assets", "alive", alive)
	s.equal(got, "runzero_assets_by_risk", "risk", risks)
	s.equal(got, "runzero_assets_by_source", "source", sources)
	s.equal(got, "runzero_assets_by_tag", "value", environments)
	s.equal(got, "runzero_assets_by_owner", "owner_name", owners)
	s.equal(got, "runzero_services", siteLabel, services)
	s.equal(got, "runzero_software", siteLabel, software)
	s.equal(got, "runzero_vulnerabilities", siteLabel, vulnerabilities)
	s.observations(got, "runzero_asset_last_seen_age_seconds", n, ages)
}

// The first organization has a site whose scans fail and one that is never scanned. All
// other sites are scanned in time.
func (s *simulated) tasks() {
	got := s.collect("tasks")
	success, last := by(got, "runzero_scan_last_success_timestamp_seconds", siteLabel), by(got, "runzero_scan_last_success", siteLabel)
	for i, site := range s.org.Sites {
		at, scanned := success[site.Name]
		age := float64(noon.Unix()) - at
		switch n := len(s.org.Sites); {
		case s.number == 0 && i == n-1:
			if _, tried := last[site.Name]; scanned || tried {
				s.t.Errorf("%s, which is never scanned, was scanned %v seconds ago", site.Name, age)
			}
		case s.number == 0 && i == n-2:
			if !scanned || age < (11*day).Seconds() || last[site.Name] != 0 {
				s.t.Errorf("%s, which is stale, was scanned %v seconds ago; success %v", site.Name, age, last[site.Name])
			}
		default:
			if !scanned || age < 0 || age > (16*day).Seconds() {
				s.t.Errorf("%s was scanned %v seconds ago", site.Name, age)
			}
		}
	}
	if s.number > 0 {
		return
	}
	s.equal(got, "runzero_scan_schedule_failing", "schedule", sums{"Guest Wi-Fi sweep": 1})
	s.equal(got, "runzero_scan_schedule_paused", "schedule", sums{"Quarterly deep scan (paused)": 1})
	s.equal(got, "runzero_integration_last_success", "integration", sums{"CrowdStrike sync": 1, "Azure AD sync": 0})
	next, ran := by(got, "runzero_scan_schedule_next_run_timestamp_seconds", "schedule"), by(got, "runzero_scan_schedule_last_run_timestamp_seconds", "schedule")
	if _, ok := next["Quarterly deep scan (paused)"]; ok {
		s.t.Error("a paused schedule has a next run")
	}
	if _, ok := ran["Change-freeze sweep"]; ok || next["Change-freeze sweep"] <= float64(noon.Unix()) {
		s.t.Errorf("the schedule that never ran is due at %v", next["Change-freeze sweep"])
	}
}

// inventory checks exports whose records are counted one by one.
func (s *simulated) inventory() {
	risks, categories, instances := sums{}, sums{}, sums{}
	for f := range s.Findings(s.number) {
		risks[f.Risk]++
		categories[f.Category]++
		instances[f.Risk] += float64(f.Instances)
	}
	got := s.collect("findings")
	s.equal(got, "runzero_findings", "risk", risks)
	s.equal(got, "runzero_findings", "category", categories)
	s.equal(got, "runzero_finding_instances", "risk", instances)

	sites, authentications, encryptions := sums{}, sums{}, sums{}
	for w := range s.Wireless(s.number) {
		sites[w.SiteName]++
		authentications[w.Authentication]++
		encryptions[w.Encryption]++
	}
	got = s.collect("wireless")
	s.equal(got, "runzero_wireless_networks", siteLabel, sites)
	s.equal(got, "runzero_wireless_networks", "authentication", authentications)
	s.equal(got, "runzero_wireless_networks", "encryption", encryptions)

	got = s.collect("directory")
	const azure = "16"
	s.equal(got, "runzero_directory_users", "source_id", sums{azure: float64(s.Rows(s.number, "users"))})
	s.equal(got, "runzero_directory_groups", "source_id", sums{azure: float64(s.Rows(s.number, "groups"))})

	vendors, products := sums{}, sums{}
	for p := range s.Software(s.number) {
		vendors[p.Vendor]++
		products[p.Product]++
	}
	got = s.collect("software")
	s.equal(got, "runzero_software_by_product", "software_vendor", vendors)
	s.equal(got, "runzero_software_by_product", "software_product", products)

	severities := sums{}
	for v := range s.Vulnerabilities(s.number) {
		severities[strings.ToLower(v.Severity)]++
	}
	got = s.collect("vulnerabilities")
	s.equal(got, "runzero_vulnerabilities_by_severity", "severity", severities)
	s.equal(got, "runzero_vulnerabilities_by_severity", siteLabel, by(s.collect("assets"), "runzero_vulnerabilities", siteLabel))
	for what, found := range map[string]sums{"risks": risks, "authentications": authentications, "vendors": vendors, "severities": severities} {
		if len(found) < 3 {
			s.t.Errorf("the console has too few %s to prove anything: %v", what, found)
		}
	}
}

func (s *simulated) certificates() {
	types, states := sums{}, sums{}
	var remaining, n float64
	for c := range s.Certificates(s.number) {
		if c.Hidden {
			continue
		}
		types[c.Type]++
		switch at := noon.Unix(); {
		case c.End == 0:
			states["unknown"]++
			continue
		case c.End <= at:
			states["expired"]++
			continue
		case c.Start > at:
			states["not_yet_valid"]++
		default:
			states["valid"]++
		}
		remaining += time.Unix(c.End, 0).Sub(noon).Seconds()
		n++
	}
	got := s.collect("certificates")
	s.equal(got, "runzero_certificates", "certificate_type", types)
	s.equal(got, "runzero_certificates", "state", states)
	s.observations(got, "runzero_certificate_remaining_seconds", n, remaining)
}

func (s *simulated) services() {
	protocols, transports, ports := sums{}, sums{}, sums{}
	for v := range s.Services(s.number) {
		spoken := strings.Fields(v.Protocol)
		if len(spoken) == 0 {
			spoken = []string{unknown}
		}
		for _, protocol := range spoken {
			protocols[protocol]++
		}
		transports[v.Transport]++
		ports[strconv.Itoa(v.Port)]++
	}
	got := s.collect("services")
	s.equal(got, "runzero_services_by_protocol", "protocol", protocols)
	s.equal(got, "runzero_services_by_port", "transport", transports)
	s.equal(got, "runzero_services_by_port", "port", ports)
	if n := total(got, "runzero_services_by_port"); n == 0 || n != total(s.collect("assets"), "runzero_services") {
		s.t.Errorf("%v services, which is not what the assets report", n)
	}
}
