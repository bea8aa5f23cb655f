package simulator

import "strconv"

// asset is one asset as of the last observation of its site.
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
	// sparse assets are known through an integration alone. Their records have no os and few other keys (seen).
	sparse bool
}

// hours is when the device is online on a day: seconds after midnight.
func (cl *class) hours(k key, dayNumber int64) (from, to int64, present bool) {
	dk := k.sub(uint64(dayNumber))
	weekday := floorMod(dayNumber+4, 7)
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
	// The low bits are independent enough of the high ones, which below uses.
	shift := int64(dk & 0x3fff)
	return from + shift*2/3, to + int64(dk>>14&0x3fff), dk.below(1000) < chance
}

func (cl *class) online(k key, t int64) bool {
	d := floorDiv(t, day)
	from, to, present := cl.hours(k, d)
	s := t - d*day
	return present && s >= from && s < to
}

// lastOnline looks back forty days: no device is away for longer.
func (cl *class) lastOnline(k key, t int64) int64 {
	d := floorDiv(t, day)
	for back := range int64(40) {
		from, to, present := cl.hours(k, d-back)
		start := (d - back) * day
		if present && start+from <= t {
			return min(t, start+to-1)
		}
	}
	return t - 40*day
}

func pickLevel(levels []level, k key) level {
	return *pick(levels, k, func(l *level) int64 { return l.permille })
}

func (a *asset) risk() level {
	k := a.key.sub(drawRisk)
	if a.risen() {
		return risks[5]
	}
	if a.sys.eolExt != 0 && a.sys.eolExt < a.f.v.now && !a.sparse && k.below(4) == 0 {
		return risks[4+k.sub(1).below(2)]
	}
	return pickLevel(risks, k)
}

func (a *asset) criticality() level { return pickLevel(criticalities, a.key.sub(drawCriticality)) }

// services are the numbers of TCP and UDP services and of other ways in which the asset was found.
func (a *asset) services() (tcp, udp, arp, icmp, other int64) {
	if a.sparse {
		return
	}
	k := a.key.sub(drawServices)
	tcp = k.below(a.class.ports + 1)
	if udp = int64(k & 3); udp == 3 {
		udp = 0
	}
	arp, icmp = 1, int64(k>>2&1)
	// Seen: service_count is more than the sum of its parts.
	if k>>3&15 == 0 {
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

// vulnerabilityCount is small for most assets and large for some.
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

func (a *asset) osName() string {
	switch {
	case a.sparse:
		return ""
	case a.model == 0:
		return a.sys.name
	}
	return a.sys.name + " " + strconv.FormatInt(100+a.model*7, 10)
}

func (a *asset) typ() string {
	if a.sparse {
		return [...]string{"Cloud Resource", "Laptop", "Cloud Resource", "Mobile"}[a.key.sub(drawHardware)&3]
	}
	return a.class.typ
}

func (a *asset) scanned() bool { return !a.sparse && a.site.role != rolePassive }

// public: some servers and network devices have an address that is not private.
func (a *asset) public() bool {
	switch a.typ() {
	case "Server", "Router", "Firewall", "Cloud Resource", "IP Camera":
		return a.key.sub(drawPublic).below(100) < 12
	}
	return false
}

func (a *asset) hasSource(i int) bool {
	in := &integrations[i]
	if !in.everyone && a.class.rhythm != office && a.class.typ != "Server" {
		return false
	}
	return a.key.sub(drawSources).sub(uint64(i)).below(1000) < in.permille
}

func (a *asset) sources() []string {
	if a.sparse {
		return []string{"CrowdStrike"}
	}
	list := make([]string, 1, 1+len(integrations))
	list[0] = "runZero"
	for i := range integrations {
		if a.hasSource(i) {
			list = append(list, integrations[i].name)
		}
	}
	return list
}

// firstPort is where the asset's ports begin in the tables of ports.
func (a *asset) firstPort() int64 { return int64(a.key.sub(drawServices) >> 40) }

// ports yields the ports of the asset's services, with their transport: TCP first.
func (a *asset) ports(yield func(string, *port) bool) {
	tcp, udp, _, _, _ := a.services()
	first := a.firstPort()
	for i := range tcp {
		if !yield("tcp", &tcpPorts[(first+i)%int64(len(tcpPorts))]) {
			return
		}
	}
	for i := range udp {
		if !yield("udp", &udpPorts[(first+i)%int64(len(udpPorts))]) {
			return
		}
	}
}

// speaks is about TCP services.
func (a *asset) speaks(protocol string) bool {
	for transport, p := range a.ports {
		if transport == "tcp" && p.protocol == protocol {
			return true
		}
	}
	return false
}

// known is the operating system as far as the record shows it.
func (a *asset) known() system {
	if a.sparse {
		return system{}
	}
	return *a.sys
}
