package simulator

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
)

// Rows is how many records an export of an organization lists now: assets, services, software, vulnerabilities,
// wireless, certificates, users, groups, findings, sites or tasks. It is 0 for other names.
func (c *Console) Rows(org int, export string) int {
	e, ok := c.exports[export]
	if !ok {
		return 0
	}
	return e.count(c.view(), c.orgs[org])
}

// each converts records.
func each[T, U any](records iter.Seq2[int, T], convert func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for _, rec := range records {
			if !yield(convert(rec)) {
				return
			}
		}
	}
}

// Asset is what the API should report of one asset. Sparse assets are known through an
// integration alone: their records have no os.
type Asset struct {
	ID, SiteID, SiteName, Type           string
	OS, OSVendor, OSProduct              string
	Risk, Criticality                    string
	Alive, Scanned, Sparse               bool
	FirstSeen, LastSeen, EOLOS, EOLOSExt int64
	Services, Software, Vulnerabilities  int64
	Sources                              []string
	Tags                                 map[string]string // env and location, as far as it has them
	Owners                               []AssetOwner
	Addresses                            []netip.Addr // in the order of its record
}

// Assets are the assets of an organization now.
func (c *Console) Assets(org int) iter.Seq[Asset] {
	return each(c.view().assets(c.orgs[org], 0), func(a *asset) Asset {
		s := a.known()
		addresses := make([]netip.Addr, len(a.addresses()))
		for i, address := range a.addresses() {
			addresses[i] = address(a)
		}
		return Asset{ID: a.key.uuid(), SiteID: a.site.id, SiteName: a.site.name, Type: a.typ(), OS: a.osName(), OSVendor: s.vendor, OSProduct: s.product,
			Risk: a.risk().name, Criticality: a.criticality().name, Alive: a.alive, Scanned: a.scanned(), Sparse: a.sparse,
			FirstSeen: a.born, LastSeen: a.seen, EOLOS: s.eol, EOLOSExt: s.eolExt,
			Services: a.serviceCount(), Software: a.softwareCount(), Vulnerabilities: a.vulnerabilityCount(), Sources: a.sources(), Tags: a.tags(), Owners: a.owners(), Addresses: addresses}
	})
}

// Service is one service. Protocol has all its protocols, separated by spaces; it may be
// empty. Port is 0 if there is none. Address is one of its asset's.
type Service struct {
	AssetID, Transport, Protocol string
	Address                      netip.Addr
	Port                         int
}

// Services are the services of an organization now.
func (c *Console) Services(org int) iter.Seq[Service] {
	return each(perAsset((*service).fill)(c.view(), c.orgs[org], 0), func(s *service) Service {
		return Service{AssetID: s.key.uuid(), Address: s.address(), Transport: s.transport, Protocol: s.protocols(), Port: s.number()}
	})
}

// Software is one program on one asset.
type Software struct{ Vendor, Product string }

// Software is the software of an organization now.
func (c *Console) Software(org int) iter.Seq[Software] {
	return each(perAsset((*software).fill)(c.view(), c.orgs[org], 0), func(s *software) Software {
		return Software{Vendor: strings.Trim(string(s.appendVendor(nil)), `"`), Product: strings.Trim(string(s.appendProduct(nil)), `"`)}
	})
}

// Vulnerability is one vulnerability of one asset. Severity is as the API writes it: Info,
// Low, Medium, High, Critical.
type Vulnerability struct{ Severity string }

// Vulnerabilities are the vulnerabilities of an organization now.
func (c *Console) Vulnerabilities(org int) iter.Seq[Vulnerability] {
	return each(perAsset((*vulnerability).fill)(c.view(), c.orgs[org], 0), func(n *vulnerability) Vulnerability {
		return Vulnerability{Severity: n.severity.name}
	})
}

// Certificate is one certificate, of type x509 or ssh. Start and End are 0 if it does not expire.
type Certificate struct {
	Type               string
	Start, End         int64
	Hidden, SelfSigned bool
}

// Certificates are the certificates of an organization now, with the hidden ones, which
// the export leaves out unless a search names them.
func (c *Console) Certificates(org int) iter.Seq[Certificate] {
	return each(perAsset((*certificate).fill)(c.view(), c.orgs[org], 0), func(t *certificate) Certificate {
		return Certificate{Type: t.typ(), Start: t.start, End: t.end, Hidden: t.hidden(), SelfSigned: t.selfSigned()}
	})
}

// Wireless is the network of one access point.
type Wireless struct{ SiteName, Authentication, Encryption string }

// Wireless are the wireless networks at the sites of an organization.
func (c *Console) Wireless(org int) iter.Seq[Wireless] {
	return each(c.view().wireless(c.orgs[org], 0), func(w *wireless) Wireless {
		return Wireless{SiteName: w.site.name, Authentication: w.authentication, Encryption: w.encryption}
	})
}

// Finding is one kind of finding.
type Finding struct {
	Code, Category, Risk string
	Instances            int64
}

// Findings are the findings of an organization that have an instance.
func (c *Console) Findings(org int) iter.Seq[Finding] {
	return each(slices.All(c.view().findingRows(c.orgs[org])), func(r row) Finding {
		return Finding{Code: r["finding_code"].(string), Category: r["category"].(string), Risk: r["risk_rank"].(string), Instances: r["instance_count"].(int64)}
	})
}

// HostedZone is one hosted zone.
type HostedZone struct {
	ID, Name                   string
	Enabled                    bool
	Explorers, Active, Waiting int64
}

// HostedZones are the hosted zones of the account now.
func (c *Console) HostedZones() []HostedZone {
	v := c.view()
	var list []HostedZone
	for _, z := range c.zones {
		active, waiting := v.load(z)
		list = append(list, HostedZone{ID: z.id, Name: z.name, Enabled: z.enabled, Explorers: z.explorers, Active: active, Waiting: waiting})
	}
	return list
}
