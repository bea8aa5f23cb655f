package simulator

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestAddressesLast: for a month, each asset keeps its addresses and shares none with another asset of its organization
// but those that devices assign to themselves.
func TestAddressesLast(t *testing.T) {
	c, clk := newConsole(Options{Assets: 600, Incidents: []Incident{{Kind: AssetsJump, Share: 0.4, From: noon.Add(100 * time.Hour)}}})
	first := map[string]string{}
	for range 30 {
		for org, o := range c.Organizations() {
			owner := map[netip.Addr]string{}
			for a := range c.Assets(org) {
				key, text := o.ID+a.ID, fmt.Sprint(a.Addresses)
				if was, known := first[key]; known && was != text {
					t.Fatalf("%s had %s, now %s", a.ID, was, text)
				}
				first[key] = text
				for _, address := range a.Addresses {
					if owner[address] != "" && !netip.MustParsePrefix("169.254.0.0/16").Contains(address) {
						t.Fatalf("%s is the address of %s and %s of %s", address, owner[address], a.ID, o.Name)
					}
					owner[address] = a.ID
				}
			}
		}
		clk.Advance(24 * time.Hour)
	}
	if len(first) < 1100 {
		t.Errorf("%d assets", len(first))
	}
}

// TestLargeFleetsHaveAddresses tries twice as many slots as the fleets have, as incidents may.
func TestLargeFleetsHaveAddresses(t *testing.T) {
	within := netip.MustParsePrefix("10.64.0.0/10")
	for _, slots := range []int{1, 5000, 100_000, 1_000_000} {
		sites := make([]siteView, 7)
		for i := range sites {
			sites[i].site = &site{index: i}
		}
		a, taken := asset{f: &fleet{org: &org{slots: slots}}}, [1 << 22]bool{}
		for a.slot = range 2 * slots {
			a.site = &sites[a.slot*5%7]
			address := a.ipv4()
			b := address.As4()
			n := int(b[1]&63)<<16 | int(b[2])<<8 | int(b[3])
			if taken[n] || !within.Contains(address) || address.String() == "10.66.6.66" || b[3] == 0 || b[3] == 255 {
				t.Fatalf("slot %d of %d has %s", a.slot, slots, address)
			}
			taken[n] = true
		}
	}
}

// kindsOf are the kinds of an asset's addresses: 4, 6, or L if link-local, in their order.
func kindsOf(addresses []netip.Addr) (kinds string) {
	for _, address := range addresses {
		switch {
		case address.IsLinkLocalUnicast():
			kinds += "L"
		case address.Is4():
			kinds += "4"
		default:
			kinds += "6"
		}
	}
	return kinds
}

func TestKindsOfAddresses(t *testing.T) {
	c, _ := newConsole(Options{Assets: 5000})
	scanned, imported, siteOf := map[string]int{}, map[string]int{}, map[netip.Prefix]string{}
	for a := range c.Assets(0) {
		count := scanned
		if a.Sparse {
			count = imported
		}
		count[kindsOf(a.Addresses)]++
		for _, address := range a.Addresses {
			if Planted(address.String()) != address.String() {
				t.Errorf("no test would find %s", address)
			}
			subnet := netip.PrefixFrom(address, 24).Masked()
			if siteOf[subnet] == "" {
				siteOf[subnet] = a.SiteName
			}
			if kindsOf([]netip.Addr{address}) == "4" && siteOf[subnet] != a.SiteName {
				t.Errorf("%s is of %s and %s", subnet, siteOf[subnet], a.SiteName)
			}
		}
	}
	for kinds, want := range map[string]int{"4": 3400, "46": 660, "L4": 380, "L64": 140, "6": 70, "L": 70} {
		if n := scanned[kinds]; n < want*2/3 || n > want*3/2 || len(scanned) != 6 {
			t.Errorf("%d assets have the addresses %s, want about %d", n, kinds, want)
		}
	}
	if imported[""] < 200 || imported["4"] < 5 || imported["4"] > 30 || len(imported) != 2 {
		t.Errorf("the integration knows %v", imported)
	}
}

func TestPlanted(t *testing.T) {
	for _, text := range []string{"127.0.0.1:10026", "10.63.255.255", "10.128.0.1", "fe8", "2001:db9::1", "planted"} {
		if found := Planted(text); found != "" {
			t.Errorf("%s is found in %s", found, text)
		}
	}
	for text, want := range map[string]string{"a PLANTED name": "PLANTED", `"10.66.6.66"`: "10.66.6.66", "http%3A%2F%2210.127.9.1%22": "10.127.9.1", "[2001:db8::1]:443": "2001:db8::1"} {
		if found := Planted(text); found != want {
			t.Errorf("%q is found in %s", found, text)
		}
	}
}

func TestServicesHaveAddressesOfTheirAssets(t *testing.T) {
	c, _ := newConsole(Options{})
	of := map[string][]netip.Addr{}
	for a := range c.Assets(0) {
		of[a.ID] = a.Addresses
	}
	var firsts, others int
	rows := exported(t, c, 0, "services", "fields=service_address,service_asset_id,addresses")
	for s := range c.Services(0) {
		row, addresses := rows[firsts+others], of[s.AssetID]
		if row["service_asset_id"] != s.AssetID || row["service_address"] != s.Address.String() || fmt.Sprint(row["addresses"]) != fmt.Sprint(addresses) {
			t.Fatalf("%v, want %+v with %s", row, s, addresses)
		}
		switch slices.Index(addresses, s.Address) {
		case -1:
			t.Fatalf("%s is not among %s", s.Address, addresses)
		case 0:
			firsts++
		default:
			others++
		}
	}
	if others == 0 || firsts < 10*others || len(rows) != firsts+others {
		t.Errorf("of %d services %d have the first address of their asset, %d another one", len(rows), firsts, others)
	}
}
