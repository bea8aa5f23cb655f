//go:build port

package poller_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// all is a share that holds nobody back, so that only the gate does.
var all = quota.Share{Share: 1}

// admits tells whether a request would be let through, and counts it if so.
func admits(t *testing.T, a *poller.Account) bool {
	t.Helper()
	err := a.Admit(t.Context())
	if refusal := (*poller.PausedError)(nil); err != nil && (!errors.As(err, &refusal) || refusal.Reason != poller.RateLimit) {
		t.Fatalf("refused for another reason: %v", err)
	}
	return err == nil
}

// tells has a request that was sent at an instant answered now.
func tells(a *poller.Account, sent time.Time, code int, wait time.Duration) {
	a.Responded(runzero.Exchange{Sent: sent, Code: code, Authenticated: true, RetryAfter: wait})
}

// ask sends a request and has it answered at once.
func ask(t *testing.T, a *poller.Account, code int, wait time.Duration) {
	t.Helper()
	if !admits(t, a) {
		t.Fatal("refused")
	}
	tells(a, time.Now(), code, wait)
}

const tooMany = http.StatusTooManyRequests

func TestTheBurstLimitIsNotReachedByAnyNumberOfCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := poller.NewGate()
		accounts := []*poller.Account{poller.NewAccount(all, gate), poller.NewAccount(all, gate)}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var sent []time.Time
		var callers sync.WaitGroup
		for i := range 500 {
			callers.Go(func() {
				for accounts[i%2].Admit(ctx) == nil {
					mu.Lock()
					sent = append(sent, time.Now())
					mu.Unlock()
					tells(accounts[i%2], time.Now(), http.StatusOK, 0)
				}
			})
		}
		time.Sleep(20 * time.Minute)
		cancel()
		callers.Wait()
		slices.SortFunc(sent, time.Time.Compare)
		const window = 5 * time.Minute
		most, first := 0, 0
		for i, at := range sent {
			for at.Sub(sent[first]) >= window {
				first++
			}
			most = max(most, i-first+1)
		}
		if most >= 2000 || most < 900 {
			t.Errorf("up to %d requests in 5 minutes, want well under 2,000 and not few", most)
		}
	})
}

func TestAGateStaysClosedForAsLongAsTheConsoleAsks(t *testing.T) {
	inThreeMinutes := func() string { return time.Now().Add(3 * time.Minute).UTC().Format(http.TimeFormat) }
	for what, c := range map[string]struct {
		header func() string
		want   time.Duration
	}{
		"seconds":              {func() string { return "90" }, 90 * time.Second},
		"a date":               {inThreeMinutes, 3 * time.Minute},
		"nothing":              {nil, 30 * time.Second},
		"no time at all":       {func() string { return "0" }, 30 * time.Second},
		"nonsense":             {func() string { return "soon" }, 30 * time.Second},
		"a date that has been": {func() string { return "Thu, 02 Jan 1997 15:04:05 GMT" }, 30 * time.Second},
		"a year":               {func() string { return "31536000" }, 24 * time.Hour},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(small)
				fault := simulator.Fault{Status: tooMany, Times: 1, Header: http.Header{}}
				if c.header != nil {
					fault.Header.Set("Retry-After", c.header())
				}
				console.Inject(fault)
				account := poller.NewAccount(all, poller.NewGate())
				organizations := asking(t, console, account)
				if organizations() == nil {
					t.Fatal("the console refuses, and there is no error")
				}
				time.Sleep(c.want - time.Nanosecond)
				if err := organizations(); err == nil || !strings.Contains(err.Error(), "too many requests") {
					t.Errorf("asked before the time: %v", err)
				}
				if !account.Standing(time.Now()).Paused[poller.RateLimit] {
					t.Error("does not stand as paused")
				}
				time.Sleep(time.Nanosecond)
				if err := organizations(); err != nil {
					t.Errorf("refused after the time: %v", err)
				}
				if n := console.Count(); n != 2 {
					t.Errorf("%d requests, want the refused one and the last", n)
				}
			})
		})
	}
}

// asking makes a client of the console, which asks for one thing.
func asking(t *testing.T, console *simulator.Console, account *poller.Account) func() error {
	t.Helper()
	dial, closePipe := simulator.Pipe(console)
	t.Cleanup(closePipe)
	client, err := runzero.New(runzero.Config{
		URL: "http://localhost", DialContext: dial, Admit: account.Admit, Observer: account.Observer("1"),
		HTTP: config.HTTPClientConfig{Authorization: &config.Authorization{Credentials: config.Secret(console.ExportToken(0))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, err := client.Organizations(t.Context())
		return err
	}
}

// closedFor measures how long a gate refuses.
func closedFor(t *testing.T, a *poller.Account) time.Duration {
	t.Helper()
	began := time.Now()
	for a.Standing(time.Now()).Paused[poller.RateLimit] {
		time.Sleep(time.Second)
	}
	return time.Since(began)
}

func TestAGateThatIsNotToldHowLongDoublesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := poller.NewAccount(all, poller.NewGate())
		for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
			ask(t, a, tooMany, 0)
			if got := closedFor(t, a); got != want*time.Second {
				t.Errorf("closed for %s, want %s", got, want*time.Second)
			}
		}
		ask(t, a, http.StatusOK, 0)
		ask(t, a, tooMany, 0)
		if got := closedFor(t, a); got != 30*time.Second {
			t.Errorf("closed for %s after a success, want 30s", got)
		}
	})
}

func TestSeveralThatAreRefusedTogetherAreOneRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := poller.NewAccount(all, poller.NewGate())
		var sent []time.Time
		for range 6 {
			if !admits(t, a) {
				t.Fatal("refused")
			}
			sent = append(sent, time.Now())
		}
		for _, at := range sent {
			time.Sleep(7 * time.Second) // the last after the gate could open again
			tells(a, at, tooMany, 0)
		}
		if got := closedFor(t, a); got != 0 {
			t.Errorf("closed for another %s: refusals of one time count as several", got)
		}
		ask(t, a, tooMany, 0)
		if got := closedFor(t, a); got != time.Minute {
			t.Errorf("closed for %s by the second refusal, want 1m", got)
		}
	})
}
