package simulator

import (
	"net/netip"
	"strconv"
)

// asset is one row, as of the moment its site was last observed.
type asset struct {
	f       *fleet
	slot    int
	key     key
	class   *class
	sys     *system
	model   int64 // 0: none
	site    *siteView
	born    int64
	seen    int64
	updated int64
	alive   bool
	// sparse assets are known through an integration only: their records have
	// no os and few other keys (seen).
	sparse bool
}

// pickSystem chooses by weight.
func pickSystem(list []system, k key) *system {
	var total int64
	for i := range list {
		total += list[i].weight
	}
	n := k.below(total)
	for i := range list {
		if n -= list[i].weight; n < 0 {
			return &list[i]
		}
	}
	return &list[0]
}

// hours is when the device is there on the day of number d: seconds after
// midnight, from and to.
func (cl *class) hours(k key, d int64) (from, to int64, present bool) {
	dk := k.sub(uint64(d))
	weekday := floorMod(d+4, 7)
	weekend := weekday == 0 || weekday == 6
	chance := int64(820)
	switch cl.rhythm {
	case steady:
		return 0, day, dk.below(1000) >= cl.offPermille
	case office:
		if k.sub(drawDock)>>56 < 40 { // left on at night
			return 0, day, dk.below(1000) < 960
		}
		if weekend {
			chance = 80
		}
		from, to = 6*hour+30*minute, 15*hour+30*minute
	case pocket:
		if weekend {
			chance = 250
		}
		from, to = 7*hour, 17*hour
	}
	// The low bits are independent enough of the high ones that below() uses.
	shift := int64(uint64(dk) & 0x3fff)
	return from + shift*2/3, to + int64(uint64(dk)>>14&0x3fff), dk.below(1000) < chance
}

func (cl *class) online(k key, t int64) bool {
	d := floorDiv(t, day)
	from, to, present := cl.hours(k, d)
	s := t - d*day
	return present && s >= from && s < to
}

// lastOnline looks back at most forty days: nobody is on holiday for longer.
func (cl *class) lastOnline(k key, t int64) int64 {
	d := floorDiv(t, day)
	for back := range int64(40) {
		from, to, present := cl.hours(k, d-back)
		if !present {
			continue
		}
		start := (d - back) * day
		if back > 0 {
			return start + to - 1
		}
		if start+from <= t {
			return min(t, start+to-1)
		}
	}
	return t - 40*day
}

func pickLevel(list []level, k key) level {
	n := k.below(1000)
	for _, l := range list {
		if n -= l.permille; n < 0 {
			return l
		}
	}
	return list[0]
}

func (a *asset) risk() level {
	k := a.key.sub(drawRisk)
	if a.sys.eolExt != 0 && a.sys.eolExt < a.f.v.now && !a.sparse && k.below(4) == 0 {
		return risks[4+k.sub(1).below(2)]
	}
	return pickLevel(risks, k)
}

func (a *asset) criticality() level { return pickLevel(criticalities, a.key.sub(drawCriticality)) }

// services are the numbers of TCP and UDP services and of other ways in which
// an asset was found. They are cut from one draw.
func (a *asset) services() (tcp, udp, arp, icmp, other int64) {
	if a.sparse {
		return
	}
	k := a.key.sub(drawServices)
	tcp = k.below(a.class.ports + 1)
	u := uint64(k)
	if udp = int64(u & 3); udp == 3 {
		udp = 0
	}
	arp, icmp = 1, int64(u>>2&1)
	// Seen: service_count is more than the sum of its parts.
	if u>>3&15 == 0 {
		other = 1
	}
	return
}

func (a *asset) serviceCount() int64 {
	tcp, udp, arp, icmp, other := a.services()
	return tcp + udp + arp + icmp + other
}

func (a *asset) softwareCount() int64 {
	if a.sparse {
		return 0
	}
	return a.key.sub(drawSoftware).below(a.class.software + 1)
}

// vulnerabilityCount is skewed: most have few, some have many.
func (a *asset) vulnerabilityCount() int64 {
	if a.sparse {
		return 0
	}
	k := a.key.sub(drawVulnerabilities)
	n := k.below(1000) * k.sub(1).below(1000) / 1000
	return n * n * a.class.vulns / 1000000
}

func (a *asset) createdAt() int64 { return a.born + 71 }

func (a *asset) updatedAt() int64 { return a.updated + 192 }

// address is the device's own, which no record shows.
func (a *asset) address() netip.Addr {
	return netip.AddrFrom4([4]byte{10, a.site.network, byte(a.slot >> 8), byte(a.slot)})
}

func (a *asset) osName() string {
	if a.sparse {
		return ""
	}
	if a.model == 0 {
		return a.sys.name
	}
	return a.sys.name + " " + strconv.FormatInt(a.modelNumber(), 10)
}

func (a *asset) modelNumber() int64 { return 100 + a.model*7 }

func (a *asset) hasSource(i int) bool {
	in := &integrations[i]
	if !in.everyone && a.class.rhythm != office && a.class.typ != "Server" {
		return false
	}
	return a.key.sub(drawSources).sub(uint64(i)).below(1000) < in.permille
}

func (a *asset) typ() string {
	if a.sparse {
		return sparseTypes[a.key.sub(drawHardware)&3]
	}
	return a.class.typ
}

var sparseTypes = [4]string{"Cloud Resource", "Laptop", "Cloud Resource", "Mobile"}

func (a *asset) sources() []string {
	if a.sparse {
		return []string{"CrowdStrike"}
	}
	list := []string{"runZero"}
	for i := range integrations {
		if a.hasSource(i) {
			list = append(list, integrations[i].name)
		}
	}
	return list
}
