package simulator

import (
	"math"
	"net/http"
	"time"
)

// IncidentKind is what goes wrong in an Incident.
type IncidentKind int

const (
	// ScansStop starts no more scans of a site.
	ScansStop IncidentKind = iota
	// ExplorerOffline disconnects an Explorer and starts no more of its scans.
	ExplorerOffline
	// AssetsJump adds Share of a site's assets to it, from the next scan on.
	AssetsJump
	// AssetsDrop removes Share of a site's assets, from the next scan on.
	AssetsDrop
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
)

// Incident is something unusual that happens to a console at a given time. It changes nothing before From, so a clock
// that moves through an incident shows how it begins and ends.
type Incident struct {
	Kind IncidentKind
	// Indices of the place, for kinds that have one. An incident in a place that the
	// console does not have is ignored.
	Organization, Site, Explorer int
	Path                         string // below /api/v1.0
	Share                        float64
	From, To                     time.Time // zero To: no end
}

// DemoIncidents are those of a demo that shows the last weeks before end: some are over, some are not. Their times
// are relative to the hour of end, so that consoles made within an hour are equal.
func DemoIncidents(end time.Time) []Incident {
	end = end.UTC().Truncate(time.Hour)
	ago := func(d time.Duration) time.Time { return end.Add(-d) }
	midnight := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	const days = 24 * time.Hour
	// What was spent within the hour belongs to today, even shortly after midnight.
	lately := ago(40 * time.Minute)
	if today := midnight(end); lately.Before(today) {
		lately = today
	}
	return []Incident{
		{Kind: LicenseFull, Share: 0.955, From: ago(365 * days)},
		{Kind: LicenseEnds, From: ago(365 * days), To: end.Add(20 * days)},
		{Kind: OtherTool, Share: 0.08, From: ago(365 * days)},
		{Kind: ExplorerOffline, Organization: 0, Explorer: 2, From: ago(12 * days), To: ago(12*days - 9*time.Hour)},
		{Kind: ScansStop, Organization: 1, Site: 2, From: ago(9 * days)},
		{Kind: CallsGone, Share: 0, From: midnight(ago(8 * days)).Add(14*time.Hour + 3*time.Minute), To: midnight(ago(7 * days))},
		{Kind: ServerFails, Path: "/export/org/assets.jsonl", From: ago(31*time.Hour + 10*time.Minute), To: ago(30 * time.Hour)},
		{Kind: ExplorerOffline, Organization: 1, Explorer: 1, From: ago(26 * time.Hour)},
		{Kind: AssetsDrop, Organization: 0, Site: 3, Share: 0.45, From: ago(20 * time.Hour)},
		{Kind: AssetsJump, Organization: 0, Site: 0, Share: 0.4, From: ago(9 * time.Hour)},
		{Kind: CallsGone, Share: 0.15, From: lately, To: midnight(end).Add(days)},
	}
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
		case i.Kind == ScansStop && s != nil:
			o.stop(i.span(), func(of *schedule) bool { return of.site == s && of.source == 1 })
		case i.Kind == ExplorerOffline && e != nil:
			e.outages = append(e.outages, i.span())
			o.stop(i.span(), func(of *schedule) bool { return of.explorer == e })
		case i.Kind == AssetsDrop && s != nil:
			s.drops = append(s.drops, drop{i.span(), int64(1000 * i.Share)})
		case i.Kind == AssetsJump && s != nil:
			more := int(i.Share * s.share * float64(o.slots))
			o.jumps = append(o.jumps, jump{i.span(), s, more})
			o.extra += more
		}
	}
}

// stop starts no runs of some schedules during gap.
func (o *org) stop(gap span, which func(*schedule) bool) {
	for _, s := range o.schedules {
		if which(s) {
			s.gaps = append(s.gaps, gap)
		}
	}
}

func (c *Console) fullLimit(share float64) int {
	assets := 0
	for _, o := range c.orgs {
		if !o.demo && !o.inactive {
			assets += o.slots
		}
	}
	return max(1, int(float64(assets)/share))
}

// drop removes assets of a site for a time.
type drop struct {
	span
	permille int64
}

// missing is whether a drop removes the asset of a slot.
func (s *site) missing(slot key, obs int64) bool {
	for _, d := range s.drops {
		if d.holds(obs) && slot.sub(drawIncident).below(1000) < d.permille {
			return true
		}
	}
	return false
}

// jump adds assets to a site for a time, in slots after those of the organization.
type jump struct {
	span
	site *site
	more int
}

// jumpOf is the jump that a slot belongs to; nil for ordinary slots.
func (o *org) jumpOf(slot int) *jump {
	slot -= o.slots
	for i := range o.jumps {
		if slot >= 0 && slot < o.jumps[i].more {
			return &o.jumps[i]
		}
		slot -= o.jumps[i].more
	}
	return nil
}

// othersSpent is what tools that spend evenly have spent between two times.
func (c *Console) othersSpent(from, to int64) int {
	var spent float64
	for n := range c.opts.Incidents {
		if i := &c.opts.Incidents[n]; i.Kind == OtherTool {
			during := i.span()
			spent += i.Share * float64(c.opts.Limit) * float64(max(0, min(to, during.to)-max(from, during.from))) / float64(day)
		}
	}
	return int(spent)
}

// spendIncidents spends the calls of incidents that have begun since the last reset. The caller holds mu.
func (c *Console) spendIncidents(now, reset int64) {
	for n := range c.opts.Incidents {
		i := &c.opts.Incidents[n]
		if i.Kind != CallsGone || !i.span().holds(now) || i.From.Unix() < reset || c.usage.spent[n] {
			continue
		}
		if c.usage.spent == nil {
			c.usage.spent = map[int]bool{}
		}
		c.usage.spent[n] = true
		more := max(0, int((1-i.Share)*float64(c.opts.Limit))-c.usage.today-c.othersSpent(reset, now))
		c.usage.today += more
		c.usage.total += more
	}
}

// failing is the fault that incidents cause for a request.
func (c *Console) failing(path string, now time.Time) Fault {
	for n := range c.opts.Incidents {
		if i := &c.opts.Incidents[n]; i.Kind == ServerFails && i.Path == path && i.span().holds(now.Unix()) {
			return Fault{Status: http.StatusServiceUnavailable}
		}
	}
	return Fault{}
}

// licenseEnds is when an incident lets the licence expire; false when none does.
func (c *Console) licenseEnds() (int64, bool) {
	for n := range c.opts.Incidents {
		if i := &c.opts.Incidents[n]; i.Kind == LicenseEnds {
			return i.To.Unix(), true
		}
	}
	return 0, false
}
