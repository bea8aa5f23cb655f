package simulator

import "slices"

// countNames are the counts that rows of sites and organizations have beside their documented fields (seen).
var countNames = [...]string{
	"asset_count", "recent_asset_count", "live_asset_count", "service_count", "service_count_tcp", "service_count_udp",
	"service_count_arp", "service_count_icmp", "software_count", "vulnerability_count",
}

// siteCounts are in the order of countNames.
type siteCounts [len(countNames)]int64

func (n *siteCounts) add(m siteCounts) {
	for i := range m {
		n[i] += m[i]
	}
}

func (n *siteCounts) setFields(r row) {
	for i, name := range countNames {
		r[name] = n[i]
	}
}

func (a *asset) counts(recentSince int64) siteCounts {
	one := func(is bool) int64 {
		if is {
			return 1
		}
		return 0
	}
	tcp, udp, arp, icmp, other := a.services()
	return siteCounts{1, one(a.seen >= recentSince), one(a.alive), tcp + udp + arp + icmp + other, tcp, udp, arp, icmp, a.softwareCount(), a.vulnerabilityCount()}
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
