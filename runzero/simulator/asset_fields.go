package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sparseFields are the keys of an asset that is known through an integration alone (seen).
var sparseFields = strings.Fields(`
	addresses alive created_at criticality detected_by domains first_seen id last_agent_id last_seen macs names newest_mac newest_mac_age org_name
	organization_id risk scanned service_count site_id site_name software_count sources tags type updated_at vulnerability_count`)

// assetFields are the fields of assets. About twenty of these are not in the published
// schema but in every real record (seen).
func assetFields(stringCounts bool) []field[*asset] {
	count := number[*asset]
	if stringCounts {
		count = func(n func(*asset) int64) func(*asset, []byte) []byte {
			return text(func(a *asset) string { return strconv.FormatInt(n(a), 10) })
		}
	}
	full := func(a *asset) bool { return !a.sparse }
	owned := func(a *asset) bool { return a.key.sub(drawOwner)&1 == 0 }
	oneOfFour := func(a *asset) bool { return a.key&3 == 0 }
	fields := table(fixed[*asset](`{"addresses_extra":[],"agent_name":null,"credentials":null,"custom_integration_ids":[],"hosted_zone_name":null,
		"hw":"PLANTED hardware","hw_product":"PLANTED hardware","hw_vendor":"PLANTED hardware","hw_version":"PLANTED hardware",
		"newest_mac_vendor":"PLANTED hardware","subnets":{"10.66.6.66/32":{"tags":{"PLANTED-location":"PLANTED"}}},"surface_types":[2]}`), []field[*asset]{
		{"addresses", either(full, `["10.66.6.66"]`, "[]")},
		{"agent_external_ip", either(oneOfFour, `"10.66.6.66"`, "null")},
		{"alive", flag(func(a *asset) bool { return a.alive })},
		{"attributes", raw((*asset).attributes)},
		{"comments", either(oneOfFour, `"PLANTED comment"`, "null")},
		{"created_at", number((*asset).createdAt)},
		{"criticality", text(func(a *asset) string { return a.criticality().name })},
		{"criticality_rank", number(func(a *asset) int64 { return a.criticality().rank })},
		{"detected_by", text((*asset).detectedBy)},
		{"domains", either(func(a *asset) bool { return a.class.rhythm == office && !a.sparse }, `["PLANTED.example.com"]`, "[]")},
		{"eol_os", number(func(a *asset) int64 { return a.sys.eol })},
		{"eol_os_ext", number(func(a *asset) int64 { return a.sys.eolExt })},
		{"first_seen", number(func(a *asset) int64 { return a.born })},
		{"first_task_created_at", number(func(a *asset) int64 { return a.born - 69 })},
		{"first_task_id", uuid(func(a *asset) key { return a.key.sub(drawParent) })},
		{"foreign_attributes", raw((*asset).foreignAttributes)},
		{"id", uuid(func(a *asset) key { return a.key })},
		{"last_agent_id", either(full, `"`+zeroUUID+`"`, "null")},
		{"last_seen", number(func(a *asset) int64 { return a.seen })},
		{"last_task_id", uuid(func(a *asset) key { return a.site.task })},
		{"lowest_rtt", number((*asset).rtt)},
		{"lowest_ttl", number(func(a *asset) int64 { return int64(a.key.sub(drawRTT) & 3) })},
		{"mac_vendors", either(func(a *asset) bool { return a.class.vendor != "" }, `["PLANTED hardware"]`, "[]")},
		{"macs", either(full, `["PLANTED:66:06:66"]`, "[]")},
		{"names", raw((*asset).names)},
		{"newest_mac", either(full, `"PLANTED:66:06:66"`, "null")},
		{"newest_mac_age", encoded((*asset).macAge)},
		{"org_name", text(func(a *asset) string { return a.f.org.name })},
		{"organization_id", text(func(a *asset) string { return a.f.org.id })},
		{"os", text((*asset).osName)},
		{"os_product", text(func(a *asset) string { return a.sys.product })},
		{"os_vendor", text(func(a *asset) string { return a.sys.vendor })},
		{"os_version", text(func(a *asset) string { return a.sys.version })},
		{"outlier_raw", number(func(a *asset) int64 { return a.outlier() * 61 })},
		{"outlier_score", number((*asset).outlier)},
		{"owners", either(owned, `["PLANTED owner"]`, "[]")},
		{"ownership", raw((*asset).ownership)},
		{"risk", text(func(a *asset) string { return a.risk().name })},
		{"risk_rank", number(func(a *asset) int64 { return a.risk().rank })},
		{"rtts", raw((*asset).rtts)},
		{"scanned", flag((*asset).scanned)},
		{"service_count", count((*asset).serviceCount)},
		{"service_count_arp", number(func(a *asset) int64 { _, _, n, _, _ := a.services(); return n })},
		{"service_count_icmp", number(func(a *asset) int64 { _, _, _, n, _ := a.services(); return n })},
		{"service_count_tcp", number(func(a *asset) int64 { n, _, _, _, _ := a.services(); return n })},
		{"service_count_udp", number(func(a *asset) int64 { _, n, _, _, _ := a.services(); return n })},
		{"service_ports_tcp", ports("tcp", func(p *port) string { return p.number })},
		{"service_ports_udp", ports("udp", func(p *port) string { return p.number })},
		{"service_products", ports("", func(p *port) string { return p.product })},
		{"service_protocols", ports("", func(p *port) string { return p.protocol })},
		{"services", (*asset).appendServices},
		{"site_id", text(func(a *asset) string { return a.site.id })},
		{"site_name", text(func(a *asset) string { return a.site.name })},
		{"software_count", count((*asset).softwareCount)},
		{"source_ids", (*asset).appendSourceIDs},
		{"sources", (*asset).appendSources},
		{"tag_descriptions", either(oneOfFour, `{"PLANTED-location":"PLANTED description"}`, "null")},
		{"tags", either(full, `{"PLANTED-location":"PLANTED","PLANTED-network":""}`, `{"PLANTED-env":"PLANTED"}`)},
		{"type", text((*asset).typ)},
		{"updated_at", number((*asset).updatedAt)},
		{"vulnerability_count", count((*asset).vulnerabilityCount)},
	})
	for i, f := range fields {
		if !slices.Contains(sparseFields, f.name) {
			fields[i].append = func(a *asset, b []byte) []byte {
				if a.sparse {
					return b
				}
				return f.append(a, b)
			}
		}
	}
	return fields
}

// either appends one of two texts.
func either(is func(*asset) bool, then, otherwise string) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		if is(a) {
			return append(b, then...)
		}
		return append(b, otherwise...)
	}
}

// ports appends what is known of the asset's ports, of one transport or of all ("").
func ports(of string, what func(*port) string) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		b = append(b, '[')
		first := len(b)
		for transport, p := range a.ports {
			value := what(p)
			if value == "" || of != "" && of != transport {
				continue
			}
			if len(b) > first {
				b = append(b, ',')
			}
			b = appendString(b, value)
		}
		return append(b, ']')
	}
}

func (a *asset) appendSources(b []byte) []byte {
	if a.sparse {
		return append(b, `["CrowdStrike"]`...)
	}
	b = append(b, `["runZero"`...)
	for i := range integrations {
		if a.hasSource(i) {
			b = appendString(append(b, ','), integrations[i].name)
		}
	}
	return append(b, ']')
}

func (a *asset) appendSourceIDs(b []byte) []byte {
	b = append(b, '[', '1')
	for i := range integrations {
		if a.hasSource(i) {
			b = strconv.AppendInt(append(b, ','), integrations[i].id, 10)
		}
	}
	return append(b, ']')
}

func (a *asset) detectedBy() string {
	switch {
	case a.sparse:
		return "custom-integration"
	case a.site.role == rolePassive:
		return "passive"
	case a.key.sub(drawName)&7 == 0:
		return "icmp"
	}
	return "arp"
}

func (a *asset) outlier() int64 {
	k := a.key.sub(drawOutlier)
	return k.below(6) * k.sub(1).below(3) / 2
}

func (a *asset) names() string {
	prefix := a.class.prefix
	if a.sparse {
		prefix = "resource"
	}
	if prefix == "" {
		return "[]"
	}
	return fmt.Sprintf(`["PLANTED-%s-%d"]`, prefix, 10000+a.key.sub(drawName).below(90000))
}

func (a *asset) attributes() string {
	return fmt.Sprintf(`{"_asset.match":"PLANTED mac=%d","_macs.ipmap":"PLANTED-attribute"}`, a.slot)
}

func (a *asset) foreignAttributes() string {
	if !a.hasSource(2) {
		return "{}"
	}
	return fmt.Sprintf(`{"@nessus.dev":[{"id":"10.66.6.66","firstSeenTS":"%d"}]}`, a.born)
}

func (a *asset) ownership() string {
	if a.key.sub(drawOwner)&1 != 0 {
		return "[]"
	}
	return fmt.Sprintf(`[{"id":"%s","type":"PLANTED role","name":"PLANTED owner","reference":0,"updated_at":%d}]`, a.f.org.key.sub(drawOwner).uuid(), a.createdAt())
}

func (a *asset) macAge() any {
	if a.sparse {
		return nil
	}
	return (946684800 + a.key.sub(drawMAC).below(650000000)) * 1e9
}

func (a *asset) rtt() int64 { return 90000 + a.key.sub(drawRTT).below(30000000) }

func (a *asset) rtts() string {
	if !a.alive {
		return "{}"
	}
	return fmt.Sprintf(`{"icmp/echo":[%d,%d]}`, a.rtt(), a.rtt()+1)
}

// appendServices appends what makes up most of a real record.
func (a *asset) appendServices(b []byte) []byte {
	banner := `","banner":"` + strings.Repeat("0020 Server ready; PLANTED-banner; ", 6) + `","ts":"` + strconv.FormatInt(a.seen, 10) + `"}`
	b = append(b, `{"10.66.6.66/0/arp/":{"protocol":"arp","service.address":"10.66.6.66"}`...)
	for transport, p := range a.ports {
		b = append(append(append(append(append(b, `,"10.66.6.66/`...), p.number...), '/'), transport...), `/":{"protocol":"`...)
		b = append(append(append(append(b, p.protocol...), `","service.transport":"`...), transport...), `","service.product":"`...)
		b = append(append(b, p.product...), banner...)
	}
	return append(b, '}')
}
