package collector

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// kept are the settings that fold nothing.
func kept() Settings {
	s := defaults()
	s.AssetTop = 10_000
	return s
}

func TestFindingsAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("findings", kept())
		risks, categories, instances := map[string]float64{}, map[string]float64{}, map[string]float64{}
		for f := range s.Findings(s.number) {
			risks[f.Risk]++
			categories[f.Category]++
			instances[f.Risk] += float64(f.Instances)
		}
		if len(risks) < 3 {
			s.t.Errorf("findings of risks %v: little is proved", risks)
		}
		equal(s.t, "risks", by(got, "runzero_findings", "risk"), risks)
		equal(s.t, "categories", by(got, "runzero_findings", "category"), categories)
		equal(s.t, "instances", by(got, "runzero_finding_instances", "risk"), instances)
	})
}

func TestWirelessNetworksAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("wireless", kept())
		sites, authentications, encryptions := map[string]float64{}, map[string]float64{}, map[string]float64{}
		for w := range s.Wireless(s.number) {
			sites[w.SiteName]++
			authentications[w.Authentication]++
			encryptions[w.Encryption]++
		}
		if len(authentications) < 3 {
			s.t.Errorf("networks of %v: little is proved", authentications)
		}
		equal(s.t, "sites", by(got, "runzero_wireless_networks", siteLabel), sites)
		equal(s.t, "authentication", by(got, "runzero_wireless_networks", "authentication"), authentications)
		equal(s.t, "encryption", by(got, "runzero_wireless_networks", "encryption"), encryptions)
	})
}

func TestTheDirectoryIsThatOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("directory", kept())
		const azure = "16"
		equal(s.t, "users", by(got, "runzero_directory_users", "source_id"), map[string]float64{azure: float64(s.Rows(s.number, "users"))})
		equal(s.t, "groups", by(got, "runzero_directory_groups", "source_id"), map[string]float64{azure: float64(s.Rows(s.number, "groups"))})
		if s.Rows(s.number, "users") == 0 || s.Rows(s.number, "groups") == 0 {
			s.t.Error("nobody is in the directory: nothing is proved")
		}
	})
}

func TestCertificatesAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("certificates", kept())
		types, states, hidden := map[string]float64{}, map[string]float64{}, 0
		var remaining, left float64
		for c := range s.Certificates(s.number) {
			if c.Hidden {
				hidden++
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
			left++
		}
		if s.number == 0 && (hidden == 0 || states["expired"] == 0 || states["valid"] == 0 || types["ssh"] == 0) {
			s.t.Errorf("%v %v, %d hidden: little is proved", types, states, hidden)
		}
		equal(s.t, "types", by(got, "runzero_certificates", "certificate_type"), types)
		equal(s.t, "states", by(got, "runzero_certificates", "state"), states)
		for _, family := range got.Families {
			if family.GetName() == "runzero_certificate_remaining_seconds" {
				if h := family.GetMetric()[0].GetHistogram(); h.GetSampleSum() != remaining || float64(h.GetSampleCount()) != left {
					s.t.Errorf("%v seconds remain of %d, want %v of %v", h.GetSampleSum(), h.GetSampleCount(), remaining, left)
				}
			}
		}
	})
}

func TestServicesAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("services", kept())
		protocols, transports, ports := map[string]float64{}, map[string]float64{}, map[string]float64{}
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
		equal(s.t, "protocols", by(got, "runzero_services_by_protocol", "protocol"), protocols)
		equal(s.t, "transports", by(got, "runzero_services_by_port", "transport"), transports)
		equal(s.t, "ports", by(got, "runzero_services_by_port", "port"), ports)
		if n := total(got, "runzero_services_by_port"); n == 0 || n != total(s.collect("assets", kept()), "runzero_services") {
			s.t.Errorf("%v services, which is not what the assets say", n)
		}
	})
}

func TestSoftwareIsThatOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("software", kept())
		vendors, products := map[string]float64{}, map[string]float64{}
		for p := range s.Software(s.number) {
			vendors[p.Vendor]++
			products[p.Product]++
		}
		equal(s.t, "vendors", by(got, "runzero_software_by_product", "software_vendor"), vendors)
		equal(s.t, "products", by(got, "runzero_software_by_product", "software_product"), products)
		if n := total(got, "runzero_software_by_product"); n == 0 || n != total(s.collect("assets", kept()), "runzero_software") {
			s.t.Errorf("%v programs, which is not what the assets say", n)
		}
	})
}

func TestVulnerabilitiesAreThoseOfTheConsole(t *testing.T) {
	each(t, func(s *simulated) {
		got := s.collect("vulnerabilities", kept())
		severities := map[string]float64{}
		for v := range s.Vulnerabilities(s.number) {
			severities[strings.ToLower(v.Severity)]++
		}
		equal(s.t, "severities", by(got, "runzero_vulnerabilities_by_severity", "severity"), severities)
		equal(s.t, "sites", by(got, "runzero_vulnerabilities_by_severity", siteLabel), by(s.collect("assets", kept()), "runzero_vulnerabilities", siteLabel))
		if severities["critical"] == 0 {
			s.t.Error("nothing is critical: little is proved")
		}
	})
}
