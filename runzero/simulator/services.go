package simulator

import "strconv"

// service is one way in which an asset was found: TCP, UDP, ARP, ICMP, and now and then one
// that has no count of its own. There are as many as the service_count of the asset.
type service struct {
	*asset
	index     int
	transport string
	port      *port
}

// Services without a port have port 0 (seen).
var (
	arpService   = []port{{"0", "arp", ""}}
	icmpService  = []port{{"0", "icmp", ""}}
	otherService = []port{{"0", "", ""}}
)

func (s *service) fill(a *asset, i int) bool {
	tcp, udp, arp, icmp, other := a.services()
	s.asset, s.index = a, i
	first, n := a.firstPort(), int64(i)
	for _, group := range [...]struct {
		transport string
		count     int64
		ports     []port
		first     int64
	}{{"arp", arp, arpService, 0}, {"icmp", icmp, icmpService, 0}, {"tcp", tcp, tcpPorts, first}, {"udp", udp, udpPorts, first}, {"ndp", other, otherService, 0}} {
		if n < group.count {
			s.transport, s.port = group.transport, &group.ports[(group.first+n)%int64(len(group.ports))]
			return true
		}
		n -= group.count
	}
	return false
}

func (s *service) id() key { return s.key.sub(drawService).sub(uint64(s.index)) }

// protocols are separated by spaces (documented). Here TLS always carries HTTP.
func (s *service) protocols() string {
	if s.port.protocol == "tls" {
		return "http tls"
	}
	return s.port.protocol
}

func (s *service) number() int {
	n, err := strconv.Atoi(s.port.number)
	if err != nil {
		panic(err) // the tables of ports contain numbers
	}
	return n
}

func serviceFields(assets []field[*asset]) []field[*service] {
	return table(of(assets, func(s *service) *asset { return s.asset }),
		fixed[*service](`{"service_data":{"banner":"PLANTED-banner","ts":"1616160000"},"service_link":"https://10.66.6.66/","service_screenshot_link":"/PLANTED.png",
			"service_summary":"PLANTED summary","service_vhost":"PLANTED.example.com"}`),
		[]field[*service]{
			{"service_address", func(s *service, b []byte) []byte { return appendAddress(b, s.address()) }},
			{"service_asset_id", uuid(func(s *service) key { return s.key })},
			{"service_created_at", number((*service).createdAt)},
			{"service_id", uuid((*service).id)},
			{"service_organization_id", text(func(s *service) string { return s.f.org.id })},
			{"service_port", text(func(s *service) string { return s.port.number })}, // a string (documented)
			{"service_protocol", text((*service).protocols)},
			{"service_transport", text(func(s *service) string { return s.transport })},
			{"service_updated_at", number((*service).updatedAt)},
		})
}
