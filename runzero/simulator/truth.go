package simulator

import "iter"

// Rows is how many records an organization's export has now, without a search:
// of assets, services, software, vulnerabilities, wireless, certificates,
// users, groups, findings, sites or tasks. Of anything else there are none.
func (c *Console) Rows(org int, of string) int {
	e, ok := c.exports[of]
	if !ok {
		return 0
	}
	return e.count(c.view(), c.orgs[org])
}

// truth turns records into what is true of them.
func truth[T, U any](records iter.Seq2[int, T], of func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for _, rec := range records {
			if !yield(of(rec)) {
				return
			}
		}
	}
}

// Asset is the truth about one asset. Sparse assets are known through an
// integration only: their records have no os.
type Asset struct {
	ID, SiteID, SiteName, Type           string
	OS, OSVendor, OSProduct              string
	Risk, Criticality                    string
	Alive, Scanned, Sparse               bool
	FirstSeen, LastSeen, EOLOS, EOLOSExt int64
	Services, Software, Vulnerabilities  int64
	Sources                              []string
}

// Assets are the assets of an organization as the API would list them now.
func (c *Console) Assets(org int) iter.Seq[Asset] {
	return truth(c.view().assets(c.orgs[org], 0), func(a *asset) Asset {
		s := a.known()
		return Asset{ID: a.key.uuid(), SiteID: a.site.id, SiteName: a.site.name, Type: a.typ(), OS: a.osName(), OSVendor: s.vendor, OSProduct: s.product,
			Risk: a.risk().name, Criticality: a.criticality().name, Alive: a.alive, Scanned: a.scanned(), Sparse: a.sparse,
			FirstSeen: a.born, LastSeen: a.seen, EOLOS: s.eol, EOLOSExt: s.eolExt,
			Services: a.serviceCount(), Software: a.softwareCount(), Vulnerabilities: a.vulnerabilityCount(), Sources: a.sources()}
	})
}

// Service is the truth about one service. Protocol has all that are spoken,
// separated by spaces; it may be empty. Port is 0 where there is none.
type Service struct {
	AssetID, SiteName   string
	Transport, Protocol string
	Port                int
}

// Services are an organization's, as many as its assets say they have.
func (c *Console) Services(org int) iter.Seq[Service] {
	return truth(perAsset((*service).fill)(c.view(), c.orgs[org], 0), func(s *service) Service {
		return Service{AssetID: s.key.uuid(), SiteName: s.site.name, Transport: s.transport, Protocol: s.protocols(), Port: int(s.number())}
	})
}

// Software is the truth about one program on one asset.
type Software struct{ AssetID, SiteName, Vendor, Product, Version string }

// Software is an organization's, as much as its assets say they have.
func (c *Console) Software(org int) iter.Seq[Software] {
	return truth(perAsset((*software).fill)(c.view(), c.orgs[org], 0), func(s *software) Software {
		return Software{AssetID: s.key.uuid(), SiteName: s.site.name, Vendor: string(s.appendVendor(nil)), Product: string(s.appendProduct(nil)), Version: string(s.appendVersion(nil))}
	})
}

// Vulnerability is the truth about one vulnerability of one asset. Severity
// and Risk are as the API writes them: Info, Low, Medium, High, Critical.
type Vulnerability struct{ AssetID, SiteName, Severity, Risk string }

// Vulnerabilities are an organization's, as many as its assets say they have.
func (c *Console) Vulnerabilities(org int) iter.Seq[Vulnerability] {
	return truth(perAsset((*vulnerability).fill)(c.view(), c.orgs[org], 0), func(n *vulnerability) Vulnerability {
		return Vulnerability{AssetID: n.key.uuid(), SiteName: n.site.name, Severity: n.severity.name, Risk: n.risk.name}
	})
}

// Certificate is the truth about one certificate: of type x509 or ssh, valid
// from Start to End, both 0 where it lasts for ever.
type Certificate struct {
	Type               string
	Start, End         int64
	Hidden, SelfSigned bool
}

// Certificates are an organization's, the hidden ones too, which the export
// leaves out unless a search speaks of them.
func (c *Console) Certificates(org int) iter.Seq[Certificate] {
	return truth(perAsset((*certificate).fill)(c.view(), c.orgs[org], 0), func(t *certificate) Certificate {
		return Certificate{Type: t.typ(), Start: t.start, End: t.end, Hidden: t.hidden(), SelfSigned: t.selfSigned()}
	})
}

// Wireless is the truth about one access point's network.
type Wireless struct {
	SiteName, Authentication, Encryption string
	LastSeen                             int64
}

// Wireless are the networks heard at an organization's sites.
func (c *Console) Wireless(org int) iter.Seq[Wireless] {
	return truth(c.view().wireless(c.orgs[org], 0), func(w *wireless) Wireless {
		return Wireless{SiteName: w.site.name, Authentication: w.authentication, Encryption: w.encryption, LastSeen: w.lastSeen()}
	})
}

// Finding is the truth about one kind of finding.
type Finding struct {
	Code, Category, Risk string
	Instances            int64
}

// Findings are those of which an organization has an instance.
func (c *Console) Findings(org int) iter.Seq[Finding] {
	return truth(listing((*view).findingRows)(c.view(), c.orgs[org], 0), func(r row) Finding {
		n, _ := r["instance_count"].(int64)
		return Finding{Code: r.text("finding_code"), Category: r.text("category"), Risk: r.text("risk_rank"), Instances: n}
	})
}

// HostedZone is the truth about one hosted zone.
type HostedZone struct {
	ID, Name                   string
	Enabled                    bool
	Explorers, Active, Waiting int64
}

// HostedZones are those of the account at this moment.
func (c *Console) HostedZones() []HostedZone {
	v := c.view()
	var list []HostedZone
	for _, z := range c.zones {
		active, waiting := v.load(z)
		list = append(list, HostedZone{ID: z.id, Name: z.name, Enabled: z.enabled, Explorers: z.explorers, Active: active, Waiting: waiting})
	}
	return list
}
