package replay

import (
	"math"
	"slices"
	"time"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// console is what runZero knows of an account, and what happens in it.
type console struct {
	organizations []*organization
	explorers     []*explorer // in the order of their sites

	unreachable bool
	unavailable string // the collector whose requests are answered with 503

	limit, spent float64 // calls a day, and those of today by all tools
	others       float64 // calls that other tools make in an hour
	licensed     float64
	expires      time.Time // the licence
}

type organization struct {
	name         string
	sites        []*site
	integrations []*integration
	expired      float64 // certificates
}

type site struct {
	org, name, id                     string
	assets, critical, ended           float64
	fresh                             float64 // assets first seen within a day
	schedules                         []*schedule
	success, attempt, running, ending time.Time // of its scans
	takes                             time.Duration
	failures                          int // since the last success
	fail                              int // scans to come that fail
	hosted                            bool
}

type schedule struct {
	name, frequency string
	every, grace    time.Duration
	last, next      time.Time
	late            time.Duration // that runs begin after they are due
	paused, failing bool
}

type explorer struct {
	org, site, name string
	away            bool
	flaps           bool // it is away for 20 minutes of every hour
	checkin         time.Time
}

type integration struct {
	name          string
	every, grace  time.Duration
	success, next time.Time
	stopped       bool // it does not run at all
	failing       bool // its runs fail
}

// advance lets the time until now pass.
func (c *console) advance(now time.Time, step time.Duration) {
	for _, e := range c.explorers {
		if e.flaps {
			e.away = now.Minute() < 20
		}
		if !e.away {
			e.checkin = now.Add(-20 * time.Second)
		}
	}
	for _, o := range c.organizations {
		for _, s := range o.sites {
			s.advance(now, c.scannable(s))
		}
		for _, i := range o.integrations {
			if !i.stopped && !i.next.After(now) {
				if i.next = i.next.Add(i.every); !i.failing {
					i.success = now
				}
			}
		}
	}
	if now.Truncate(day).Equal(now) {
		c.spent = 0
	}
	c.spent = min(c.limit, c.spent+c.others*step.Hours())
}

// scannable reports whether something can scan the site now.
func (c *console) scannable(s *site) bool {
	return s.hosted || slices.ContainsFunc(c.explorers, func(e *explorer) bool {
		return e.org == s.org && e.site == s.name && !e.away
	})
}

// advance ends the scan of the site that is running, and starts those that are due. One that no Explorer can run waits.
func (s *site) advance(now time.Time, scannable bool) {
	if !s.running.IsZero() && !s.ending.After(now) {
		s.attempt, s.running = s.ending, time.Time{}
		if s.fail > 0 {
			s.fail, s.failures = s.fail-1, s.failures+1
		} else {
			s.success, s.failures = s.attempt, 0
		}
	}
	for _, r := range s.schedules {
		due := r.next.Add(r.late)
		if r.paused || due.After(now) {
			continue
		}
		r.failing = !scannable
		if !scannable || !s.running.IsZero() {
			continue
		}
		r.last, s.running, s.ending = now, now, now.Add(s.takes)
		for !r.next.After(now) {
			r.next = r.next.Add(r.every)
		}
	}
}

// limit is the age at which the site's last good scan is stale: the longest interval of its schedules plus grace.
func (s *site) limit() time.Duration {
	if *scanMaxAge > 0 {
		return *scanMaxAge
	}
	var limit time.Duration
	for _, r := range s.schedules {
		if !r.paused {
			limit = max(limit, r.every+r.grace)
		}
	}
	if limit == 0 {
		return 8 * day
	}
	return limit
}

// recent is how many of the site's assets were seen within 30 days: nearly all.
func (s *site) recent() float64 { return math.Floor(0.97 * s.assets) }

// grow adds assets that are new.
func (s *site) grow(by float64) { s.assets, s.fresh = s.assets+by, s.fresh+by }

// lose removes a site and its Explorers.
func (c *console) lose(org, name string) {
	o := c.organization(org)
	o.sites = slices.DeleteFunc(o.sites, func(s *site) bool { return s.name == name })
	c.loseExplorer(org, name)
}

// loseOrganization removes an organization with all that it has.
func (c *console) loseOrganization(name string) {
	c.organizations = slices.DeleteFunc(c.organizations, func(o *organization) bool { return o.name == name })
	c.explorers = slices.DeleteFunc(c.explorers, func(x *explorer) bool { return x.org == name })
}

// loseExplorer removes the Explorers of a site.
func (c *console) loseExplorer(org, site string) {
	c.explorers = slices.DeleteFunc(c.explorers, func(x *explorer) bool { return x.org == org && x.site == site })
}
