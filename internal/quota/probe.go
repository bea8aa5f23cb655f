package quota

import (
	"net/http"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const (
	// probeEvery is how often a request is admitted although no calls are left, to find out whether the quota has reset.
	probeEvery = time.Hour
	// probeShare is the part of the reserve that probes of a day may use.
	probeShare = 2
)

// nextProbe returns when the next probe is admitted while no calls are left. The caller holds the lock.
//
// When the time of the reset is known, that is at the reset, and then every hour until calls are there again. While it
// is unknown, it is every hour from the last report on. What is left in the reserve belongs to others: probes use no
// more than half of it a day.
func (q *Quota) nextProbe() time.Time {
	l := &q.ledger
	every := probeEvery
	limit, _ := l.limit()
	if left, known := l.Remaining.Get(); known && left > 0 && !l.Exhausted {
		every = max(every, day/time.Duration(max(q.share.ReserveCalls(limit)/probeShare, 1)))
	}
	if l.Window.Known && limit > 0 { // a licence may be renewed at any time
		expected := l.NextReset(l.EmptySince)
		if q.probed.Before(expected) {
			return expected
		}
		return q.probed.Add(every)
	}
	last := latest(q.probed, l.EmptySince, l.Reported)
	return earliest(last.Add(every), l.NextReset(last)) // midnight is the most likely
}

// probeDue reports whether a probe is admitted now. The caller holds the lock.
func (q *Quota) probeDue(now time.Time) bool {
	return q.share.allowance(&q.ledger, now).probes() && !now.Before(q.nextProbe())
}

// probes reports whether a request that is admitted now is a probe. The caller holds the lock.
func (a Allowance) probes() bool { return a.Known && a.Stale && a.Calls == 0 }

// burstWindow is that of runZero's burst limit. A 429 that outlasts it is due to the daily quota.
const burstWindow = 5 * time.Minute

// noteRefusal keeps track of 429s without any usage header. It reports whether a response is one that the burst limit
// explains. The caller holds the lock.
func (q *Quota) noteRefusal(now time.Time, e runzero.Exchange) (burst bool) {
	l := &q.ledger
	left, known := e.Usage.Remaining.Get()
	switch {
	case known:
		l.RefusedSince, l.Exhausted = time.Time{}, false
		return e.Code == http.StatusTooManyRequests && left > 0
	case !e.Authenticated:
		return e.Code == http.StatusTooManyRequests // no account is charged
	case e.Code != http.StatusTooManyRequests:
		if e.Code/100 == 2 {
			l.RefusedSince, l.Exhausted = time.Time{}, false
		}
		return false
	case l.RefusedSince.IsZero():
		l.RefusedSince = now
	}
	l.Exhausted = l.Exhausted || now.Sub(l.RefusedSince) >= burstWindow
	return !l.Exhausted
}

func latest(times ...time.Time) time.Time {
	last := times[0]
	for _, t := range times[1:] {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
