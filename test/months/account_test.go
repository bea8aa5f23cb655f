package months

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// account is an account in which everything can change: its licence, its organizations, their names, its tokens. A
// simulated console is as it was made, so that one after another is used, all with the same seed.
type account struct {
	mu      sync.Mutex
	options simulator.Options
	console *simulator.Console
	tokens  map[string]string // the valid ones, and what each is to the console
	renamed []string          // names of organizations, old and new in turn
	down    bool

	day     time.Time // when the quota was last reset
	spent   int       // requests since
	allowed int       // the exporter's share of the limit; the largest of the day
	errors  []string
}

const share = 0.5

func newAccount(o simulator.Options) *account {
	a := &account{options: o, console: simulator.New(o), tokens: map[string]string{}}
	for _, token := range []string{a.console.AccountToken(), a.console.ExportToken(0)} {
		a.tokens[token] = token
	}
	return a
}

// set changes the account as the operator of the console could.
func (a *account) set(change func(*account)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

// change changes what the console is made of.
func (a *account) change(change func(*simulator.Options)) {
	a.set(func(a *account) {
		spent := a.console.Usage().Today
		change(&a.options)
		a.console = simulator.New(a.options)
		a.console.Spend(spent)
		a.allowed = max(a.allowed, a.shareOfLimit())
	})
}

// rotate replaces the account token.
func (a *account) rotate(token string) {
	a.set(func(a *account) {
		maps.DeleteFunc(a.tokens, func(_, means string) bool { return means == a.console.AccountToken() })
		a.tokens[token] = a.console.AccountToken()
	})
}

func (a *account) shareOfLimit() int { return int(share * float64(a.options.Limit)) }

// count counts a request, and checks the requests of each day.
func (a *account) count() {
	reset := time.Now().UTC().Add(-a.options.DayStart).Truncate(24 * time.Hour).Add(a.options.DayStart)
	if !reset.Equal(a.day) {
		a.day, a.spent, a.allowed = reset, 0, a.shareOfLimit()
	}
	if a.spent++; a.spent > a.allowed {
		a.errors = append(a.errors, fmt.Sprintf("request %d since %s, allowed are %d", a.spent, a.day, a.allowed))
	}
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.down {
		a.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	a.count()
	console, renamed := a.console, strings.NewReplacer(a.renamed...)
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		r.Header.Set("Authorization", scheme+" "+a.tokens[token])
	}
	a.mu.Unlock()

	r.Header.Del("Accept-Encoding") // names cannot be replaced in compressed text
	response := httptest.NewRecorder()
	console.ServeHTTP(response, r)
	maps.Copy(w.Header(), response.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(response.Code)
	_, _ = renamed.WriteString(w, response.Body.String())
}

// organizations are the names of those that are to be polled.
func (a *account) organizations() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for _, o := range a.console.Organizations() {
		if !o.Demo && !o.Inactive {
			names = append(names, strings.NewReplacer(a.renamed...).Replace(o.Name))
		}
	}
	return names
}
