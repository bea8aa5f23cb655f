package quota

import (
	"net/http"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// answer is the response to a request that was just admitted.
func answer(q *Quota, now time.Time, code int, u runzero.Usage) {
	q.Observer("token").Responded(runzero.Exchange{Written: true, Sent: now, Code: code, Authenticated: true, Usage: u})
}

// admitsIn returns the minutes from now on in which a request is admitted, each answered by respond.
func admitsIn(t *testing.T, q *Quota, now *time.Time, minutes int, respond func() (int, runzero.Usage)) []int {
	t.Helper()
	var admitted []int
	for m := range minutes {
		if resumes := q.State(*now).Resumes; resumes.After(*now) != (q.check() != nil) {
			t.Fatalf("minute %d: resumes at %s, and a request is refused: %v", m, resumes, q.check())
		}
		if q.Admit(t.Context()) == nil {
			admitted = append(admitted, m)
			code, u := respond()
			answer(q, *now, code, u)
		}
		*now = now.Add(time.Minute)
	}
	return admitted
}

func always(code int, u runzero.Usage) func() (int, runzero.Usage) {
	return func() (int, runzero.Usage) { return code, u }
}

// However the calls were used up, and by whom: free calls are noticed within the hour.
func TestProbesEveryHourWhileTheResetIsUnknown(t *testing.T) {
	for name, used := range map[string]func() (int, runzero.Usage){
		"answered":                  always(http.StatusOK, usage(1000, 0)),
		"refused":                   always(http.StatusTooManyRequests, usage(1000, 0)),
		"refused without headers":   always(http.StatusTooManyRequests, usage(unknown, unknown)),
		"a licence without calls":   always(http.StatusTooManyRequests, usage(0, 0)),
		"failed without a response": always(0, usage(unknown, unknown)),
	} {
		t.Run(name, func(t *testing.T) {
			q, now := simulated(Share{Share: 0.5, Reserve: 0.1})
			answer(q, *now, http.StatusOK, usage(1000, 0))
			probes := admitsIn(t, q, now, 7*60, used)
			if len(probes) != 6 || probes[0] != 60 || probes[5]-probes[4] != 60 {
				t.Errorf("probes in minutes %v, want one an hour", probes)
			}
			restarted := New(Share{Share: 0.5, Reserve: 0.1}, q.gate)
			restarted.Restore(throughJSON(t, q.Save(0)), *now)
			if n := admitsIn(t, restarted, now, 59, used); len(n) > 1 {
				t.Errorf("a restart makes %d more probes", len(n))
			}
			*now = now.Add(2 * time.Minute)
			if err := q.Admit(t.Context()); err != nil {
				t.Fatal(err)
			}
			answer(q, *now, http.StatusOK, usage(1000, 990))
			for range 10 {
				if err := q.Admit(t.Context()); err != nil {
					t.Fatalf("refused although calls are left: %v", err)
				}
			}
		})
	}
}

// Above the reserve there are calls that belong to others: probes use half of them at most.
func TestProbesSpareTheReserve(t *testing.T) {
	q, now := simulated(Share{Share: 1, Reserve: 0.1})
	left := int64(10)
	answer(q, *now, http.StatusOK, usage(100, left))
	probes := admitsIn(t, q, now, 24*60, func() (int, runzero.Usage) {
		left--
		return http.StatusOK, usage(100, left)
	})
	if len(probes) < 1 || len(probes) > 10/probeShare {
		t.Errorf("probes in minutes %v", probes)
	}
}

func TestProbesAtTheResetAndThenEveryHour(t *testing.T) {
	q, now := simulated(Share{Share: 0.5})
	answer(q, *now, http.StatusOK, usage(1000, 500))
	*now = now.Add(time.Hour)
	answer(q, *now, http.StatusOK, usage(1000, 999)) // the reset was in this hour
	*now = now.Add(10 * time.Hour)
	answer(q, *now, http.StatusOK, usage(1000, 0))
	probes := admitsIn(t, q, now, 17*60, always(http.StatusTooManyRequests, usage(1000, 0)))
	if len(probes) != 3 || probes[0] != 14*60 {
		t.Errorf("probes in minutes %v, want the first after 14 hours", probes)
	}
}

func TestAProbeThatWasNotSentIsRepeatedAtOnce(t *testing.T) {
	q, now := simulated(Share{Share: 0.5})
	answer(q, *now, http.StatusOK, usage(1000, 0))
	*now = now.Add(time.Hour)
	for range 3 {
		if err := q.Admit(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.Observer("token").Responded(runzero.Exchange{Sent: *now, Authenticated: true})
	}
}

func TestRefusalsThatOutlastTheBurstLimitAreTheQuota(t *testing.T) {
	for name, c := range map[string]struct {
		since  time.Duration
		usage  runzero.Usage
		clears int // a status in between
		reason string
	}{
		"within the window":         {burstWindow - 1, usage(unknown, unknown), 0, PausedRateLimit},
		"beyond it":                 {burstWindow, usage(unknown, unknown), 0, PausedQuota},
		"beyond it, calls are left": {burstWindow, usage(100, 99), 0, PausedRateLimit},
		"a success in between":      {burstWindow, usage(unknown, unknown), http.StatusOK, PausedRateLimit},
		"a failure in between":      {burstWindow, usage(unknown, unknown), http.StatusBadGateway, PausedQuota},
	} {
		t.Run(name, func(t *testing.T) {
			q, now := simulated(Share{Share: 0.5})
			answer(q, *now, http.StatusTooManyRequests, usage(unknown, unknown))
			*now = now.Add(c.since)
			if c.clears != 0 {
				answer(q, *now, c.clears, usage(unknown, unknown))
			}
			answer(q, *now, http.StatusTooManyRequests, c.usage)
			if got := q.State(*now).Reason(); got != c.reason {
				t.Errorf("paused for %q, want %q", got, c.reason)
			}
		})
	}
}
