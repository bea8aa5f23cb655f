package simulator

func aStr(f func(*asset) string) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte { return appendString(b, f(a)) }
}

func aInt(f func(*asset) int64) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte { return appendInt(b, f(a)) }
}

// aCount is for the counts that old consoles were said to send as strings.
func aCount(f func(*asset) int64) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		if !a.f.strings {
			return appendInt(b, f(a))
		}
		b = append(b, '"')
		return append(appendInt(b, f(a)), '"')
	}
}

func aLit(s string) func(*asset, []byte) []byte {
	return func(_ *asset, b []byte) []byte { return append(b, s...) }
}

// aUnless writes null for sparse assets.
func aUnless(f func(*asset, []byte) []byte) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		if a.sparse {
			return append(b, "null"...)
		}
		return f(a, b)
	}
}

// sparseFields are the keys of an asset that is known through an integration
// only (seen).
var sparseFields = []string{
	"addresses", "alive", "created_at", "criticality", "detected_by", "domains", "first_seen", "id", "last_agent_id", "last_seen", "macs", "names",
	"newest_mac", "newest_mac_age", "org_name", "organization_id", "risk", "scanned", "service_count", "site_id", "site_name", "software_count",
	"sources", "tags", "type", "updated_at", "vulnerability_count",
}

// assetFields is the full record, by name. About twenty of these are not in
// the published schema but in every real record (seen).
func assetFields() []field[*asset] {
	return sorted([]field[*asset]{
		{"addresses", (*asset).appendAddresses},
		{"addresses_extra", aLit("[]")},
		{"agent_external_ip", aLit("null")},
		{"agent_name", aLit("null")},
		{"alive", func(a *asset, b []byte) []byte { return appendBool(b, a.alive) }},
		{"attributes", (*asset).appendAttributes},
		{"comments", aLit("null")},
		{"created_at", aInt(func(a *asset) int64 { return a.born + 71 })},
		{"credentials", aLit("null")},
		{"criticality", aStr(func(a *asset) string { return a.criticality().name })},
		{"criticality_rank", aInt(func(a *asset) int64 { return a.criticality().rank })},
		{"custom_integration_ids", aLit("[]")},
		{"detected_by", aStr((*asset).detectedBy)},
		{"domains", (*asset).appendDomains},
		{"eol_os", aInt(func(a *asset) int64 { return a.sys.eol })},
		{"eol_os_ext", aInt(func(a *asset) int64 { return a.sys.eolExt })},
		{"first_seen", aInt(func(a *asset) int64 { return a.born })},
		{"first_task_created_at", aInt(func(a *asset) int64 { return a.born - 69 })},
		{"first_task_id", func(a *asset, b []byte) []byte { return appendKeyUUID(b, a.key.sub(drawParent)) }},
		{"foreign_attributes", (*asset).appendForeign},
		{"hosted_zone_name", aLit("null")},
		{"hw", aStr(func(a *asset) string { return a.class.vendor })},
		{"hw_product", aLit(`""`)},
		{"hw_vendor", aStr(func(a *asset) string { return a.class.vendor })},
		{"hw_version", aLit(`""`)},
		{"id", func(a *asset, b []byte) []byte { return appendKeyUUID(b, a.key) }},
		{"last_agent_id", aUnless(aLit(`"` + zeroUUID + `"`))},
		{"last_seen", aInt(func(a *asset) int64 { return a.seen })},
		{"last_task_id", func(a *asset, b []byte) []byte { return appendKeyUUID(b, a.site.task) }},
		{"lowest_rtt", aInt(func(a *asset) int64 { return 90000 + a.key.sub(drawRTT).below(30000000) })},
		{"lowest_ttl", aInt(func(a *asset) int64 { return int64(a.key.sub(drawRTT) & 3) })},
		{"mac_vendors", (*asset).appendMACVendors},
		{"macs", (*asset).appendMACs},
		{"names", (*asset).appendNames},
		{"newest_mac", aUnless((*asset).appendMAC)},
		{"newest_mac_age", aUnless(aInt(func(a *asset) int64 { return (946684800 + a.key.sub(drawMAC).below(650000000)) * 1e9 }))},
		{"newest_mac_vendor", aStr(func(a *asset) string { return a.class.vendor })},
		{"org_name", aStr(func(a *asset) string { return a.f.org.name })},
		{"organization_id", aStr(func(a *asset) string { return a.f.org.id })},
		{"os", (*asset).appendOS},
		{"os_product", aStr(func(a *asset) string { return a.sys.product })},
		{"os_vendor", aStr(func(a *asset) string { return a.sys.vendor })},
		{"os_version", aStr(func(a *asset) string { return a.sys.version })},
		{"outlier_raw", aInt(func(a *asset) int64 { return a.outlier() * 61 })},
		{"outlier_score", aInt((*asset).outlier)},
		{"owners", (*asset).appendOwners},
		{"ownership", (*asset).appendOwnership},
		{"risk", aStr(func(a *asset) string { return a.risk().name })},
		{"risk_rank", aInt(func(a *asset) int64 { return a.risk().rank })},
		{"rtts", (*asset).appendRTTs},
		{"scanned", func(a *asset, b []byte) []byte { return appendBool(b, a.scanned()) }},
		{"service_count", aCount((*asset).serviceCount)},
		{"service_count_arp", aInt(func(a *asset) int64 { _, _, n, _, _ := a.services(); return n })},
		{"service_count_icmp", aInt(func(a *asset) int64 { _, _, _, n, _ := a.services(); return n })},
		{"service_count_tcp", aInt(func(a *asset) int64 { n, _, _, _, _ := a.services(); return n })},
		{"service_count_udp", aInt(func(a *asset) int64 { _, n, _, _, _ := a.services(); return n })},
		{"service_ports_tcp", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, false, portNumber) }},
		{"service_ports_udp", func(a *asset, b []byte) []byte { return a.appendPorts(b, false, true, portNumber) }},
		{"service_products", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, true, portProduct) }},
		{"service_protocols", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, true, portProtocol) }},
		{"services", (*asset).appendServices},
		{"site_id", aStr(func(a *asset) string { return a.site.id })},
		{"site_name", aStr(func(a *asset) string { return a.site.name })},
		{"software_count", aCount((*asset).softwareCount)},
		{"source_ids", (*asset).appendSourceIDs},
		{"sources", (*asset).appendSources},
		{"subnets", (*asset).appendSubnets},
		{"surface_types", aLit("[2]")},
		{"tag_descriptions", aLit("null")},
		{"tags", (*asset).appendTags},
		{"type", aStr((*asset).typ)},
		{"updated_at", aInt(func(a *asset) int64 { return a.updated + 192 })},
		{"vulnerability_count", aCount((*asset).vulnerabilityCount)},
	})
}

func portNumber(p *port) string   { return p.number }
func portProtocol(p *port) string { return p.protocol }
func portProduct(p *port) string  { return p.product }
