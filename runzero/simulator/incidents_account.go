package simulator

import (
	"net/http"
	"time"
)

// fullLimit is the licence of which the assets of the ordinary organizations are share.
func (c *Console) fullLimit(share float64) int {
	assets := 0
	for _, o := range c.orgs[:c.opts.Organizations] {
		assets += o.slots
	}
	return max(1, int(float64(assets)/share))
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
		more := max(0, int((1-i.Share)*float64(c.opts.Limit))-c.usage.today-c.othersSpent(reset, i.From.Unix()))
		c.usage.today += more
		c.usage.total += more
	}
}

// failing is the fault that incidents cause for a request.
func (c *Console) failing(path string, now time.Time) Fault {
	for n := range c.opts.Incidents {
		i := &c.opts.Incidents[n]
		if !i.span().holds(now.Unix()) || i.Path != "" && i.Path != path {
			continue
		}
		switch rt, _, _ := c.find(path); {
		case i.Kind == ServerFails:
			return Fault{Status: http.StatusServiceUnavailable}
		case i.Kind == TokensRejected && rt.scope != scopePublic:
			return Fault{Status: http.StatusUnauthorized}
		}
	}
	return Fault{}
}
