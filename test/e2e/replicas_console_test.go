//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// sharedConsole is a simulated console that several exporters poll, each through an HTTP proxy of its own, so that it
// knows who asks: the console's URL, which is part of what they share, is the same for all.
type sharedConsole struct {
	*simulator.Console
	mu    sync.Mutex
	asked []*asked
}

// asked is a request.
type asked struct {
	by           string // the exporter
	what         string // path and organization
	counts       bool   // as a call of the daily quota: it has a token
	began, ended time.Time
}

// sharedURL is where the console is, for those who ask their proxy.
const sharedURL = "http://console.example"

func newSharedConsole() *sharedConsole {
	// So small a fleet does not vary, and so quiet a console does not either: what is exposed stays.
	c := &sharedConsole{Console: simulator.New(simulator.Options{
		Seed: 7, Organizations: 3, Assets: 60, Limit: unlimited, Burst: unlimited, Quiet: true,
	})}
	c.Inject(simulator.Fault{Delay: thinking})
	return c
}

// through starts the proxy of an exporter, and returns the environment that makes it use it.
func (c *sharedConsole) through(t *testing.T, name string) (env []string) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := &asked{by: name, what: r.URL.Path + " " + r.URL.Query().Get("_oid"), counts: r.Header.Get("Authorization") != "", began: time.Now()}
		c.mu.Lock()
		c.asked = append(c.asked, request)
		c.mu.Unlock()
		c.ServeHTTP(w, r)
		c.mu.Lock()
		request.ended = time.Now()
		c.mu.Unlock()
	}))
	t.Cleanup(proxy.Close)
	return []string{"RUNZERO_TOKEN=" + c.AccountToken(), "HTTP_PROXY=" + proxy.URL, "RUNZERO_URL=" + sharedURL, "RUNZERO_ALLOW_HTTP=true"}
}

// requests are those since a time, in the order in which they came.
func (c *sharedConsole) requests(since time.Time) []asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []asked
	for _, a := range c.asked {
		if !a.began.Before(since) {
			all = append(all, *a)
		}
	}
	return all
}

// text is what was requested when, and by whom.
func (c *sharedConsole) text() string {
	var text strings.Builder
	for _, a := range c.requests(time.Time{}) {
		took := "not answered"
		if !a.ended.IsZero() {
			took = a.ended.Sub(a.began).String()
		}
		fmt.Fprintln(&text, a.began.UTC().Format("15:04:05.000"), a.by, a.what, took)
	}
	return text.String()
}

// by are those of one exporter.
func by(name string, all []asked) []asked {
	return slices.DeleteFunc(slices.Clone(all), func(a asked) bool { return a.by != name })
}

// calls are those that count.
func calls(all []asked) []asked {
	return slices.DeleteFunc(slices.Clone(all), func(a asked) bool { return !a.counts })
}

// byWhat are the requests by what they request.
func byWhat(all []asked) map[string][]asked {
	groups := map[string][]asked{}
	for _, a := range all {
		groups[a.what] = append(groups[a.what], a)
	}
	return groups
}

// turns are the exporters that asked, in turn: a b a.
func turns(all []asked) string {
	var turns []string
	for _, a := range all {
		turns = append(turns, a.by)
	}
	return strings.Join(slices.Compact(turns), " ")
}
