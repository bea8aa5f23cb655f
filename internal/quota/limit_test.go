package quota

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestWhereTheLimitComesFrom(t *testing.T) {
	configured := func(n int64) Share { return Share{Share: 0.5, Limit: runzero.Known(n)} }
	for name, c := range map[string]struct {
		share    Share
		estimate int64 // unknown: of no cloud host
		header   runzero.Usage
		limit    int64
		source   string
		calls    int64 // after one call; unknown: any number
	}{
		"nothing":                         {Share{Share: 0.5}, unknown, runzero.Usage{}, 0, "", unknown},
		"a header":                        {configured(50), 300, usage(1000, 999), 1000, LimitHeader, 499},
		"configured":                      {configured(50), 300, runzero.Usage{}, 50, LimitConfigured, 24},
		"configured to be none":           {configured(0), 300, runzero.Usage{}, 0, "", unknown},
		"estimated":                       {Share{Share: 0.5}, 300, runzero.Usage{}, 300, LimitEstimated, 149},
		"estimated, nothing counted yet":  {Share{Share: 0.5}, 0, runzero.Usage{}, 100, LimitEstimated, 49},
		"a limit of 0 and calls are left": {Share{Share: 0.5}, unknown, usage(0, 10), 0, "", unknown},
		"a limit of 0 alone":              {Share{Share: 0.5}, unknown, usage(0, unknown), 0, "", unknown},
		"a limit of 0, none left":         {configured(50), 300, usage(0, 0), 0, LimitHeader, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q, now := simulated(c.share)
			if c.estimate != unknown {
				q.Estimate(c.estimate)
			}
			if err := q.Admit(t.Context()); err != nil {
				t.Fatal(err)
			}
			answer(q, *now, http.StatusOK, c.header)
			for _, of := range []*Quota{q, restored(t, q, *now)} {
				s := of.State(*now)
				if s.Limit != c.limit || s.LimitSource != c.source {
					t.Errorf("limit %d, %q; want %d, %q", s.Limit, s.LimitSource, c.limit, c.source)
				}
				if s.Allowance.Known == (c.calls == unknown) || s.Allowance.Known && s.Allowance.Calls != c.calls {
					t.Errorf("%+v, want %d calls", s.Allowance, c.calls)
				}
			}
		})
	}
}

// restored is the quota after a restart with the same configuration.
func restored(t *testing.T, q *Quota, now time.Time) *Quota {
	t.Helper()
	after := New(q.share, q.gate)
	if q.ledger.estimate > 0 {
		after.Estimate(q.ledger.estimate)
	}
	after.Restore(throughJSON(t, q.Save(0)), now)
	return after
}

// Without any header, the calls of the last 24 hours count. Nearly the whole share is used, evenly.
func TestASteadyPaceWithoutHeaders(t *testing.T) {
	q, now := simulated(Share{Share: 0.5, Limit: runzero.Known(100)})
	var sent []time.Time
	for ; now.Before(start.Add(5 * day)); *now = now.Add(time.Minute) {
		s := q.State(*now)
		if s.Allowance.Calls == 0 {
			continue
		}
		if pace := s.Left / time.Duration(s.Allowance.Calls); len(sent) > 0 && now.Sub(sent[len(sent)-1]) < pace {
			continue
		}
		if err := q.Admit(t.Context()); err != nil {
			t.Fatal(err)
		}
		answer(q, *now, http.StatusOK, runzero.Usage{})
		sent = append(sent, *now)
	}
	if n := len(sent); n < 5*45 || n > 5*50+1 {
		t.Errorf("%d calls in 5 days, of 50 a day", n)
	}
	for i, at := range sent[1:] {
		if gap := at.Sub(sent[i]); gap > 2*time.Hour {
			t.Errorf("no call for %s", gap)
		}
	}
}

func TestARequestThatWasNeverWrittenCostsNothing(t *testing.T) {
	q, now := simulated(Share{Share: 0.5, Limit: runzero.Known(4)})
	var calls atomic.Int64
	ctx := CountCalls(t.Context(), &calls)
	for range 20 {
		if err := q.Admit(ctx); err != nil {
			t.Fatal(err)
		}
		q.Observer("token").Responded(runzero.Exchange{Sent: *now, Authenticated: true, Context: ctx})
		*now = now.Add(time.Minute)
	}
	if s := q.State(*now); s.Spent != 0 || calls.Load() != 0 || q.ledger.inFlight != 0 || s.Left != day {
		t.Errorf("%d spent, %d counted, %d in flight, %s left", s.Spent, calls.Load(), q.ledger.inFlight, s.Left)
	}
	for range 2 {
		if err := q.Admit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, q, PausedQuota, "")
	*now = now.Add(time.Second)
	q.Observer("token").Responded(runzero.Exchange{Sent: *now, Authenticated: true, Context: ctx})
	if s := q.State(*now); s.Spent != 1 || calls.Load() != 1 {
		t.Errorf("%d spent, %d counted, want 1", s.Spent, calls.Load())
	}
}

// A kill during a poll loses nothing: its calls count from its beginning on.
func TestExpectedCallsCountAfterACrash(t *testing.T) {
	q, now := simulated(Share{Share: 0.5, Limit: runzero.Known(20)})
	saved := throughJSON(t, q.Save(7))
	after := New(q.share, q.gate)
	after.Restore(saved, now.Add(time.Minute))
	if s := after.State(now.Add(time.Minute)); s.Spent != 7 || s.Allowance.Calls != 3 || s.Left >= day {
		t.Errorf("%+v", s)
	}
	if s := q.State(*now); s.Spent != 0 {
		t.Errorf("saving has spent %d calls", s.Spent)
	}
}
