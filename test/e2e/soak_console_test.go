//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// soakConsoles are two consoles that are equal but for the number of assets. Either may respond to a request, so that
// responses differ all the time; in times of trouble every other request fails.
type soakConsoles struct {
	token    string
	fronts   []string // the consoles' URL for each account
	trouble  atomic.Bool
	requests atomic.Int64
	failed   atomic.Int64

	mu    sync.Mutex
	twins []*twin
	seen  map[string]map[float64]bool // numbers of assets so far, by organization
	until time.Time
}

func newSoakConsoles(t *testing.T) *soakConsoles {
	t.Helper()
	c := &soakConsoles{seen: map[string]map[float64]bool{}, until: time.Now().Add(-time.Second)}
	var targets []*url.URL
	for _, assets := range []int{60, 90} {
		console, env := startConsole(t, 3, assets, unlimited)
		c.token = strings.TrimPrefix(env[0], "RUNZERO_TOKEN=")
		target, err := url.Parse(console)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, target)
		c.twins = append(c.twins, newTwin(3, assets))
	}
	for i := range soakAccounts {
		// From an address of its own, because consoles limit the requests of an address.
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i+1))}}
		front := httptest.NewServer(c.front(targets, dialer.DialContext))
		t.Cleanup(front.Close)
		c.fronts = append(c.fronts, front.URL)
	}
	return c
}

func (c *soakConsoles) front(targets []*url.URL, dial func(context.Context, string, string) (net.Conn, error)) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(targets[rand.IntN(len(targets))]) },
		Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Context().Value(cutKey{}) != nil {
				r.Body = &cutBody{ReadCloser: r.Body, left: rand.Int64N(2000)}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		if c.trouble.Load() && rand.IntN(2) == 0 {
			c.failed.Add(1)
			switch rand.IntN(5) {
			case 0:
				w.WriteHeader(http.StatusInternalServerError)
				return
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				r = r.WithContext(context.WithValue(r.Context(), cutKey{}, true))
			case 3:
				_, _ = io.WriteString(w, `[{"id": "no more than this`)
				return
			case 4:
				select {
				case <-time.After(time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}
		forward.ServeHTTP(w, r)
	})
}

type cutKey struct{}

// cutBody fails in the middle.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("cut")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// file is the n-th configuration. Most are alike, some have a query more, some are invalid,
// and one counts in another way, so that nothing of what is cached can be used.
func (c *soakConsoles) file(n int) string {
	text := "accounts:\n"
	for i, front := range c.fronts {
		text += fmt.Sprintf("  - {name: a%d, url: %q, credentials: [{authorization: {credentials: %s}}]}\n", i, front, c.token)
	}
	switch {
	case n%16 == 7:
		text += "collectors: {assets: {top: 5}}\n"
	case n%4 == 1:
		text += "queries: [{name: alive, of: assets, search: 'alive:t', interval: 1s}]\n"
	case n%4 == 2:
		text += "no: such key\n"
	}
	return text
}

// totals are the numbers of assets that the consoles have had so far, and will have for as
// long as a wave may take, by organization.
func (c *soakConsoles) totals() map[string]map[float64]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for end := time.Now().Add(patience); c.until.Before(end); c.until = c.until.Add(time.Second) {
		for _, twin := range c.twins {
			twin.now = c.until
			for i, o := range twin.Organizations() {
				if c.seen[o.Name] == nil {
					c.seen[o.Name] = map[float64]bool{}
				}
				c.seen[o.Name][float64(twin.Rows(i, "assets"))] = true
			}
		}
	}
	totals := map[string]map[float64]bool{}
	for name, seen := range c.seen {
		totals[name] = maps.Clone(seen)
	}
	return totals
}
