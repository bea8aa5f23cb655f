package quota

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// account is an account on a console that charges every request when it is sent. Others use it, too.
type account struct {
	limit, used int64
	reset       time.Duration // time of day
	today       time.Time
	own         int64 // today's requests of the quota under test
}

// at starts a new day if there is one.
func (a *account) at(now time.Time) {
	if today := now.Add(-a.reset).Truncate(day); !today.Equal(a.today) {
		a.today, a.used, a.own = today, 0, 0
	}
}

func (a *account) charge() runzero.Exchange {
	a.own++
	e := runzero.Exchange{Written: true, Authenticated: true, Code: http.StatusOK, Usage: usage(a.limit, a.limit-a.used)}
	if a.used == a.limit {
		e.Code = http.StatusTooManyRequests
		return e
	}
	// Before or after the call itself: concurrent responses repeat a number.
	if a.used++; a.used%2 == 0 {
		e.Usage = usage(a.limit, a.limit-a.used)
	}
	e.Usage.Today = runzero.Known(a.own - 1)
	return e
}

// However long responses take and whatever their order, whether they are lost or lack
// headers, whether the limit is reported, configured or estimated, whatever others use, and whatever is in flight at a
// restart, even if the clock was put back meanwhile: no day of the account sees more than the share.
func TestNeverSpendsMoreThanItsShareOfADay(t *testing.T) {
	stopped := map[string]int{}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		share := Share{Share: 0.1 + 0.9*r.Float64(), Reserve: 0.2 * r.Float64()}
		a := account{limit: 20 + r.Int64N(200), reset: time.Duration(r.Int64N(int64(day)))}
		lost, bare, others, unsent := r.IntN(30), r.IntN(50), r.IntN(40), r.IntN(30) // percent
		source := []string{LimitHeader, LimitHeader, LimitConfigured, LimitEstimated}[seed%4]
		if source != LimitHeader {
			bare = 100
		}
		if source == LimitEstimated {
			a.limit += leastLimit
		}
		if source == LimitConfigured {
			share.Limit = runzero.Known(a.limit)
		}
		now, behind := start, time.Duration(0)
		gate := NewUnlimitedGate(func() time.Time { return now.Add(-behind) })
		newQuota := func() *Quota {
			q := New(share, gate)
			if source == LimitEstimated {
				q.Estimate(a.limit)
			}
			return q
		}
		q := newQuota()
		respond := func(e runzero.Exchange) {
			if bare == 100 {
				e.Usage = runzero.Usage{}
			}
			q.Observer("token").Responded(e)
		}
		a.at(now)
		respondNow := a.charge() // a reported limit is known from the start
		if err := q.Admit(t.Context()); err != nil {
			t.Fatal(err)
		}
		respondNow.Sent = gate.now()
		respond(respondNow)
		var inFlight []runzero.Exchange
		request := func() {
			if err := q.Admit(t.Context()); err != nil {
				stopped[source]++
				return
			}
			if r.IntN(100) < unsent {
				inFlight = append(inFlight, runzero.Exchange{Sent: gate.now(), Authenticated: true})
				return
			}
			e := a.charge()
			e.Sent = gate.now()
			if r.IntN(100) < lost {
				e = runzero.Exchange{Written: true, Sent: e.Sent, Authenticated: true}
			} else if r.IntN(100) < bare {
				e.Usage = runzero.Usage{}
			}
			inFlight = append(inFlight, e)
			if budget := share.Calls(a.limit); a.own > max(budget, 1) {
				t.Fatalf("seed %d: %d calls of a share of %d of %d, reset at %s, state %+v", seed, a.own, budget, a.limit, a.reset, q.State(gate.now()))
			}
		}
		for range 1200 {
			now = now.Add(time.Duration(r.ExpFloat64() * float64(5*time.Minute)))
			a.at(now)
			switch action := r.IntN(100); {
			case action < 45:
				request()
			case action < 90 && len(inFlight) > 0:
				i := r.IntN(len(inFlight))
				respond(inFlight[i])
				inFlight = append(inFlight[:i], inFlight[i+1:]...)
			case action < 92: // killed during a poll, whose beginning was saved
				calls := r.Int64N(4)
				saved := q.Save(calls)
				for range calls {
					request()
				}
				if r.IntN(4) == 0 {
					behind += time.Duration(r.Int64N(int64(3 * time.Hour)))
				}
				q, inFlight = newQuota(), nil
				q.Restore(saved, gate.now())
			case r.IntN(100) < others:
				a.used = min(a.used+r.Int64N(4), a.limit)
			}
		}
	}
	if len(stopped) != 3 {
		t.Errorf("the share was reached %v times: this tests nothing", stopped)
	}
}

// On an account of its own, with nothing lost, a quota that always wants more makes
// nearly all the calls that it may each day, and leaves the reserve.
func TestSpendsItsShareAndLeavesTheReserve(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		share := Share{Share: 1, Reserve: 0.05 + 0.3*r.Float64()}
		a := account{limit: 50 + r.Int64N(300)}
		if seed%2 > 0 {
			a.reset = time.Duration(r.Int64N(int64(day)))
		}
		q, now := simulated(share)
		machine := start.AddDate(10, 0, 0) // simulated time is in the machine's past
		for *now = start; now.Before(start.AddDate(0, 0, 6)); *now = now.Add(time.Duration(r.Int64N(int64(20 * time.Minute)))) {
			before := a
			a.at(*now)
			reserve := share.ReserveCalls(a.limit)
			if full := now.After(start.AddDate(0, 0, 4)); full && !a.today.Equal(before.today) && before.own < a.limit-reserve-3 {
				t.Errorf("seed %d: only %d calls on a day, want about %d, reset at %s", seed, before.own, a.limit-reserve, a.reset)
			}
			for n := int64(0); n <= a.limit && q.Admit(t.Context()) == nil; n++ {
				e := a.charge()
				e.Sent = machine
				q.Observer("token").Responded(e)
				*now = now.Add(time.Second)
			}
			// Probes may use some of the reserve where the time of the reset is not known yet.
			probes := int64(1)
			if !q.ledger.Window.Known {
				probes = max(probes, reserve/probeShare)
			}
			if left := a.limit - a.used; left < reserve-probes {
				t.Fatalf("seed %d: %d calls left, want the reserve of %d", seed, left, reserve)
			}
		}
	}
}
