package quota

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// twoAccounts makes two accounts on one console. Only its burst limit restricts them.
func twoAccounts() (one, other *Quota) {
	gate := NewGate(time.Now)
	return New(Share{Share: 1}, gate), New(Share{Share: 1}, gate)
}

// admitted reports whether a request is admitted, and not refused by the gate.
func admitted(t *testing.T, q *Quota) bool {
	t.Helper()
	err := q.Admit(t.Context())
	if refusal := (*PausedError)(nil); err != nil && (!errors.As(err, &refusal) || refusal.Reason != PausedRateLimit) {
		t.Fatalf("refused for another reason: %v", err)
	}
	return err == nil
}

// admittedOf50 returns how many of 50 requests are admitted.
func admittedOf50(t *testing.T, quotas ...*Quota) int {
	t.Helper()
	n := 0
	for i := range 50 {
		if admitted(t, quotas[i%len(quotas)]) {
			n++
		}
	}
	return n
}

// admit is admitted, which must be true. It returns the time of sending.
func admit(t *testing.T, q *Quota) time.Time {
	t.Helper()
	if !admitted(t, q) {
		t.Fatal("refused")
	}
	return time.Now()
}

// respond is the response to a request; the code 0 is none.
func respond(q *Quota, sent time.Time, code int, retryAfter time.Duration) {
	e := runzero.Exchange{Written: true, Sent: sent, Code: code, Authenticated: true, RetryAfter: retryAfter}
	if code != 0 {
		e.Usage = usage(1e6, 1e6) // so that it is not the daily quota that refuses
	}
	q.Observer("token").Responded(e)
}

// request is a request with its response.
func request(t *testing.T, q *Quota, code int, retryAfter time.Duration) {
	t.Helper()
	respond(q, admit(t, q), code, retryAfter)
}

// closedFor waits until the gate does not refuse requests any more.
func closedFor(q *Quota) time.Duration {
	began := time.Now()
	for q.State(time.Now()).Paused[PausedRateLimit] {
		time.Sleep(time.Second)
	}
	return time.Since(began)
}

func TestManyCallersStayWithinTheBurstLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := twoAccounts()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		var mu sync.Mutex
		var sent []time.Time
		var callers sync.WaitGroup
		for i := range 100 {
			q := []*Quota{one, other}[i%2]
			callers.Go(func() {
				for q.Admit(ctx) == nil {
					mu.Lock()
					sent = append(sent, time.Now())
					mu.Unlock()
					respond(q, time.Now(), http.StatusOK, 0)
				}
			})
		}
		callers.Wait()
		slices.SortFunc(sent, time.Time.Compare)
		most, first := 0, 0
		for i, at := range sent {
			for at.Sub(sent[first]) >= 5*time.Minute {
				first++
			}
			most = max(most, i-first+1)
		}
		if most >= 2000 || most < 900 {
			t.Errorf("up to %d requests in 5 minutes, want about 1,100", most)
		}
	})
}

func TestWaitingForTheBurstLimitBlocksNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := twoAccounts()
		for range burst {
			admit(t, one)
		}
		ctx, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() { given <- one.Admit(ctx) }()
		synctest.Wait()
		began := time.Now()
		_ = one.State(began)
		_ = one.Save(0)
		other.SetShare(Share{Share: 0.5})
		respond(one, began, http.StatusOK, 0)
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) || Paused(err) {
			t.Errorf("a canceled request: %v", err)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("blocked for %s", waited)
		}
		admit(t, other)
		if waited := time.Since(began); waited > 310*time.Millisecond {
			t.Errorf("the next request waits for %s: the canceled one has kept its turn", waited)
		}
	})
}

func TestAClosedGateRefusesRequestsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := twoAccounts()
		for range burst {
			admit(t, one)
		}
		refused := make(chan bool, 20)
		for range cap(refused) {
			go func() { refused <- Paused(other.Admit(t.Context())) }()
		}
		time.Sleep(time.Millisecond)
		respond(one, time.Now(), http.StatusTooManyRequests, time.Hour)
		for range cap(refused) {
			if !<-refused {
				t.Fatal("a request was admitted while the gate was closed")
			}
		}
		if admitted(t, one) || admitted(t, other) {
			t.Error("a new request is admitted while the gate is closed")
		}
	})
}

func TestTheGateStaysClosedForTheRetryAfter(t *testing.T) {
	for retryAfter, want := range map[time.Duration]time.Duration{0: minBackoff, 90 * time.Second: 90 * time.Second, day: longestRetryAfter} {
		synctest.Test(t, func(t *testing.T) {
			q, _ := twoAccounts()
			request(t, q, http.StatusTooManyRequests, retryAfter)
			time.Sleep(want - 1)
			if admitted(t, q) || !q.State(time.Now()).Stopped() {
				t.Errorf("Retry-After %s: open too early", retryAfter)
			}
			time.Sleep(time.Nanosecond)
			if !admitted(t, q) {
				t.Errorf("Retry-After %s: still closed", retryAfter)
			}
		})
	}
}

func TestWithoutRetryAfterTheGateBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := twoAccounts()
		for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
			request(t, q, http.StatusTooManyRequests, 0)
			if got := closedFor(q); got != want*time.Second {
				t.Errorf("closed for %s, want %s", got, want*time.Second)
			}
		}
		request(t, q, http.StatusOK, 0)
		request(t, q, http.StatusTooManyRequests, 0)
		if got := closedFor(q); got != minBackoff {
			t.Errorf("closed for %s after a success, want %s", got, minBackoff)
		}
	})
}

func TestRequestsRefusedTogetherBackOffOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := twoAccounts()
		var sent []time.Time
		for range 6 {
			sent = append(sent, admit(t, q))
		}
		for _, at := range sent {
			time.Sleep(7 * time.Second) // the last one arrives after the gate could open
			respond(q, at, http.StatusTooManyRequests, 0)
		}
		if got := closedFor(q); got != 0 {
			t.Errorf("closed for another %s", got)
		}
		request(t, q, http.StatusTooManyRequests, 0)
		if got := closedFor(q); got != 2*minBackoff {
			t.Errorf("closed for %s by the second refusal, want %s", got, 2*minBackoff)
		}
	})
}

func TestOneRequestTriesWhetherTheGateMayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := twoAccounts()
		request(t, one, http.StatusTooManyRequests, time.Minute)
		for range 3 {
			time.Sleep(time.Minute)
			if n := admittedOf50(t, one, other); n != 1 {
				t.Fatalf("%d requests are admitted, want one", n)
			}
			time.Sleep(time.Hour) // its response takes long
			if n := admittedOf50(t, one, other); n != 0 {
				t.Fatalf("%d more requests are admitted before its response", n)
			}
			respond(one, time.Now(), http.StatusTooManyRequests, time.Minute)
		}
		time.Sleep(time.Minute)
		request(t, other, http.StatusOK, 0)
		if n := admittedOf50(t, one, other); n != 50 {
			t.Errorf("%d of 50 requests are admitted after a success", n)
		}
	})
}

func TestALateResponseDoesNotOpenTheGate(t *testing.T) {
	for _, c := range []struct {
		code       int
		retryAfter time.Duration
	}{{http.StatusOK, 0}, {http.StatusTooManyRequests, time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			q, _ := twoAccounts()
			late := admit(t, q)
			time.Sleep(time.Second)
			request(t, q, http.StatusTooManyRequests, time.Minute)
			time.Sleep(time.Minute)
			trying := admit(t, q)
			respond(q, late, c.code, c.retryAfter)
			if admitted(t, q) {
				t.Errorf("a late response with status %d opens the gate", c.code)
			}
			respond(q, trying, http.StatusOK, 0)
			if admitted(t, q) != (c.retryAfter == 0) {
				t.Errorf("after a success, the Retry-After %s of a late refusal is ignored", c.retryAfter)
			}
		})
	}
}

func TestAnotherRequestTriesWhenTheFirstFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, spent := twoAccounts()
		spent.SetShare(Share{Share: 0.1})
		spent.ledger.Limit = runzero.Known(1)
		request(t, q, http.StatusTooManyRequests, time.Minute)
		time.Sleep(time.Minute)
		for range 3 {
			request(t, q, 0, 0) // the connection broke
			// A request that is refused for its quota does not count as the one that tries.
			if err := spent.Admit(t.Context()); err == nil {
				t.Fatal("admitted without calls left")
			}
			trying := admit(t, q)
			if admitted(t, q) {
				t.Fatal("two requests try")
			}
			respond(q, trying, 0, 0)
		}
		request(t, q, http.StatusOK, 0)
		if n := admittedOf50(t, q); n != 50 {
			t.Errorf("%d of 50 requests are admitted after a success", n)
		}
	})
}

func TestA429WithoutCallsLeftIsTheQuotaOfOneAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spent, other := twoAccounts()
		spent.Observer("token").Responded(runzero.Exchange{Written: true,
			Sent: admit(t, spent), Code: http.StatusTooManyRequests, RetryAfter: time.Hour, Usage: usage(100, 0),
		})
		if !admitted(t, other) {
			t.Error("another account on the console is refused")
		}
		if s := spent.State(time.Now()); s.Paused[PausedRateLimit] || s.Reason() != PausedQuota {
			t.Errorf("paused: %v, want only the quota", s.Paused)
		}
	})
}

func TestAnUnlimitedGateClosesButNeverWaits(t *testing.T) {
	now := start // simulated time, which nothing advances
	q := New(Share{Share: 1}, NewUnlimitedGate(func() time.Time { return now }))
	for range 10 * burst {
		admit(t, q)
	}
	respond(q, time.Now(), http.StatusTooManyRequests, time.Minute)
	if admitted(t, q) {
		t.Error("open after a 429")
	}
	now = now.Add(time.Minute)
	request(t, q, http.StatusOK, 0)
	admit(t, q)
	if admittedOf50(t, q) != 50 {
		t.Error("closed after a success")
	}
}

func TestResumesWhenTheGateMayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, other := twoAccounts()
		resumes := func() time.Time { return other.State(time.Now()).Resumes }
		request(t, one, http.StatusTooManyRequests, time.Minute)
		until := time.Now().Add(time.Minute)
		if got := resumes(); !got.Equal(until) {
			t.Errorf("closed: %s, want %s", got, until)
		}
		time.Sleep(time.Minute)
		if got := resumes(); !got.IsZero() {
			t.Errorf("one may try: %s, want none", got)
		}
		sent := admit(t, one)
		if got := resumes(); !got.IsZero() {
			t.Errorf("one is trying: %s, want none", got)
		}
		respond(one, sent, http.StatusOK, 0)
		if got := resumes(); !got.IsZero() {
			t.Errorf("open: %s, want none", got)
		}
	})
}
