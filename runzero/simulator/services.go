package simulator

import "strconv"

// service is one way in which an asset answered. There are as many as the
// asset's service_count says: ARP, ICMP, TCP, UDP, and now and then one that
// none of the other counts has.
type service struct {
	*asset
	index     int
	transport string
	port      *port
}

// What has no port has the number 0 in its place (seen).
var (
	arpService   = []port{{"0", "arp", ""}}
	icmpService  = []port{{"0", "icmp", ""}}
	otherService = []port{{"0", "", ""}}
)

func (s *service) fill(a *asset, i int) bool {
	tcp, udp, arp, icmp, other := a.services()
	s.asset, s.index = a, i
	at, n := a.firstPort(), int64(i)
	for _, kind := range [...]struct {
		transport string
		count     int64
		ports     []port
		at        int64
	}{{"arp", arp, arpService, 0}, {"icmp", icmp, icmpService, 0}, {"tcp", tcp, tcpPorts, at}, {"udp", udp, udpPorts, at}, {"ndp", other, otherService, 0}} {
		if n < kind.count {
			s.transport, s.port = kind.transport, &kind.ports[(kind.at+n)%int64(len(kind.ports))]
			return true
		}
		n -= kind.count
	}
	return false
}

func (s *service) id() key { return s.key.sub(drawService).sub(uint64(s.index)) }

// protocols are all that are spoken (their form is documented): what TLS
// carries here is the web.
func (s *service) protocols() string {
	if s.port.protocol == "tls" {
		return "http tls"
	}
	return s.port.protocol
}

func (s *service) number() int64 {
	n, err := strconv.ParseInt(s.port.number, 10, 64)
	if err != nil {
		panic(err) // the tables of ports hold numbers
	}
	return n
}

// notAfter is when the service's certificate ends, 0 where it has none.
func (s *service) notAfter() int64 {
	if s.port.protocol != "tls" {
		return 0
	}
	_, end := s.validity()
	return end
}

func (s *service) appendData(b []byte) []byte {
	b = append(b, `{"banner":"PLANTED-banner","service.product":`...)
	b = appendString(b, s.port.product)
	if end := s.notAfter(); end != 0 {
		b = append(b, `,"tls.cn":"PLANTED.example.com","tls.notAfterTS":"`...)
		b = append(appendInt(b, end), '"')
	}
	b = append(b, `,"ts":"`...)
	return append(appendInt(b, s.seen), '"', '}')
}

func serviceFields(assets []field[*asset]) []field[*service] {
	return withAssetFields([]field[*service]{
		{"service_address", raw[*service](`"10.66.6.66"`)},
		{"service_asset_id", uuid(func(s *service) key { return s.key })},
		{"service_created_at", number(func(s *service) int64 { return s.createdAt() })},
		{"service_data", (*service).appendData},
		{"service_id", uuid((*service).id)},
		{"service_link", raw[*service](`"https://10.66.6.66/"`)},
		{"service_organization_id", text(func(s *service) string { return s.f.org.id })},
		// A string, whatever it looks like (documented).
		{"service_port", text(func(s *service) string { return s.port.number })},
		{"service_protocol", text((*service).protocols)},
		{"service_screenshot_link", raw[*service](`"/PLANTED.png"`)},
		{"service_summary", raw[*service](`"PLANTED summary"`)},
		{"service_transport", text(func(s *service) string { return s.transport })},
		{"service_updated_at", number(func(s *service) int64 { return s.updatedAt() })},
		{"service_vhost", raw[*service](`"PLANTED.example.com"`)},
	}, assets, func(s *service) *asset { return s.asset })
}

func serviceKeywords() keywords[*service] {
	protocol := byText((*service).protocols)
	return withAssetKeywords(keywords[*service]{
		"": protocol, "protocol": protocol,
		"service_id":     byText(func(s *service) string { return s.id().uuid() }),
		"transport":      byText(func(s *service) string { return s.transport }),
		"port":           byNumber((*service).number),
		"tls.notafterts": byUntil((*service).notAfter),
	}, func(s *service) *asset { return s.asset })
}
