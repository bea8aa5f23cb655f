package simulator

import (
	"encoding/binary"
	"net/netip"
	"regexp"
)

// planted matches what consoles plant. Assets have addresses from 10.64.0.0/10 (but never 10.66.6.66), 2001:db8::/32,
// 169.254.0.0/16 and fe80::/64, all of which it matches.
var planted = regexp.MustCompile(`PLANTED|10\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|169\.254\.\d+\.\d+|(?:2001:db8|fe80):[\da-f:]+`)

// Planted is the first thing in a text that nobody may see: the word PLANTED, 10.66.6.66 or an address of an asset. It is
// empty if there is none.
func Planted(text string) string { return planted.FindString(text) }

// addressing is the list of addresses that some of the assets have.
type addressing struct {
	permille  int64
	addresses []func(*asset) netip.Addr
}

var scannedAddressings = []addressing{
	{720, []func(*asset) netip.Addr{(*asset).ipv4}},
	{140, []func(*asset) netip.Addr{(*asset).ipv4, (*asset).ipv6}},
	{50, []func(*asset) netip.Addr{(*asset).linkLocal, (*asset).ipv4}},
	{30, []func(*asset) netip.Addr{(*asset).linkLocal, (*asset).ipv6, (*asset).ipv4}},
	{30, []func(*asset) netip.Addr{(*asset).selfAssigned, (*asset).ipv4}},
	{15, []func(*asset) netip.Addr{(*asset).ipv6}},
	{10, []func(*asset) netip.Addr{(*asset).linkLocal}},
	{5, []func(*asset) netip.Addr{(*asset).selfAssigned}},
}

var importedAddressings = []addressing{{950, nil}, {50, []func(*asset) netip.Addr{(*asset).ipv4}}}

// addresses make the asset's addresses. Assets that were scanned have at least one.
func (a *asset) addresses() []func(*asset) netip.Addr {
	list := scannedAddressings
	if a.sparse {
		list = importedAddressings
	}
	return pick(list, a.key.sub(drawAddress), func(l *addressing) int64 { return l.permille }).addresses
}

const (
	subnets = 1 << 14 // of 256 addresses, in 10.64.0.0/10
	// hosts is how many assets a subnet has at most: none has the first, the last, or the one that ends in .66.
	hosts = 253
)

// subnet counts from 10.64.0.0/24. Each site has subnets of its own as far as there are enough of them for four times
// the fleet, so that incidents can add to it; sites of larger fleets share them. Each slot has one place in the subnets
// of its site. No two assets of an organization have the same address if it has at most four million slots.
func (a *asset) subnet() int {
	ofSite := 16
	for ofSite < subnets && ofSite*hosts < 4*a.f.org.slots {
		ofSite *= 2
	}
	return (a.site.index%(subnets/ofSite)*ofSite + a.slot/hosts) % subnets
}

// ipv4 is unique in the organization. The next device in the slot gets it again, as from a DHCP server.
func (a *asset) ipv4() netip.Addr {
	host := 1 + a.slot%hosts
	if host >= 66 {
		host++
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(10<<24|64<<16|a.subnet()<<8|host))))
}

func (a *asset) ipv6() netip.Addr      { return a.withInterface(0x2001_0db8_0000_0000 | uint64(a.subnet())) }
func (a *asset) linkLocal() netip.Addr { return a.withInterface(0xfe80 << 48) }

// withInterface is an IPv6 address in a network.
func (a *asset) withInterface(network uint64) netip.Addr {
	b := binary.BigEndian.AppendUint64(nil, network)
	return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(b, uint64(a.key.sub(drawAddress).sub(1)))))
}

// selfAssigned is the address of a device that found no DHCP server. Several devices may have the same.
func (a *asset) selfAssigned() netip.Addr {
	k := a.key.sub(drawAddress).sub(2)
	return netip.AddrFrom4([4]byte{169, 254, byte(1 + k.below(254)), byte(1 + k.sub(1).below(254))})
}

func (a *asset) appendAddresses(b []byte) []byte {
	b = append(b, '[')
	for i, address := range a.addresses() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAddress(b, address(a))
	}
	return append(b, ']')
}

func appendAddress(b []byte, address netip.Addr) []byte {
	return append(address.AppendTo(append(b, '"')), '"')
}

// address is the asset's first one, or now and then another one of its.
func (s *service) address() netip.Addr {
	list := s.addresses()
	if k := s.id().sub(drawAddress); k&7 == 0 {
		return list[k.below(int64(len(list)))](s.asset)
	}
	return list[0](s.asset)
}
