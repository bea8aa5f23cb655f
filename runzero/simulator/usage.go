package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// Usage is what the account has spent. Limit and Remaining are -1 where the
// console counts no limit.
type Usage struct {
	Total, Today, Limit, Remaining int
	// Resets is when the account's next day begins.
	Resets time.Time
}

// usage counts for the whole account: that the limit is shared is documented,
// that Today and Total are is assumed.
type usage struct {
	total, today int
	day          int64
	gone         map[int]bool // incidents, by number, that have spent theirs
}

// usageAt turns the day over when its time has come. The caller holds mu.
func (c *Console) usageAt(now time.Time) Usage {
	start := int64(c.opts.DayStart / time.Second)
	if d := floorDiv(now.Unix()-start, day); d != c.usage.day {
		c.usage.day, c.usage.today = d, 0
	}
	midnight := c.usage.day*day + start
	c.spendIncidents(now.Unix(), midnight)
	u := Usage{Total: c.usage.total + c.othersSpent(0, now.Unix()), Today: c.usage.today + c.othersSpent(midnight, now.Unix()), Limit: -1, Remaining: -1, Resets: time.Unix((c.usage.day+1)*day+start, 0).UTC()}
	if c.opts.Limit >= 0 {
		u.Today = min(u.Today, max(c.opts.Limit, c.usage.today))
		u.Limit, u.Remaining = c.opts.Limit, max(0, c.opts.Limit-u.Today)
	}
	return u
}

// Usage is what the account has spent by now.
func (c *Console) Usage() Usage {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usageAt(now)
}

// Spend lets other tools of the account spend n calls.
func (c *Console) Spend(n int) {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usageAt(now)
	c.usage.total += n
	c.usage.today += n
}

// verdict is what became of a request at the door.
type verdict int

const (
	admitted verdict = iota
	overBurst
	overQuota
)

// admit counts a request. Refused ones cost nothing; every other one does,
// whatever its answer, if it came with a valid credential (assumed: nothing
// says what is charged).
func (c *Console) admit(now time.Time, addr string, charge bool) (verdict, Usage, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.usageAt(now)
	if wait := c.burst.over(now.Unix(), addr, c.opts.Burst); wait > 0 {
		return overBurst, u, wait
	}
	if !charge {
		return admitted, u, 0
	}
	if u.Limit >= 0 && u.Remaining == 0 {
		return overQuota, u, 0
	}
	c.usage.total++
	c.usage.today++
	return admitted, c.usageAt(now), 0
}

func (u Usage) header(h http.Header) {
	if u.Limit < 0 {
		return
	}
	h.Set("X-API-Usage-Total", strconv.Itoa(u.Total))
	h.Set("X-API-Usage-Today", strconv.Itoa(u.Today))
	h.Set("X-API-Usage-Limit", strconv.Itoa(u.Limit))
	h.Set("X-API-Usage-Remaining", strconv.Itoa(u.Remaining))
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
	at int64
	n  int
}

// over counts a request of addr, or says for how many seconds to wait.
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
	for i := range w {
		if s := &w[i]; s.n > 0 && s.at > step-burstSteps && s.at <= step {
			sum += s.n
			oldest = min(oldest, s.at)
		}
	}
	if sum >= limit {
		return int((oldest+burstSteps)*burstSeconds - now)
	}
	s := &w[floorMod(step, burstSteps)]
	if s.at != step {
		*s = burstStep{at: step}
	}
	s.n++
	return 0
}
