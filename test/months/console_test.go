//go:build port

package months

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// changing is an account whose licence, organizations, names and tokens change while it
// is asked, which those of one simulated console never do: one after another of the
// same seed answers for it.
type changing struct {
	mu      sync.Mutex
	options simulator.Options
	console *simulator.Console
	share   float64
	tokens  map[string]string // those taken, and what each is to the console
	renamed []string          // organizations, each before its new name
	down    bool
	asked   map[string]int // since forget, by path and organization
	day     time.Time      // when the account's day began
	spent   int            // calls since
	most    int            // as many as they may be
	broken  []string
}

func newChanging(share float64, o simulator.Options) *changing {
	c := &changing{
		options: o, console: simulator.New(o), share: share, tokens: map[string]string{}, asked: map[string]int{},
	}
	for _, token := range []string{c.console.AccountToken(), c.console.ExportToken(0)} {
		c.tokens[token] = token
	}
	return c
}

// change makes another account of it. What was spent stays spent.
func (c *changing) change(do func(*simulator.Options)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.console.Usage().Today
	do(&c.options)
	c.console = simulator.New(c.options)
	c.console.Spend(before)
	c.allow()
}

// set changes what is not of the simulated console.
func (c *changing) set(do func(*changing)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do(c)
}

// allow notes how much may be spent; of a day on which that changes, the most.
func (c *changing) allow() { c.most = max(c.most, int(c.share*float64(c.options.Limit)+1e-9)) }

// turn lets the account's day turn.
func (c *changing) turn(now time.Time) {
	began := now.UTC().Add(-c.options.DayStart).Truncate(24 * time.Hour).Add(c.options.DayStart)
	if began.Equal(c.day) {
		return
	}
	if c.spent > c.most {
		c.broken = append(c.broken, fmt.Sprintf("%d calls in the day from %s, want at most %d", c.spent, c.day, c.most))
	}
	c.day, c.spent, c.most = began, 0, 0
	c.allow()
}

func (c *changing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	if c.down {
		c.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	c.turn(time.Now())
	c.spent++
	c.asked[strings.TrimPrefix(r.URL.Path, "/api/v1.0")+" "+r.URL.Query().Get("_oid")]++
	r.Header.Del("Accept-Encoding") // it takes long, and names are not found in it
	console, renamed := c.console, c.renamed
	if scheme, token, sent := strings.Cut(r.Header.Get("Authorization"), " "); sent {
		r.Header.Set("Authorization", scheme+" "+c.tokens[token])
	}
	c.mu.Unlock()
	if len(renamed) == 0 {
		console.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	console.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	_, _ = strings.NewReplacer(renamed...).WriteString(w, answer.Body.String())
}

// organizations are those that are to be polled, as they are called now, by id.
func (c *changing) organizations() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := map[string]string{}
	for _, o := range c.console.Organizations() {
		if o.Demo || o.Inactive {
			continue
		}
		names[o.ID] = strings.NewReplacer(c.renamed...).Replace(o.Name)
	}
	return names
}

// forget starts to count anew, and returns what was counted.
func (c *changing) forget() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = map[string]int{}
	return asked
}

// check says which days were not as they must be.
func (c *changing) check(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, broken := range c.broken {
		t.Error(broken)
	}
	c.broken = nil
}
