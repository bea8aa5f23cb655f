package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Usage is what the account has spent. Limit and Remaining are -1 for a console without a limit.
type Usage struct {
	Total, Today, Limit, Remaining int
	// Resets is when the quota resets next.
	Resets time.Time
}

// usage counts the calls of the account: that the limit is shared is documented, that Today and Total are is assumed.
type usage struct {
	total, today int
	day          int64
	spent        map[int]bool // incidents, by index, that have spent their calls
	own          map[grant]used
}

// usageAt resets the quota when it is due. The caller holds mu.
func (c *Console) usageAt(now time.Time) Usage {
	start := int64(c.opts.DayStart / time.Second)
	if d := floorDiv(now.Unix()-start, day); d != c.usage.day {
		c.usage.day, c.usage.today = d, 0
		for g, by := range c.usage.own {
			c.usage.own[g] = used{last: by.last}
		}
	}
	reset := c.usage.day*day + start
	c.spendIncidents(now.Unix(), reset)
	u := Usage{
		Total: c.usage.total + c.othersSpent(0, now.Unix()), Today: c.usage.today + c.othersSpent(reset, now.Unix()),
		Limit: -1, Remaining: -1, Resets: time.Unix(reset+day, 0).UTC(),
	}
	if c.opts.Limit >= 0 {
		u.Today = min(u.Today, max(c.opts.Limit, c.usage.today))
		u.Limit, u.Remaining = c.opts.Limit, max(0, c.opts.Limit-u.Today)
	}
	return u
}

// Usage is what the account has spent so far.
func (c *Console) Usage() Usage {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usageAt(now)
}

// Spend spends n calls, as other tools of the account do.
func (c *Console) Spend(n int) {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usageAt(now)
	c.usage.total += n
	c.usage.today += n
}

// verdict says whether a request is admitted.
type verdict int

const (
	admitted verdict = iota
	overBurst
	overQuota
)

// admit counts a request. Refused requests cost nothing. Every other request with a valid
// credential costs one call, whatever the response is (assumed: what is charged is not
// documented). retry is for how many seconds the burst limit lasts.
func (c *Console) admit(now time.Time, addr string, by grant, charge bool) (v verdict, u Usage, retry int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u = c.usageAt(now)
	if retry := c.burst.over(now.Unix(), addr, c.opts.Burst); retry > 0 {
		return overBurst, u, retry
	}
	if !charge {
		return admitted, u, 0
	}
	if u.Limit >= 0 && u.Remaining == 0 {
		return overQuota, u, 0
	}
	c.usage.total++
	c.usage.today++
	c.usage.own[by] = used{c.usage.own[by].today + 1, now}
	return admitted, c.usageAt(now), 0
}

func (u Usage) setHeaders(h http.Header) {
	if u.Limit < 0 {
		return
	}
	for name, n := range map[string]int{"Total": u.Total, "Today": u.Today, "Limit": u.Limit, "Remaining": u.Remaining} {
		h.Set("X-Api-Usage-"+name, strconv.Itoa(n))
	}
}

// burst counts the requests of each source address in steps of ten seconds.
type burst struct {
	windows map[string]*[burstSteps]burstStep
}

const (
	burstSeconds = 10
	burstSteps   = 300/burstSeconds + 1
)

type burstStep struct {
	number   int64
	requests int
}

// over counts a request of addr, or returns for how many seconds the limit lasts.
func (b *burst) over(now int64, addr string, limit int) int {
	if b.windows == nil || len(b.windows) > 10000 {
		b.windows = map[string]*[burstSteps]burstStep{}
	}
	w := b.windows[addr]
	if w == nil {
		w = new([burstSteps]burstStep)
		b.windows[addr] = w
	}
	step := floorDiv(now, burstSeconds)
	sum, oldest := 0, step
	for _, s := range w {
		if s.requests > 0 && s.number > step-burstSteps && s.number <= step {
			sum += s.requests
			oldest = min(oldest, s.number)
		}
	}
	if sum >= limit {
		return int((oldest+burstSteps)*burstSeconds - now)
	}
	s := &w[floorMod(step, burstSteps)]
	if s.number != step {
		*s = burstStep{number: step}
	}
	s.requests++
	return 0
}
