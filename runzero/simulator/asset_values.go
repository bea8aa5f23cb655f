package simulator

import "strconv"

func (a *asset) scanned() bool { return !a.sparse && a.site.role != rolePassive }

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

func (a *asset) appendOS(b []byte) []byte {
	if a.model == 0 {
		return appendString(b, a.sys.name)
	}
	b = appendString(b, a.sys.name)
	b[len(b)-1] = ' '
	b = strconv.AppendInt(b, a.modelNumber(), 10)
	return append(b, '"')
}

func (a *asset) appendAddresses(b []byte) []byte {
	if a.sparse {
		return append(b, "[]"...)
	}
	return append(b, `["10.66.6.66"]`...)
}

func (a *asset) appendMACs(b []byte) []byte {
	if a.sparse {
		return append(b, "[]"...)
	}
	return append(b, `["PLANTED:66:06:66"]`...)
}

func (a *asset) appendMACVendors(b []byte) []byte {
	if a.class.vendor == "" {
		return append(b, "[]"...)
	}
	return append(b, `["PLANTED hardware"]`...)
}

func (a *asset) appendName(b []byte) []byte {
	b = append(b, "PLANTED-"...)
	if a.sparse {
		b = append(b, "resource-"...)
	} else {
		b = append(b, a.class.prefix...)
		b = append(b, '-')
	}
	return appendInt(b, 10000+a.key.sub(drawName).below(90000))
}

func (a *asset) appendNames(b []byte) []byte {
	if !a.sparse && a.class.prefix == "" {
		return append(b, "[]"...)
	}
	b = append(b, '[', '"')
	return append(a.appendName(b), '"', ']')
}

func (a *asset) appendDomains(b []byte) []byte {
	if a.class.rhythm == office && !a.sparse {
		return append(b, `["PLANTED.example.com"]`...)
	}
	return append(b, "[]"...)
}

func (a *asset) appendSources(b []byte) []byte {
	if a.sparse {
		return append(b, `["CrowdStrike"]`...)
	}
	b = append(b, `["runZero"`...)
	for i := range integrations {
		if a.hasSource(i) {
			b = append(b, ',')
			b = appendString(b, integrations[i].name)
		}
	}
	return append(b, ']')
}

func (a *asset) appendSourceIDs(b []byte) []byte {
	b = append(b, '[', '1')
	for i := range integrations {
		if a.hasSource(i) {
			b = append(b, ',')
			b = appendInt(b, integrations[i].id)
		}
	}
	return append(b, ']')
}

// tags are as searches see them.
func (a *asset) tags() []string {
	if a.sparse {
		return []string{"PLANTED-env=PLANTED"}
	}
	return []string{"PLANTED-location=PLANTED", "PLANTED-network"}
}

func (a *asset) appendTags(b []byte) []byte {
	if a.sparse {
		return append(b, `{"PLANTED-env":"PLANTED"}`...)
	}
	// A bare tag has an empty value (seen).
	return append(b, `{"PLANTED-location":"PLANTED","PLANTED-network":""}`...)
}

func (a *asset) owned() bool { return a.key.sub(drawOwner)&1 == 0 }

func (a *asset) appendOwners(b []byte) []byte {
	if !a.owned() {
		return append(b, "[]"...)
	}
	return append(b, `["PLANTED owner"]`...)
}

func (a *asset) appendOwnership(b []byte) []byte {
	if !a.owned() {
		return append(b, "[]"...)
	}
	b = append(b, `[{"id":`...)
	b = appendKeyUUID(b, a.f.org.key.sub(drawOwner))
	b = append(b, `,"type":"PLANTED role","name":"PLANTED owner","reference":0,"updated_at":`...)
	return append(appendInt(b, a.born+71), "}]"...)
}

func (a *asset) appendRTTs(b []byte) []byte {
	if !a.alive {
		return append(b, "{}"...)
	}
	rtt := 90000 + a.key.sub(drawRTT).below(30000000)
	b = append(b, `{"icmp/echo":[`...)
	b = append(appendInt(b, rtt), ',')
	return append(appendInt(b, rtt+1), "]}"...)
}

func (a *asset) appendAttributes(b []byte) []byte {
	b = append(b, `{"_asset.match":"PLANTED mac=`...)
	b = appendInt(b, int64(a.slot))
	return append(b, `","_macs.ipmap":"PLANTED-attribute"}`...)
}

func (a *asset) appendForeign(b []byte) []byte {
	if !a.hasSource(2) {
		return append(b, "{}"...)
	}
	b = append(b, `{"@nessus.dev":[{"id":"10.66.6.66","firstSeenTS":"`...)
	return append(appendInt(b, a.born), `"}]}`...)
}

// firstPort is the place in the tables of ports where the asset's begin.
func (a *asset) firstPort() int64 { return int64(a.key.sub(drawServices) >> 40) }

// ports calls yield with the ports of the asset.
func (a *asset) ports(tcp, udp bool, yield func(transport string, p *port)) {
	t, u, _, _, _ := a.services()
	at := a.firstPort()
	if tcp {
		for i := range t {
			yield("tcp", &tcpPorts[(at+i)%int64(len(tcpPorts))])
		}
	}
	if udp {
		for i := range u {
			yield("udp", &udpPorts[(at+i)%int64(len(udpPorts))])
		}
	}
}

func (a *asset) appendPorts(b []byte, tcp, udp bool, what func(*port) string) []byte {
	b = append(b, '[')
	n := len(b)
	a.ports(tcp, udp, func(_ string, p *port) {
		s := what(p)
		if s == "" {
			return
		}
		if len(b) > n {
			b = append(b, ',')
		}
		b = appendString(b, s)
	})
	return append(b, ']')
}

// appendServices writes the blob that makes up most of a real record.
func (a *asset) appendServices(b []byte) []byte {
	b = append(b, `{"10.66.6.66/0/arp/":{"protocol":"arp","service.address":"10.66.6.66"}`...)
	a.ports(true, true, func(transport string, p *port) {
		b = append(b, `,"10.66.6.66/`...)
		b = append(b, p.number...)
		b = append(b, '/')
		b = append(b, transport...)
		b = append(b, `/":{"protocol":`...)
		b = appendString(b, p.protocol)
		b = append(b, `,"service.transport":`...)
		b = appendString(b, transport)
		b = append(b, `,"service.product":`...)
		b = appendString(b, p.product)
		b = append(b, `,"banner":"`...)
		for range 6 {
			b = append(b, `0020 Server ready; PLANTED-banner; `...)
		}
		b = append(b, `","ts":"`...)
		b = append(appendInt(b, a.seen), '"', '}')
	})
	return append(b, '}')
}
