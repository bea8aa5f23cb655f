package simulator

import "slices"

// finding is one kind of problem that runZero detects. An organization has at most one
// record of each, with the number of assets that it affects.
type finding struct {
	code, category string
	risk           int64 // of findingRisks
	affects        func(*asset) bool
}

// findingRisks are the values of risk_rank, by risk_rank_value (documented).
var findingRisks = []string{"info", "low", "medium", "high", "critical"}

func findings() []finding {
	speaking := func(protocols ...string) func(*asset) bool {
		return func(a *asset) bool { return slices.ContainsFunc(protocols, a.speaks) }
	}
	ended := func(a *asset, end int64) bool { return !a.sparse && end != 0 && end < a.f.v.now }
	left := func(a *asset) int64 { _, end := a.validity(); return end - a.f.v.now }
	return []finding{
		{"RZ-1001", "End-of-Life", 3, func(a *asset) bool { return ended(a, a.sys.eol) && !ended(a, a.sys.eolExt) }},
		{"RZ-1002", "End-of-Life", 4, func(a *asset) bool { return ended(a, a.sys.eolExt) }},
		{"RZ-2001", "Certificates", 3, func(a *asset) bool { return a.speaks("tls") && left(a) < 0 }},
		{"RZ-2002", "Certificates", 1, func(a *asset) bool { return a.speaks("tls") && left(a) >= 0 && left(a) < 30*day }},
		{"RZ-2003", "Certificates", 0, func(a *asset) bool { return a.speaks("tls") && a.renewal().selfSigned }},
		{"RZ-3001", "Internet Exposure", 4, func(a *asset) bool { return a.public() && a.speaks("rdp") }},
		{"RZ-3002", "Internet Exposure", 2, func(a *asset) bool { return a.public() && a.speaks("ssh") }},
		{"RZ-4001", "Open Access", 3, speaking("mysql", "mssql")},
		{"RZ-4002", "Open Access", 2, speaking("modbus")},
		{"RZ-5001", "Best Practice", 1, speaking("http")},
		{"RZ-5002", "Best Practice", 0, speaking("netbios")},
		{"RZ-6001", "Vulnerability", 4, func(a *asset) bool { return a.vulnerabilityCount() > 40 }},
	}
}

// foundIn counts the instances of each finding.
func (v *view) foundIn(o *org, kinds []finding) []int64 {
	counts := make([]int64, len(kinds))
	for _, a := range v.assets(o, 0) {
		for i := range kinds {
			if kinds[i].affects(a) {
				counts[i]++
			}
		}
	}
	return counts
}

// findingRows are the findings with an instance.
func (v *view) findingRows(o *org) []row {
	seen := int64(0)
	for _, s := range v.fleet(o).sites {
		seen = max(seen, s.observed)
	}
	kinds := findings()
	var rows []row
	for i, n := range v.foundIn(o, kinds) {
		if n == 0 {
			continue
		}
		f := &kinds[i]
		k := o.key.sub(drawFinding).sub(uint64(i))
		rows = append(rows, row{
			"id": k.uuid(), "organization_id": o.id, "org_name": o.name, "finding_code": f.code, "category": f.category,
			"name": "PLANTED finding", "description": "PLANTED description", "solution": "PLANTED solution",
			"links":      row{"urls": []row{{"title": "PLANTED title", "url": "https://PLANTED.example.com/"}}},
			"created_at": v.c.createdAt + k.below(100*day), "updated_at": seen, "last_detected_at": seen,
			"instance_count": n, "risk_rank": findingRisks[f.risk], "risk_rank_value": f.risk,
		})
	}
	return rows
}
