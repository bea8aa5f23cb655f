package simulator

import "slices"

// siteCounts are the counts that site and organization rows carry beside
// their documented fields (seen).
type siteCounts struct {
	assets, recent, live      int64
	services                  int64
	tcp, udp, arp, icmp       int64
	software, vulnerabilities int64
}

func (s *siteCounts) add(t *siteCounts) {
	s.assets += t.assets
	s.recent += t.recent
	s.live += t.live
	s.services += t.services
	s.tcp += t.tcp
	s.udp += t.udp
	s.arp += t.arp
	s.icmp += t.icmp
	s.software += t.software
	s.vulnerabilities += t.vulnerabilities
}

// orgCounts keeps the counts of the last look at the world, which stay right
// until a site is scanned again or an hour passes: counting a million assets
// takes a second.
type orgCounts struct {
	seenAt []int64
	sites  []siteCounts
}

func (v *view) counts(o *org) []siteCounts {
	f := v.fleet(o)
	// What is recent moves by the hour.
	cutoff := floorDiv(v.now, hour)*hour - recentDays*day
	seenAt := []int64{cutoff, f.synced}
	for i := range f.sites {
		seenAt = append(seenAt, f.sites[i].obs)
	}
	o.countsMu.Lock()
	defer o.countsMu.Unlock()
	if o.counts != nil && slices.Equal(o.counts.seenAt, seenAt) {
		return o.counts.sites
	}
	sites := make([]siteCounts, len(o.sites))
	var a asset
	for slot := range o.slots + o.extra {
		if !f.at(slot, &a) {
			continue
		}
		s := &sites[a.site.index]
		s.assets++
		if a.seen >= cutoff {
			s.recent++
		}
		if a.alive {
			s.live++
		}
		tcp, udp, arp, icmp, other := a.services()
		s.tcp += tcp
		s.udp += udp
		s.arp += arp
		s.icmp += icmp
		s.services += tcp + udp + arp + icmp + other
		s.software += a.softwareCount()
		s.vulnerabilities += a.vulnerabilityCount()
	}
	o.counts = &orgCounts{seenAt: seenAt, sites: sites}
	return sites
}

func (s *siteCounts) put(r row) {
	r["asset_count"], r["recent_asset_count"], r["live_asset_count"] = s.assets, s.recent, s.live
	r["service_count"], r["service_count_tcp"], r["service_count_udp"] = s.services, s.tcp, s.udp
	r["service_count_arp"], r["service_count_icmp"] = s.arp, s.icmp
	r["software_count"], r["vulnerability_count"] = s.software, s.vulnerabilities
}
