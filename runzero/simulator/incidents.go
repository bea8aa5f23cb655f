package simulator

import (
	"math"
	"time"
)

// IncidentKind is what goes wrong in an Incident.
type IncidentKind int

const (
	// ScansStop starts no more scans of a site.
	ScansStop IncidentKind = iota
	// ScansFail lets the scans of a site fail.
	ScansFail
	// ScanHangs starts a scan of a site that does not end before To.
	ScanHangs
	// IntegrationStops starts no more runs of the integration Name of an organization.
	IntegrationStops
	// ExplorerOffline disconnects an Explorer and starts no more of its scans.
	ExplorerOffline
	// ExplorerFlaps disconnects an Explorer for the first third of each hour. Its scans go on.
	ExplorerFlaps
	// ExplorerDeleted removes an Explorer from all lists and starts no more of its scans.
	ExplorerDeleted
	// SiteDeleted deletes the additional site Name, which was created four days before. It has Share of its
	// organization's assets, beside those of the other sites.
	SiteDeleted
	// OrganizationDeleted deletes the additional organization Name, which was created four days before. It has Share of
	// the first organization's assets.
	OrganizationDeleted
	// SiteUnscanned creates the additional site Name. All its scans fail.
	SiteUnscanned
	// AssetsJump adds Share of a site's assets to it, from the next scan on.
	AssetsJump
	// AssetsImported adds Share of an organization's assets to a site. An integration found them.
	AssetsImported
	// AssetsDrop removes Share of a site's assets, from the next scan on.
	AssetsDrop
	// AssetsDrain removes Share of a site's assets little by little until To.
	AssetsDrain
	// RiskRises puts Share of an organization's assets at critical risk.
	RiskRises
	// SupportEnds ends the support of the operating systems of Share of an organization's assets.
	SupportEnds
	// OtherTool spends Share of each day's calls, evenly.
	OtherTool
	// CallsGone spends all calls that are left of a day at once, except Share of the limit.
	CallsGone
	// LicenseFull makes the licence so small that the assets of the ordinary organizations
	// are Share of it, at all times, and with it the number of calls a day (documented).
	LicenseFull
	// LicenseEnds lets the licence expire at To.
	LicenseEnds
	// ServerFails responds to requests of Path with a server error.
	ServerFails
	// TokensRejected responds to every credential as to one that has been revoked.
	TokensRejected
)

// Incident is something unusual that happens to a console at a given time. It changes nothing before From, so a clock
// that moves through an incident shows how it begins and ends; except that what it deletes has to be created before,
// and that schedules which it stops have no accidental failures.
type Incident struct {
	Kind IncidentKind
	// Indices of the place, for kinds that have one. An incident in a place that the
	// console does not have is ignored.
	Organization, Site, Explorer int
	Name                         string
	Path                         string // below /api/v1.0; empty: every path
	Share                        float64
	From, To                     time.Time // zero To: no end
}

// span is a period of time: from is part of it, to is not.
type span struct{ from, to int64 }

func (s span) holds(t int64) bool { return t >= s.from && t < s.to }

// since is a span without an end.
func since(from int64) span { return span{from, math.MaxInt64} }

// within finds the span that contains t.
func within(spans []span, t int64) (span, bool) {
	for _, s := range spans {
		if s.holds(t) {
			return s, true
		}
	}
	return span{}, false
}

func (i *Incident) span() span {
	if i.To.IsZero() {
		return since(i.From.Unix())
	}
	return span{i.From.Unix(), i.To.Unix()}
}

func (i *Incident) permille() int64 { return int64(1000 * i.Share) }

// place is where an incident happens; nil when there is no such place.
func (c *Console) place(i *Incident) (o *org, s *site, e *explorer) {
	if i.Organization < 0 || i.Organization >= c.opts.Organizations {
		return nil, nil, nil
	}
	o = c.orgs[i.Organization]
	if i.Site >= 0 && i.Site < len(o.sites) {
		s = o.sites[i.Site]
	}
	if i.Explorer >= 0 && i.Explorer < len(o.explorers) {
		e = o.explorers[i.Explorer]
	}
	return o, s, e
}

// buildIncidents applies the incidents to what has been built.
func (c *Console) buildIncidents() {
	for n := range c.opts.Incidents {
		i := &c.opts.Incidents[n]
		o, s, e := c.place(i)
		switch {
		case i.Kind == LicenseFull:
			c.opts.Limit = c.fullLimit(i.Share)
		case i.Kind == OrganizationDeleted:
			c.addOrganization(i)
		case o != nil && c.happensTo(o, i), s != nil && c.happensAt(o, s, i):
		case e != nil:
			o.happensOn(e, i)
		}
	}
}

// happensTo applies an incident to an organization. It returns false for incidents of other kinds.
func (c *Console) happensTo(o *org, i *Incident) bool {
	switch i.Kind {
	case IntegrationStops:
		o.stop(i.span(), func(of *schedule) bool { return of.typ == "connector" && of.name == i.Name })
	case SiteDeleted:
		c.addSite(o, i, before(i))
	case SiteUnscanned:
		s := c.addSite(o, i, i.span())
		s.schedule.failing, s.schedule.failure = []span{since(0)}, scanFailure
	case RiskRises:
		o.risen = append(o.risen, shareOf{i.span(), i.permille()})
	case SupportEnds:
		o.unsupported = append(o.unsupported, shareOf{i.span(), i.permille()})
	default:
		return false
	}
	return true
}

// scanFailure is what runs of failing scans report. Real errors have names and addresses of people, too.
const scanFailure = "scan failed: no target responded\nreported by PLANTED.operator@example.com from 10.66.6.66"

// happensAt applies an incident to a site. It returns false for incidents of other kinds.
func (c *Console) happensAt(o *org, s *site, i *Incident) bool {
	switch i.Kind {
	case ScansStop:
		o.stop(i.span(), func(of *schedule) bool { return of.site == s && of.source == 1 })
	case ScansFail:
		s.schedule.failing, s.schedule.failure = append(s.schedule.failing, i.span()), scanFailure
	case ScanHangs:
		c.hang(o, s, i.span())
	case AssetsDrop:
		s.drops = append(s.drops, drop{shareOf{i.span(), i.permille()}, 0})
	case AssetsDrain:
		s.drops = append(s.drops, drop{shareOf{since(i.From.Unix()), i.permille()}, i.span().to - i.span().from})
	case AssetsJump:
		o.addAssets(addition{span: i.span(), site: s, fresh: true}, i.Share*s.share)
	case AssetsImported:
		o.addAssets(addition{span: i.span(), site: s, fresh: true, imported: true}, i.Share)
	default:
		return false
	}
	return true
}

// happensOn applies an incident to an Explorer.
func (o *org) happensOn(e *explorer, i *Incident) {
	switch i.Kind {
	case ExplorerFlaps:
		e.flaps = append(e.flaps, i.span())
		return
	case ExplorerDeleted:
		e.deleted = append(e.deleted, i.span())
	case ExplorerOffline:
		e.outages = append(e.outages, i.span())
	default:
		return
	}
	o.stop(i.span(), func(of *schedule) bool { return of.explorer == e })
}

// stop starts no runs of some schedules during gap. Their runs never fail: a last run that failed would be another
// incident.
func (o *org) stop(gap span, which func(*schedule) bool) {
	for _, s := range o.schedules {
		if which(s) {
			s.gaps, s.flawless = append(s.gaps, gap), true
		}
	}
}

// hang starts a scan that ends with during.
func (c *Console) hang(o *org, s *site, during span) {
	end := min(during.to, math.MaxInt64-hour)
	c.add(&started{org: o, site: s, explorer: s.schedule.explorer, name: "Scan of " + s.name, params: map[string]string{}},
		run{start: during.from, scanStart: during.from + minute, scanEnd: end, crunch: end + minute, end: end + 2*minute})
}
