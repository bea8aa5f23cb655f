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
	// The services make up most of a real record.
	service := `{"protocol":"http","service.transport":"tcp","service.product":"nginx","banner":"` + strings.Repeat("0020 Server ready; PLANTED-banner; ", 7) + `","ts":"1616160000"}`
	services := `{"10.66.6.66/80/tcp/":` + strings.Repeat(service+`,"10.66.6.66/8080/tcp/":`, 5) + service + `}`
	fields := table(fixed[*asset](`{"addresses_extra":[],"agent_external_ip":"10.66.6.66","agent_name":null,"attributes":{"_asset.match":"PLANTED mac"},
		"comments":"PLANTED comment","credentials":null,"custom_integration_ids":[],"domains":["PLANTED.example.com"],"first_task_created_at":1616160000,
		"first_task_id":"`+zeroUUID+`","foreign_attributes":{"@nessus.dev":[{"id":"10.66.6.66","firstSeenTS":"1616160000"}]},"hosted_zone_name":null,
		"hw":"PLANTED hardware","hw_product":"PLANTED hardware","hw_vendor":"PLANTED hardware","hw_version":"PLANTED hardware","lowest_rtt":90000,
		"lowest_ttl":2,"mac_vendors":["PLANTED hardware"],"newest_mac_age":1616160000000000000,"newest_mac_vendor":"PLANTED hardware","outlier_raw":61,
		"rtts":{"icmp/echo":[90000,90001]},"services":`+services+`,"source_ids":[1],
		"subnets":{"10.66.6.66/32":{"tags":{"PLANTED-location":"PLANTED"}}},"surface_types":[2],
		"tag_descriptions":{"PLANTED-location":"PLANTED description"}}`), []field[*asset]{
		{"addresses", (*asset).appendAddresses},
		{"alive", flag(func(a *asset) bool { return a.alive })},
		{"created_at", number((*asset).createdAt)},
		{"criticality", text(func(a *asset) string { return a.criticality().name })},
		{"criticality_rank", number(func(a *asset) int64 { return a.criticality().rank })},
		{"detected_by", text((*asset).detectedBy)},
		{"eol_os", number(func(a *asset) int64 { return a.sys.eol })},
		{"eol_os_ext", number(func(a *asset) int64 { return a.sys.eolExt })},
		{"first_seen", number(func(a *asset) int64 { return a.born })},
		{"id", uuid(func(a *asset) key { return a.key })},
		{"last_agent_id", either(full, `"`+zeroUUID+`"`, "null")},
		{"last_seen", number(func(a *asset) int64 { return a.seen })},
		{"last_task_id", uuid(func(a *asset) key { return a.site.task })},
		{"macs", either(full, `["PLANTED:66:06:66"]`, "[]")},
		{"names", raw((*asset).names)},
		{"newest_mac", either(full, `"PLANTED:66:06:66"`, "null")},
		{"org_name", text(func(a *asset) string { return a.f.org.name })},
		{"organization_id", text(func(a *asset) string { return a.f.org.id })},
		{"os", text((*asset).osName)},
		{"os_product", text(func(a *asset) string { return a.sys.product })},
		{"os_vendor", text(func(a *asset) string { return a.sys.vendor })},
		{"os_version", text(func(a *asset) string { return a.sys.version })},
		{"outlier_score", number((*asset).outlier)},
		{"owners", (*asset).appendOwners},
		{"ownership", (*asset).appendOwnership},
		{"risk", text(func(a *asset) string { return a.risk().name })},
		{"risk_rank", number(func(a *asset) int64 { return a.risk().rank })},
		{"scanned", flag((*asset).scanned)},
		{"service_count", count((*asset).serviceCount)},
		{"service_count_arp", number(func(a *asset) int64 { _, _, n, _, _ := a.services(); return n })},
		{"service_count_icmp", number(func(a *asset) int64 { _, _, _, n, _ := a.services(); return n })},
		{"service_count_tcp", number(func(a *asset) int64 { n, _, _, _, _ := a.services(); return n })},
		{"service_count_udp", number(func(a *asset) int64 { _, n, _, _, _ := a.services(); return n })},
		{"service_ports_tcp", ports("tcp", func(p *port) string { return p.number })},
		{"service_ports_udp", ports("udp", func(p *port) string { return p.number })},
		{"service_products", ports("", func(p *port) string { return p.product })},
		{"service_protocols", protocols()},
		{"site_id", text(func(a *asset) string { return a.site.id })},
		{"site_name", text(func(a *asset) string { return a.site.name })},
		{"software_count", count((*asset).softwareCount)},
		{"sources", (*asset).appendSources},
		{"tags", (*asset).appendTags},
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

// protocols appends HTTP wherever there is TLS, as the records of the services do.
func protocols() func(*asset, []byte) []byte {
	listed := ports("", func(p *port) string { return p.protocol })
	return func(a *asset, b []byte) []byte {
		b = listed(a, b)
		if a.speaks("tls") {
			b = append(b[:len(b)-1], `,"http"]`...)
		}
		return b
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
