//go:build port

package poller_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestAClosedGateRefusesEveryCallerAlsoThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := poller.NewGate()
		one, other := poller.NewAccount(all, gate), poller.NewAccount(all, gate)
		for admitted := 0; admitted < 100; admitted++ { // the bucket is empty: who comes now waits
			if !admits(t, one) {
				t.Fatal("refused")
			}
		}
		refused := make(chan bool, 20)
		for range cap(refused) {
			go func() { refused <- other.Admit(t.Context()) != nil }()
		}
		time.Sleep(time.Millisecond)
		tells(one, time.Now(), tooMany, time.Hour)
		for range cap(refused) {
			if !<-refused {
				t.Fatal("a request went out while the gate was closed")
			}
		}
		if admits(t, one) || admits(t, other) {
			t.Error("a request goes out while the gate is closed")
		}
	})
}

func TestAGateReopensForExactlyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := poller.NewGate()
		accounts := []*poller.Account{poller.NewAccount(all, gate), poller.NewAccount(all, gate)}
		through := func() (n int) {
			for i := range 50 {
				if admits(t, accounts[i%2]) {
					n++
				}
			}
			return n
		}
		ask(t, accounts[0], tooMany, time.Minute)
		for range 3 {
			time.Sleep(time.Minute)
			if n := through(); n != 1 {
				t.Fatalf("%d go through, want one to try", n)
			}
			time.Sleep(time.Hour) // however long its answer takes
			if n := through(); n != 0 {
				t.Fatalf("%d more go through before the answer", n)
			}
			tells(accounts[0], time.Now(), tooMany, time.Minute)
		}
		time.Sleep(time.Minute)
		ask(t, accounts[1], http.StatusOK, 0)
		if n := through(); n != 50 {
			t.Errorf("%d of 50 go through after a success", n)
		}
	})
}

func TestAnAnswerOnItsWayWhenTheGateClosedDoesNotOpenIt(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 2 * time.Minute} { // before and after it may be tried
		synctest.Test(t, func(t *testing.T) {
			a := poller.NewAccount(all, poller.NewGate())
			if !admits(t, a) {
				t.Fatal("refused")
			}
			slow := time.Now()
			time.Sleep(time.Second)
			ask(t, a, tooMany, time.Minute)
			time.Sleep(after)
			tried := admits(t, a)
			tells(a, slow, http.StatusOK, 0)
			if tried != (after > time.Minute) || admits(t, a) {
				t.Errorf("%s after the gate closed, an answer to what was sent before opened it", after)
			}
		})
	}
}

func TestARefusalOnItsWayWhileOneTriesDoesNotLockTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := poller.NewAccount(all, poller.NewGate())
		if !admits(t, a) {
			t.Fatal("refused")
		}
		slow := time.Now()
		time.Sleep(time.Second)
		ask(t, a, tooMany, time.Minute)
		time.Sleep(time.Minute)
		if !admits(t, a) {
			t.Fatal("nobody may try")
		}
		trying := time.Now()
		time.Sleep(time.Second)
		tells(a, slow, tooMany, time.Hour)
		time.Sleep(time.Second)
		tells(a, trying, http.StatusOK, 0)
		if admits(t, a) {
			t.Error("open although the console asks to wait an hour")
		}
		time.Sleep(time.Hour)
		ask(t, a, http.StatusOK, 0)
		for range 2 {
			if !admits(t, a) {
				t.Error("not open after a success")
			}
		}
	})
}

func TestWhenNobodyAnswersTheOneThatTriesAnotherTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := poller.NewGate()
		a, full := poller.NewAccount(all, gate), poller.NewAccount(quota.Share{Share: 0.1}, gate)
		full.Responded(runzero.Exchange{Sent: time.Now(), Code: http.StatusOK, Usage: runzero.Usage{Limit: runzero.Known(1)}})
		ask(t, a, tooMany, time.Minute)
		time.Sleep(time.Minute)
		for range 3 {
			ask(t, a, 0, 0) // the connection broke
			// Nor does one that is refused for its quota open the gate for others.
			if err := full.Admit(t.Context()); err == nil {
				t.Fatal("the account has no quota, and may ask")
			}
			if !admits(t, a) {
				t.Fatal("nobody may try after one that was not answered")
			}
			if admits(t, a) {
				t.Fatal("open without an answer")
			}
			tells(a, time.Now(), 0, 0)
		}
		ask(t, a, http.StatusOK, 0)
		for range 2 {
			if !admits(t, a) {
				t.Error("not open after a success")
			}
		}
	})
}

func TestA429WithNothingLeftIsTheQuotaAndLeavesTheGateOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := poller.NewGate()
		spent, other := poller.NewAccount(all, gate), poller.NewAccount(all, gate)
		if !admits(t, spent) {
			t.Fatal("refused")
		}
		spent.Responded(runzero.Exchange{Sent: time.Now(), Code: tooMany, RetryAfter: time.Hour, Usage: runzero.Usage{Limit: runzero.Known(100), Remaining: runzero.Known(0)}})
		if !admits(t, other) {
			t.Error("another account of the console is refused")
		}
		s := spent.Standing(time.Now())
		if s.Paused[poller.RateLimit] || !s.Paused[poller.Quota] {
			t.Errorf("paused for %v", s.Paused)
		}
	})
}
