package quota

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// wantRefused checks that a request is refused for a reason, and the error's text.
func wantRefused(t *testing.T, q *Quota, reason, text string) {
	t.Helper()
	err := fmt.Errorf("the next page: %w", q.Admit(t.Context()))
	var refusal *PausedError
	if !errors.As(err, &refusal) || refusal.Reason != reason || !Paused(err) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want a refusal for %s with %q", err, reason, text)
	}
}

// simulated makes a quota whose clock the test advances.
func simulated(share Share) (*Quota, *time.Time) {
	now := start
	return New(share, NewUnlimitedGate(func() time.Time { return now })), &now
}

func TestRefusesWhenTheShareOrTheAccountIsSpent(t *testing.T) {
	for _, c := range []struct {
		name             string
		limit, remaining int64
		reason, text     string
	}{
		{"share spent", 2, 1, PausedQuota, "no API calls left"},
		{"account used up", 100, 0, PausedQuota, "no API calls left"},
		{"down to the reserve", 100, 10, PausedReserve, "down to the reserve"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, now := simulated(Share{Share: 0.5, Reserve: 0.1})
			if err := q.Admit(t.Context()); err != nil {
				t.Fatalf("refused before anything is known: %v", err)
			}
			q.Observer("token").Responded(runzero.Exchange{Written: true, Sent: *now, Code: http.StatusOK, Usage: usage(c.limit, c.remaining)})
			wantRefused(t, q, c.reason, c.text)
			if s := q.State(*now); s.Reason() != c.reason || !s.Stopped() || s.Spent != 1 {
				t.Errorf("state %+v, want it stopped for %s and 1 call spent", s, c.reason)
			}
		})
	}
}

func TestAHigherShareAppliesAtOnce(t *testing.T) {
	q, now := simulated(Share{Share: 0.01})
	q.Observer("token").Responded(runzero.Exchange{Written: true, Sent: *now, Code: http.StatusOK, Usage: usage(50, 50)})
	wantRefused(t, q, PausedQuota, "")
	q.SetShare(Share{Share: 0.5})
	if err := q.Admit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReportsRefusedCredentials(t *testing.T) {
	q, now := simulated(Share{Share: 1})
	respondTo := func(credential string, e runzero.Exchange) { q.Observer(credential).Responded(e) }
	refused := func() bool { return q.State(*now).Paused[PausedAuth] }
	respondTo("one", runzero.Exchange{Written: true, Code: http.StatusUnauthorized, Authenticated: true})
	respondTo("one", runzero.Exchange{Written: true, Code: http.StatusOK}) // without the credential
	respondTo("one", runzero.Exchange{Written: true, Authenticated: true}) // without a response
	respondTo("other", runzero.Exchange{Written: true, Code: http.StatusOK, Authenticated: true})
	if s := q.State(*now); !refused() || s.Stopped() {
		t.Errorf("paused: %v, stopped: %v, want one credential refused and polling to go on", s.Paused, s.Stopped())
	}
	q.Prune([]string{"one", "other"})
	if !refused() {
		t.Error("the refusal of a configured credential is forgotten")
	}
	q.Prune([]string{"other"})
	if refused() {
		t.Error("the refusal of a removed credential is reported")
	}
	respondTo("other", runzero.Exchange{Written: true, Code: http.StatusUnauthorized, Authenticated: true})
	respondTo("other", runzero.Exchange{Written: true, Code: http.StatusForbidden, Authenticated: true})
	if refused() {
		t.Error("the refusal of a credential that is accepted again is reported")
	}
}

func TestCountsTheCallsOfAPoll(t *testing.T) {
	q, now := simulated(Share{Share: 1})
	var one, other atomic.Int64
	for range 3 {
		if err := q.Admit(CountCalls(t.Context(), &one)); err != nil {
			t.Fatal(err)
		}
	}
	q.Observer("token").Responded(runzero.Exchange{Written: true, Sent: *now, Code: http.StatusOK, Usage: usage(3, 0)})
	if err := q.Admit(CountCalls(t.Context(), &other)); !Paused(err) {
		t.Fatalf("admitted: %v", err)
	}
	if one.Load() != 3 || other.Load() != 0 {
		t.Errorf("%d and %d calls, want 3 and 0", one.Load(), other.Load())
	}
}

// Run with -race.
func TestIsSafeForConcurrentUse(t *testing.T) {
	gate := NewUnlimitedGate(time.Now)
	quotas := []*Quota{New(Share{Share: 1}, gate), New(Share{Share: 1}, gate)}
	var sent atomic.Int64
	var callers sync.WaitGroup
	for i := range 8 {
		q := quotas[i%2]
		callers.Go(func() {
			for n := range 100 {
				at := time.Now()
				if err := q.Admit(CountCalls(t.Context(), &sent)); err != nil {
					t.Error(err)
				}
				q.Observer("token").Responded(runzero.Exchange{Written: true, Sent: at, Code: http.StatusOK, Authenticated: true, Usage: usage(1e6, int64(1e6-n))})
				q.SetShare(Share{Share: 0.5})
				q.Prune([]string{"token"})
				_ = q.State(time.Now()).Explain()
				_ = q.Save(0)
			}
		})
	}
	callers.Wait()
	if spent := quotas[0].State(time.Now()).Spent + quotas[1].State(time.Now()).Spent; sent.Load() != 800 || spent != 800 {
		t.Errorf("%d calls counted and %d spent, want 800", sent.Load(), spent)
	}
}
