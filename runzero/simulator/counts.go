package simulator

import "slices"

// siteCounts are the counts that rows of sites and organizations have beside their
// documented fields (seen).
type siteCounts struct {
	assets, recent, live      int64
	services                  int64
	tcp, udp, arp, icmp       int64
	software, vulnerabilities int64
}

func (n *siteCounts) add(m siteCounts) {
	n.assets += m.assets
	n.recent += m.recent
	n.live += m.live
	n.services += m.services
	n.tcp += m.tcp
	n.udp += m.udp
	n.arp += m.arp
	n.icmp += m.icmp
	n.software += m.software
	n.vulnerabilities += m.vulnerabilities
}

func (n *siteCounts) setFields(r row) {
	r["asset_count"], r["recent_asset_count"], r["live_asset_count"] = n.assets, n.recent, n.live
	r["service_count"], r["service_count_tcp"], r["service_count_udp"] = n.services, n.tcp, n.udp
	r["service_count_arp"], r["service_count_icmp"] = n.arp, n.icmp
	r["software_count"], r["vulnerability_count"] = n.software, n.vulnerabilities
}

func (a *asset) counts(recentSince int64) siteCounts {
	n := siteCounts{assets: 1, software: a.softwareCount(), vulnerabilities: a.vulnerabilityCount()}
	if a.seen >= recentSince {
		n.recent = 1
	}
	if a.alive {
		n.live = 1
	}
	var other int64
	n.tcp, n.udp, n.arp, n.icmp, other = a.services()
	n.services = n.tcp + n.udp + n.arp + n.icmp + other
	return n
}

// orgCounts are cached counts. They stay right until a site is scanned again or an hour
// has passed: counting a million assets takes a second.
type orgCounts struct {
	version []int64
	sites   []siteCounts
}

func (v *view) counts(o *org) []siteCounts {
	f := v.fleet(o)
	recentSince := floorDiv(v.now, hour)*hour - recentDays*day
	version := []int64{recentSince, f.synced}
	for i := range f.sites {
		version = append(version, f.sites[i].observed)
	}
	o.countsMu.Lock()
	defer o.countsMu.Unlock()
	if o.counts == nil || !slices.Equal(o.counts.version, version) {
		o.counts = &orgCounts{version: version, sites: make([]siteCounts, len(o.sites))}
		for _, a := range v.assets(o, 0) {
			o.counts.sites[a.site.index].add(a.counts(recentSince))
		}
	}
	return o.counts.sites
}

// total are the counts of an organization.
func (v *view) total(o *org) (sum siteCounts) {
	for _, n := range v.counts(o) {
		sum.add(n)
	}
	return sum
}
