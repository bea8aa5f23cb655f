package simulator

import (
	"fmt"
	"strconv"
)

// vulnerability is one of an asset. There are as many as the vulnerability_count of the
// asset.
type vulnerability struct {
	*asset
	index    int
	severity *severity
	risk     *severity
}

// severity has the lowest of its scores and their range, in tenths.
type severity struct {
	permille int64
	name     string // as documented
	rank     int64
	score    int64
	scores   int64
}

var severities = []severity{{80, "Info", 0, 0, 1}, {230, "Low", 1, 1, 39}, {440, "Medium", 2, 40, 30}, {190, "High", 3, 70, 20}, {60, "Critical", 4, 90, 11}}

func (n *vulnerability) fill(a *asset, i int) bool {
	if int64(i) >= a.vulnerabilityCount() {
		return false
	}
	n.asset, n.index = a, i
	n.severity = pick(severities, n.id().sub(1), func(s *severity) int64 { return s.permille })
	n.risk = n.severity
	// The risk may be lower than the severity.
	if n.id().sub(2)&3 == 0 && n.risk.rank > 0 {
		n.risk = &severities[n.risk.rank-1]
	}
	return true
}

func (n *vulnerability) id() key { return n.key.sub(drawVulnerability).sub(uint64(n.index)) }

func (n *vulnerability) cve() string {
	if n.severity.rank == 0 {
		return ""
	}
	k := n.id().sub(3)
	return fmt.Sprintf("CVE-%d-%d", 2014+k.below(12), 1000+k.sub(1).below(30000))
}

// firstDetected is between the birth of the asset and the last time it was seen.
func (n *vulnerability) firstDetected() int64 {
	return n.born + n.id().sub(4).below(max(1, n.seen-n.born))
}

func (n *vulnerability) published() int64 {
	return max(946684800, n.firstDetected()-n.id().sub(5).below(900*day))
}

func (n *vulnerability) score(s *severity) float64 {
	return float64(s.score+n.id().sub(7).below(s.scores)) / 10
}

func vulnerabilityFields(assets []field[*asset]) []field[*vulnerability] {
	score := encoded(func(n *vulnerability) any { return n.score(n.severity) })
	riskScore := encoded(func(n *vulnerability) any { return n.score(n.risk) })
	return table(of(assets, func(n *vulnerability) *asset { return n.asset }),
		fixed[*vulnerability](`{"vulnerability_attributes":{"plugin.output":"PLANTED"},"vulnerability_category":"Remote","vulnerability_cpe23":"cpe:/o:PLANTED",
			"vulnerability_description":"PLANTED description of what is wrong with this device","vulnerability_name":"PLANTED vulnerability",
			"vulnerability_service_address":"10.66.6.66","vulnerability_service_port":443,"vulnerability_service_transport":"tcp",
			"vulnerability_solution":"PLANTED solution","vulnerability_source_id":11,"vulnerability_suppressed":false}`),
		[]field[*vulnerability]{
			{"vulnerability_asset_id", uuid(func(n *vulnerability) key { return n.key })},
			{"vulnerability_created_at", number((*vulnerability).firstDetected)},
			{"vulnerability_cve", text((*vulnerability).cve)},
			{"vulnerability_cvss2_base_score", score},
			{"vulnerability_cvss2_temporal_score", riskScore},
			{"vulnerability_cvss3_base_score", score},
			{"vulnerability_cvss3_temporal_score", riskScore},
			{"vulnerability_exploitable", flag(func(n *vulnerability) bool { return n.severity.rank > 2 && n.id().sub(6)&7 == 0 })},
			{"vulnerability_first_detected_at", number((*vulnerability).firstDetected)},
			{"vulnerability_id", uuid((*vulnerability).id)},
			{"vulnerability_last_detected_at", number(func(n *vulnerability) int64 { return n.seen })},
			{"vulnerability_organization_id", text(func(n *vulnerability) string { return n.f.org.id })},
			{"vulnerability_published_at", number((*vulnerability).published)},
			{"vulnerability_risk", text(func(n *vulnerability) string { return n.risk.name })},
			{"vulnerability_risk_rank", number(func(n *vulnerability) int64 { return n.risk.rank })},
			{"vulnerability_risk_score", riskScore},
			{"vulnerability_severity", text(func(n *vulnerability) string { return n.severity.name })},
			{"vulnerability_severity_rank", number(func(n *vulnerability) int64 { return n.severity.rank })},
			{"vulnerability_severity_score", score},
			{"vulnerability_updated_at", number((*vulnerability).updatedAt)},
			{"vulnerability_vuln_id", text(func(n *vulnerability) string { return strconv.FormatInt(100000+n.id().sub(3).below(90000), 10) })},
		})
}
