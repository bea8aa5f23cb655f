package simulator

import "slices"

// assetKeywords are the documented keywords that monitoring needs.
func assetKeywords() keywords[*asset] {
	name := byText(func(a *asset) string { return string(a.appendName(nil)) })
	site := bySite(func(a *asset) *site { return a.site.site })
	protocol := byPort(portProtocol)
	return keywords[*asset]{
		"": name, "name": name,
		"id":              byText(func(a *asset) string { return a.key.uuid() }),
		"organization_id": byText(func(a *asset) string { return a.f.org.id }),
		"site":            site, "site_id": site, "site_name": site,

		"type":        byText((*asset).typ),
		"os":          byText((*asset).osName),
		"os_vendor":   byText(func(a *asset) string { return a.known().vendor }),
		"os_product":  byText(func(a *asset) string { return a.known().product }),
		"os_version":  byText(func(a *asset) string { return a.known().version }),
		"detected_by": byText((*asset).detectedBy),
		"risk":        byText(func(a *asset) string { return a.risk().name }),
		"criticality": byText(func(a *asset) string { return a.criticality().name }),
		"source":      byAny((*asset).sources),
		"tag":         byAny((*asset).tags), "tags": byAny((*asset).tags),

		"alive":      byFlag(func(a *asset) bool { return a.alive }),
		"scanned":    byFlag((*asset).scanned),
		"has_public": byFlag((*asset).public), "haspublic": byFlag((*asset).public),
		"net": byNetwork, "address": byNetwork,

		"first_seen": bySince(func(a *asset) int64 { return a.born }),
		"last_seen":  bySince(func(a *asset) int64 { return a.seen }),
		"created_at": bySince((*asset).createdAt),
		"updated_at": bySince((*asset).updatedAt),

		"os_eol":          byUntil(func(a *asset) int64 { return a.known().eol }),
		"os_eol_extended": byUntil(func(a *asset) int64 { return a.known().eolExt }),
		"os_eol_expired":  byFlag(func(a *asset) bool { end := a.known().eol; return end != 0 && end < a.f.v.now }),

		"outlier":             byNumber((*asset).outlier),
		"source_count":        byNumber(func(a *asset) int64 { return int64(len(a.sources())) }),
		"service_count":       byNumber((*asset).serviceCount),
		"software_count":      byNumber((*asset).softwareCount),
		"vulnerability_count": byNumber((*asset).vulnerabilityCount),

		"protocol": protocol, "_asset.protocol": protocol,
		"port":    byPort(portNumber),
		"product": byPort(portProduct),
	}
}

// byPort matches an asset with a service of which something is as asked.
func byPort(what func(*port) string) keyword[*asset] {
	return func(_ *view, t *term) (func(*asset) bool, error) {
		in := t.text()
		if t.key == "port" {
			whole := term{value: t.value, exact: true} // 80 is not 8080
			in = whole.text()
		}
		return func(a *asset) (found bool) {
			a.ports(true, true, func(_ string, p *port) { found = found || in(what(p)) })
			return found
		}, nil
	}
}

// byNetwork goes by the addresses that the devices have, not by the one that
// all records show.
func byNetwork(_ *view, t *term) (func(*asset) bool, error) {
	in, err := t.network()
	return func(a *asset) bool { return !a.sparse && in(a.address()) }, err
}

// unknown is the system of an asset whose record has none.
var unknown system

// known is the system as far as the record tells it.
func (a *asset) known() *system {
	if a.sparse {
		return &unknown
	}
	return a.sys
}

// public is whether the asset has an address that is not private: some servers
// and network devices do, and what a cloud has.
func (a *asset) public() bool {
	typ := a.typ()
	return slices.Contains(publicTypes, typ) && a.key.sub(drawPublic).below(100) < 12
}

var publicTypes = []string{"Server", "Router", "Firewall", "Cloud Resource", "IP Camera"}
