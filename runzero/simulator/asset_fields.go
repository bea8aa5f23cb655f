package simulator

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

// aUnless writes null for sparse assets.
func aUnless(f func(*asset, []byte) []byte) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		if a.sparse {
			return append(b, "null"...)
		}
		return f(a, b)
	}
}

// aSome writes null for three of four assets.
func aSome(f func(*asset, []byte) []byte) func(*asset, []byte) []byte {
	return func(a *asset, b []byte) []byte {
		if a.key&3 != 0 {
			return append(b, "null"...)
		}
		return f(a, b)
	}
}

// aPlanted stands for what nobody exports.
func aPlanted(_ *asset, b []byte) []byte { return append(b, `"PLANTED hardware"`...) }

// assetWriter writes full and sparse records.
func assetWriter(full []field[*asset]) func(*view, []string) func([]byte, *asset) []byte {
	sparse := project(full, sparseFields)
	return func(_ *view, names []string) func([]byte, *asset) []byte {
		full, sparse := project(full, names), project(sparse, names)
		return func(b []byte, a *asset) []byte {
			if a.sparse {
				return appendRecord(b, a, sparse)
			}
			return appendRecord(b, a, full)
		}
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
		{"addresses_extra", raw[*asset]("[]")},
		{"agent_external_ip", aSome(raw[*asset](`"10.66.6.66"`))},
		{"agent_name", raw[*asset]("null")},
		{"alive", flag(func(a *asset) bool { return a.alive })},
		{"attributes", (*asset).appendAttributes},
		{"comments", aSome(raw[*asset](`"PLANTED comment"`))},
		{"created_at", number((*asset).createdAt)},
		{"credentials", raw[*asset]("null")},
		{"criticality", text(func(a *asset) string { return a.criticality().name })},
		{"criticality_rank", number(func(a *asset) int64 { return a.criticality().rank })},
		{"custom_integration_ids", raw[*asset]("[]")},
		{"detected_by", text((*asset).detectedBy)},
		{"domains", (*asset).appendDomains},
		{"eol_os", number(func(a *asset) int64 { return a.sys.eol })},
		{"eol_os_ext", number(func(a *asset) int64 { return a.sys.eolExt })},
		{"first_seen", number(func(a *asset) int64 { return a.born })},
		{"first_task_created_at", number(func(a *asset) int64 { return a.born - 69 })},
		{"first_task_id", uuid(func(a *asset) key { return a.key.sub(drawParent) })},
		{"foreign_attributes", (*asset).appendForeign},
		{"hosted_zone_name", raw[*asset]("null")},
		{"hw", aPlanted},
		{"hw_product", aPlanted},
		{"hw_vendor", aPlanted},
		{"hw_version", aPlanted},
		{"id", uuid(func(a *asset) key { return a.key })},
		{"last_agent_id", aUnless(raw[*asset](`"` + zeroUUID + `"`))},
		{"last_seen", number(func(a *asset) int64 { return a.seen })},
		{"last_task_id", uuid(func(a *asset) key { return a.site.task })},
		{"lowest_rtt", number(func(a *asset) int64 { return 90000 + a.key.sub(drawRTT).below(30000000) })},
		{"lowest_ttl", number(func(a *asset) int64 { return int64(a.key.sub(drawRTT) & 3) })},
		{"mac_vendors", (*asset).appendMACVendors},
		{"macs", (*asset).appendMACs},
		{"names", (*asset).appendNames},
		{"newest_mac", aUnless(raw[*asset](`"PLANTED:66:06:66"`))},
		{"newest_mac_age", aUnless(number(func(a *asset) int64 { return (946684800 + a.key.sub(drawMAC).below(650000000)) * 1e9 }))},
		{"newest_mac_vendor", aPlanted},
		{"org_name", text(func(a *asset) string { return a.f.org.name })},
		{"organization_id", quoted(func(a *asset, b []byte) []byte { return append(b, a.f.org.id...) })},
		{"os", (*asset).appendOS},
		{"os_product", text(func(a *asset) string { return a.sys.product })},
		{"os_vendor", text(func(a *asset) string { return a.sys.vendor })},
		{"os_version", text(func(a *asset) string { return a.sys.version })},
		{"outlier_raw", number(func(a *asset) int64 { return a.outlier() * 61 })},
		{"outlier_score", number((*asset).outlier)},
		{"owners", (*asset).appendOwners},
		{"ownership", (*asset).appendOwnership},
		{"risk", text(func(a *asset) string { return a.risk().name })},
		{"risk_rank", number(func(a *asset) int64 { return a.risk().rank })},
		{"rtts", (*asset).appendRTTs},
		{"scanned", flag((*asset).scanned)},
		{"service_count", aCount((*asset).serviceCount)},
		{"service_count_arp", number(func(a *asset) int64 { _, _, n, _, _ := a.services(); return n })},
		{"service_count_icmp", number(func(a *asset) int64 { _, _, _, n, _ := a.services(); return n })},
		{"service_count_tcp", number(func(a *asset) int64 { n, _, _, _, _ := a.services(); return n })},
		{"service_count_udp", number(func(a *asset) int64 { _, n, _, _, _ := a.services(); return n })},
		{"service_ports_tcp", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, false, portNumber) }},
		{"service_ports_udp", func(a *asset, b []byte) []byte { return a.appendPorts(b, false, true, portNumber) }},
		{"service_products", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, true, portProduct) }},
		{"service_protocols", func(a *asset, b []byte) []byte { return a.appendPorts(b, true, true, portProtocol) }},
		{"services", (*asset).appendServices},
		{"site_id", quoted(func(a *asset, b []byte) []byte { return append(b, a.site.id...) })},
		{"site_name", text(func(a *asset) string { return a.site.name })},
		{"software_count", aCount((*asset).softwareCount)},
		{"source_ids", (*asset).appendSourceIDs},
		{"sources", (*asset).appendSources},
		{"subnets", raw[*asset](`{"10.66.6.66/32":{"tags":{"PLANTED-location":"PLANTED"}}}`)},
		{"surface_types", raw[*asset]("[2]")},
		{"tag_descriptions", aSome(raw[*asset](`{"PLANTED-location":"PLANTED description"}`))},
		{"tags", (*asset).appendTags},
		{"type", text((*asset).typ)},
		{"updated_at", number((*asset).updatedAt)},
		{"vulnerability_count", aCount((*asset).vulnerabilityCount)},
	})
}

func portNumber(p *port) string   { return p.number }
func portProtocol(p *port) string { return p.protocol }
func portProduct(p *port) string  { return p.product }
