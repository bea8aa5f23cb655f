package collector

import "testing"

// vulnerabilitiesOf polls vulnerabilities.
func vulnerabilitiesOf(t *testing.T, poll Poll, body string) Snapshot {
	t.Helper()
	return collect(t, collectorOf(t, "vulnerabilities", defaults()), responses{vulnerabilitiesPath: {body: body}}, poll)
}

// Sites without vulnerabilities are 0, so that alerts resolve.
func TestVulnerabilities(t *testing.T) {
	s := vulnerabilitiesOf(t, Poll{Sites: acmeSites()}, `
		{"id":"a1","vulnerability_id":"1","organization_id":"`+acmeID+`","site_id":"`+hq+`","site_name":"HQ","vulnerability_severity":"Critical","vulnerability_risk":"High"}
		{"id":"a1","vulnerability_id":"2","site_id":"`+hq+`","vulnerability_severity":"critical"}
		{"id":"a1","vulnerability_id":"3","site_id":"`+hq+`","vulnerability_severity":"Info"}
		{"id":"a2","vulnerability_id":"4","site_id":"`+plant+`","vulnerability_severity":"Apocalyptic"}
		{"id":"a3","vulnerability_id":"5","site_id":"`+zeroID+`","vulnerability_severity":""}`)
	golden(t, "vulnerabilities", s.Families)
	if s.Sites[hq] != "HQ" {
		t.Errorf("sites are %v", s.Sites)
	}
	if s := vulnerabilitiesOf(t, Poll{}, ``); len(s.Families) != 0 {
		t.Errorf("%d families of no vulnerability and no site", len(s.Families))
	}
}

func TestSiteNamesOfVulnerabilities(t *testing.T) {
	body := `{"id":"1","site_id":"` + newSite + `","site_name":"HQ","vulnerability_severity":"Low"}{"id":"2","site_id":"` + lab + `","site_name":"Old name","vulnerability_severity":"Low"}`
	s := vulnerabilitiesOf(t, Poll{Sites: acmeSites()}, body)
	equal(t, "known sites", by(s, "runzero_vulnerabilities_by_severity", siteLabel), map[string]float64{"HQ (d7b2287e)": 1, "Lab": 1})
	s = vulnerabilitiesOf(t, Poll{}, body)
	equal(t, "sites that are not known", by(s, "runzero_vulnerabilities_by_severity", siteLabel), map[string]float64{"HQ": 1, "Old name": 1})
}
