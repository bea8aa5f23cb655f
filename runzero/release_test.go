package runzero_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestReadsTheExplorerReleaseWithoutACredential(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"agent","version":"5.1.260818.0"}`:                   "5.1.260818.0",
		`{"version":"5.1.260818.0 (build PLANTED)","id":"PLANTED"}`: "5.1.260818.0",
		`{"id":"agent"}`:    "",
		`{"version":null}`:  "",
		`[{"version":"5"}]`: "",
		`"5.1"`:             "",
		`<html>PLANTED`:     "",
		`{"version":"5`:     "",
	} {
		log := &requests{next: data(body)}
		got, err := serve(t, log, runzero.Config{}).ExplorerRelease(t.Context())
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q (%v), want %q", body, got, err, want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "/releases/agent/version: ") || strings.Contains(err.Error(), "PLANTED")) {
			t.Errorf("%s: error %v", body, err)
		}
		request := log.take()[0]
		if request.URL.RequestURI() != "/api/v1.0/releases/agent/version" || request.Header.Get("Authorization") != "" {
			t.Errorf("requested %v with %v, want no credential", request.URL, request.Header)
		}
	}
}

func TestExplorerReleaseIsCachedForADayAndAFailureForAnHour(t *testing.T) {
	for _, c := range []struct {
		first    string
		console  http.HandlerFunc
		lifetime time.Duration
	}{
		{"1.0", data(`{"version":"1.0"}`), 24 * time.Hour},
		{"", answer(http.StatusNotFound, "", ""), time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			log := &requests{next: c.console}
			client := serve(t, log, runzero.Config{})
			expect := func(want string, calls int) {
				t.Helper()
				got, err := client.ExplorerRelease(t.Context())
				if n := len(log.take()); got != want || (err == nil) != (want != "") || n != calls {
					t.Errorf("%q (%v) in %d calls, want %q in %d", got, err, n, want, calls)
				}
			}
			expect(c.first, 1)
			log.next = data(`{"version":"2.0"}`)
			expect(c.first, 0)
			<-time.After(c.lifetime - time.Second)
			expect(c.first, 0)
			<-time.After(time.Second)
			expect("2.0", 1)
		})
	}
}

func TestConcurrentRequestsFetchOneExplorerRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-time.After(time.Minute)
			data(`{"version":"1.0"}`)(w, r)
		})}
		client := serve(t, log, runzero.Config{})
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				if got, err := client.ExplorerRelease(t.Context()); got != "1.0" || err != nil {
					t.Errorf("%q (%v)", got, err)
				}
			})
		}
		synctest.Wait()
		if _, err := client.ExplorerRelease(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that it stops waiting", err)
		}
		group.Wait()
		if n := len(log.take()); n != 1 {
			t.Errorf("%d calls, want one", n)
		}
	})
}

func TestUnsentRequestForTheExplorerReleaseIsNotCached(t *testing.T) {
	log := &requests{next: data(`{"version":"1.0"}`)}
	closed := errors.New("the gate is closed")
	gate := func() error { return closed }
	client := serve(t, log, runzero.Config{Admit: func(context.Context) error { return gate() }})
	if _, err := client.ExplorerRelease(t.Context()); !errors.Is(err, closed) {
		t.Errorf("error %v, want the gate's", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gate = func() error { cancel(); return t.Context().Err() }
	if _, err := client.ExplorerRelease(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
	if got, err := client.ExplorerRelease(t.Context()); got != "1.0" || err != nil {
		t.Errorf("%q (%v)", got, err)
	}
}
