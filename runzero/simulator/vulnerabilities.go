package simulator

import (
	"fmt"
	"strconv"
)

// vulnerability is one found on an asset. There are as many as the asset's
// vulnerability_count says.
type vulnerability struct {
	*asset
	index    int
	severity *severity
	risk     *severity
}

// severity has scores of ten in tenths, from the least on.
type severity struct {
	permille int64
	name     string // in the case that the documentation shows
	rank     int64
	score    int64
	more     int64
}

var severities = []severity{{80, "Info", 0, 0, 1}, {230, "Low", 1, 1, 39}, {440, "Medium", 2, 40, 30}, {190, "High", 3, 70, 20}, {60, "Critical", 4, 90, 11}}

func pickSeverity(k key) *severity {
	n := k.below(1000)
	for i := range severities {
		if n -= severities[i].permille; n < 0 {
			return &severities[i]
		}
	}
	return &severities[0]
}

func (n *vulnerability) fill(a *asset, i int) bool {
	if int64(i) >= a.vulnerabilityCount() {
		return false
	}
	n.asset, n.index = a, i
	n.severity = pickSeverity(n.id().sub(1))
	n.risk = n.severity
	// What is severe may be less of a risk where it stands.
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

// firstDetected is while the asset was there, and before it was last seen.
func (n *vulnerability) firstDetected() int64 {
	return n.born + n.id().sub(4).below(max(1, n.seen-n.born))
}

func (n *vulnerability) published() int64 {
	return max(946684800, n.firstDetected()-n.id().sub(5).below(900*day))
}

func (n *vulnerability) exploitable() bool { return n.severity.rank > 2 && n.id().sub(6)&7 == 0 }

func (n *vulnerability) appendScore(b []byte, s *severity) []byte {
	tenths := s.score + n.id().sub(7).below(s.more)
	return strconv.AppendFloat(b, float64(tenths)/10, 'f', -1, 64)
}

func vulnerabilityFields(assets []field[*asset]) []field[*vulnerability] {
	score := func(n *vulnerability, b []byte) []byte { return n.appendScore(b, n.severity) }
	riskScore := func(n *vulnerability, b []byte) []byte { return n.appendScore(b, n.risk) }
	return withAssetFields([]field[*vulnerability]{
		{"vulnerability_asset_id", uuid(func(n *vulnerability) key { return n.key })},
		{"vulnerability_attributes", raw[*vulnerability](`{"plugin.output":"PLANTED"}`)},
		{"vulnerability_category", raw[*vulnerability](`"Remote"`)},
		{"vulnerability_cpe23", raw[*vulnerability](`"cpe:/o:PLANTED"`)},
		{"vulnerability_created_at", number((*vulnerability).firstDetected)},
		{"vulnerability_cve", text((*vulnerability).cve)},
		{"vulnerability_cvss2_base_score", score},
		{"vulnerability_cvss2_temporal_score", riskScore},
		{"vulnerability_cvss3_base_score", score},
		{"vulnerability_cvss3_temporal_score", riskScore},
		{"vulnerability_description", raw[*vulnerability](`"PLANTED description of what is wrong with this device"`)},
		{"vulnerability_exploitable", flag((*vulnerability).exploitable)},
		{"vulnerability_first_detected_at", number((*vulnerability).firstDetected)},
		{"vulnerability_id", uuid((*vulnerability).id)},
		{"vulnerability_last_detected_at", number(func(n *vulnerability) int64 { return n.seen })},
		{"vulnerability_name", raw[*vulnerability](`"PLANTED vulnerability"`)},
		{"vulnerability_organization_id", text(func(n *vulnerability) string { return n.f.org.id })},
		{"vulnerability_published_at", number((*vulnerability).published)},
		{"vulnerability_risk", text(func(n *vulnerability) string { return n.risk.name })},
		{"vulnerability_risk_rank", number(func(n *vulnerability) int64 { return n.risk.rank })},
		{"vulnerability_risk_score", riskScore},
		{"vulnerability_service_address", raw[*vulnerability](`"10.66.6.66"`)},
		{"vulnerability_service_port", raw[*vulnerability]("443")},
		{"vulnerability_service_transport", raw[*vulnerability](`"tcp"`)},
		{"vulnerability_severity", text(func(n *vulnerability) string { return n.severity.name })},
		{"vulnerability_severity_rank", number(func(n *vulnerability) int64 { return n.severity.rank })},
		{"vulnerability_severity_score", score},
		{"vulnerability_solution", raw[*vulnerability](`"PLANTED solution"`)},
		{"vulnerability_source_id", raw[*vulnerability]("11")},
		{"vulnerability_suppressed", raw[*vulnerability]("false")},
		{"vulnerability_updated_at", number(func(n *vulnerability) int64 { return n.updatedAt() })},
		{"vulnerability_vuln_id", text(func(n *vulnerability) string { return strconv.FormatInt(100000+n.id().sub(3).below(90000), 10) })},
	}, assets, func(n *vulnerability) *asset { return n.asset })
}

func vulnerabilityKeywords() keywords[*vulnerability] {
	name := byText(func(*vulnerability) string { return "PLANTED vulnerability" })
	return withAssetKeywords(keywords[*vulnerability]{
		"": name, "name": name,
		"vulnerability_id":  byText(func(n *vulnerability) string { return n.id().uuid() }),
		"category":          byText(func(*vulnerability) string { return "Remote" }),
		"cve":               byText((*vulnerability).cve),
		"severity":          byText(func(n *vulnerability) string { return n.severity.name }),
		"risk":              byText(func(n *vulnerability) string { return n.risk.name }),
		"exploitable":       byFlag((*vulnerability).exploitable),
		"first_detected_at": bySince((*vulnerability).firstDetected),
		"last_detected_at":  bySince(func(n *vulnerability) int64 { return n.seen }),
		"published_at":      bySince((*vulnerability).published),
	}, func(n *vulnerability) *asset { return n.asset })
}
