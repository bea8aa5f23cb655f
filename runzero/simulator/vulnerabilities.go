package simulator

// vulnerability is one of an asset. There are as many as the vulnerability_count of the asset.
type vulnerability struct {
	*asset
	index    int
	severity *severity
}

type severity struct {
	permille int64
	name     string // as documented
	rank     int64
}

var severities = []severity{{80, "Info", 0}, {230, "Low", 1}, {440, "Medium", 2}, {190, "High", 3}, {60, "Critical", 4}}

func (n *vulnerability) fill(a *asset, i int) bool {
	if int64(i) >= a.vulnerabilityCount() {
		return false
	}
	n.asset, n.index = a, i
	n.severity = pick(severities, n.id().sub(1), func(s *severity) int64 { return s.permille })
	return true
}

func (n *vulnerability) id() key { return n.key.sub(drawVulnerability).sub(uint64(n.index)) }

func vulnerabilityFields(assets []field[*asset]) []field[*vulnerability] {
	name := text(func(n *vulnerability) string { return n.severity.name })
	rank := number(func(n *vulnerability) int64 { return n.severity.rank })
	return table(of(assets, func(n *vulnerability) *asset { return n.asset }),
		fixed[*vulnerability](`{"vulnerability_attributes":{"plugin.output":"PLANTED"},"vulnerability_category":"Remote","vulnerability_cpe23":"cpe:/o:PLANTED",
			"vulnerability_cve":"CVE-2024-1000","vulnerability_cvss2_base_score":5.5,"vulnerability_cvss2_temporal_score":5.5,
			"vulnerability_cvss3_base_score":5.5,"vulnerability_cvss3_temporal_score":5.5,
			"vulnerability_description":"PLANTED description of what is wrong with this device","vulnerability_exploitable":false,
			"vulnerability_name":"PLANTED vulnerability","vulnerability_published_at":1616160000,"vulnerability_risk_score":5.5,
			"vulnerability_service_address":"10.66.6.66","vulnerability_service_port":443,"vulnerability_service_transport":"tcp",
			"vulnerability_severity_score":5.5,"vulnerability_solution":"PLANTED solution","vulnerability_source_id":11,"vulnerability_suppressed":false,
			"vulnerability_vuln_id":"100000"}`),
		[]field[*vulnerability]{
			{"vulnerability_asset_id", uuid(func(n *vulnerability) key { return n.key })},
			{"vulnerability_created_at", number(func(n *vulnerability) int64 { return n.createdAt() })},
			{"vulnerability_first_detected_at", number(func(n *vulnerability) int64 { return n.born })},
			{"vulnerability_id", uuid((*vulnerability).id)},
			{"vulnerability_last_detected_at", number(func(n *vulnerability) int64 { return n.seen })},
			{"vulnerability_organization_id", text(func(n *vulnerability) string { return n.f.org.id })},
			{"vulnerability_risk", name},
			{"vulnerability_risk_rank", rank},
			{"vulnerability_severity", name},
			{"vulnerability_severity_rank", rank},
			{"vulnerability_updated_at", number(func(n *vulnerability) int64 { return n.updatedAt() })},
		})
}
