package collector

import "testing"

// findingsOf polls findings.
func findingsOf(t *testing.T, top int, body string) Snapshot {
	t.Helper()
	s := defaults()
	s.AssetTop = top
	return collect(t, collectorOf(t, "findings", s), responses{findingsPath: {body: body}}, Poll{})
}

func TestFindings(t *testing.T) {
	golden(t, "findings", findingsOf(t, 100, `
		{"id":"1","organization_id":"`+acmeID+`","category":"End-of-Life","finding_code":"RZ-1","name":"Ended","risk_rank":"high","risk_rank_value":3,"instance_count":12}
		{"id":"2","category":"End-of-Life","risk_rank":"High","instance_count":"3"}
		{"id":"3","category":"End-of-Life","risk_rank":"critical","instance_count":1}
		{"id":"4","category":"Open Access","risk_rank":"info","instance_count":0}
		{"id":"5","category":"Open Access","risk_rank":"apocalyptic"}
		{"id":"6","category":"","risk_rank":null,"instance_count":null}`).Families)
	wantSeries(t, findingsOf(t, 100, ``), "runzero_finding")
}

func TestFindingsAndInstancesKeepTheSameCategories(t *testing.T) {
	s := findingsOf(t, 1, `{"id":"1","category":"A","risk_rank":"low","instance_count":1}{"id":"2","category":"A","risk_rank":"low","instance_count":1}
		{"id":"3","category":"B","risk_rank":"low","instance_count":1000}{"id":"4","category":"C","risk_rank":"low","instance_count":10}`)
	wantSeries(t, s, "runzero_findings", `runzero_findings{category="A",risk="low"} 2`, `runzero_findings{category="other",risk="low"} 2`)
	wantSeries(t, s, "runzero_finding_instances", `runzero_finding_instances{category="A",risk="low"} 2`, `runzero_finding_instances{category="other",risk="low"} 1010`)
	wantSeries(t, s, "runzero_collector_folded_values", `runzero_collector_folded_values{collector="findings",label="category"} 2`)
}
