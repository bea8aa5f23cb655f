//go:build port

package poller_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

const interval = 15 * time.Minute

// world is a poller that asks a simulated console, all inside one synctest bubble.
type world struct {
	t       testing.TB
	console *simulator.Console
	poller  *poller.Poller
	target  poller.Target
	log     *lines
	cancel  context.CancelFunc
	done    chan struct{}
	stop    func() // ends the poller; what is under way is cut short
}

type setup struct {
	console simulator.Options
	on      *simulator.Console                    // instead of a new console
	handler func(*simulator.Console) http.Handler // nil: the console itself
	token   func(*simulator.Console) string       // nil: the first organization's export token
	tokens  func(*simulator.Console) []string     // instead of token: credentials named after their place
	config  poller.Config
	target  poller.Target
	idle    bool // do not run
}

func newWorld(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{t: t, console: s.on, log: &lines{}, done: make(chan struct{})}
	if w.console == nil {
		w.console = simulator.New(s.console)
	}
	handler := http.Handler(w.console)
	if s.handler != nil {
		handler = s.handler(w.console)
	}
	dial, closePipe := simulator.Pipe(handler)
	tokens := []string{w.console.ExportToken(0)}
	switch {
	case s.tokens != nil:
		tokens = s.tokens(w.console)
	case s.token != nil:
		tokens = []string{s.token(w.console)}
	}
	for i, token := range tokens {
		settings := runzero.Config{
			URL:         "http://localhost",
			HTTP:        config.HTTPClientConfig{Authorization: &config.Authorization{Credentials: config.Secret(token)}},
			DialContext: dial,
		}
		if s.target.Account != nil {
			settings.Admit, settings.Observer = s.target.Account.Admit, s.target.Account.Observer(strconv.Itoa(i+1))
		}
		client, err := runzero.New(settings)
		if err != nil {
			t.Fatal(err)
		}
		s.target.Credentials = append(s.target.Credentials, poller.Credential{Name: strconv.Itoa(i + 1), Client: client})
	}
	if s.target.Collectors == nil {
		s.target.Collectors = collectors()
	}
	s.config.Logger = log.NewLogfmtLogger(w.log)
	w.target = s.target
	w.poller = poller.New(s.config, []poller.Target{s.target})
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	if s.idle {
		close(w.done)
	} else {
		go func() { w.poller.Run(ctx); close(w.done) }()
	}
	w.stop = sync.OnceFunc(func() {
		cancel()
		<-w.done
		closePipe()
	})
	t.Cleanup(w.stop)
	return w
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// collectors are all that an export token reaches and that are on by default, at their
// default intervals, asked organization by organization.
func collectors() []poller.Collector {
	settings := collector.Settings{AssetLabels: []string{"site_name", "asset_type"}, AssetTop: 100, ScanMaxAge: 7 * 24 * time.Hour}
	var all []poller.Collector
	for _, spec := range collector.Specs() {
		if spec.OffByDefault || spec.Scope == collector.HeadersOnly || spec.Needs != "" && spec.Needs != runzero.ExportToken {
			continue
		}
		c := poller.Collector{Name: spec.Name, Scope: spec.Scope, Needs: spec.Needs, Interval: spec.Interval, Collector: spec.New(settings)}
		if c.Interval == 0 {
			c.Interval = interval
		}
		all = append(all, c)
	}
	return all
}

// one is a target with this collector alone, called sites, so that it needs no other.
func one(c collector.Collector) poller.Target {
	return poller.Target{Collectors: []poller.Collector{{Name: "sites", Interval: interval, Collector: c}}}
}

// small is a console whose answers are quickly made.
var small = simulator.Options{Sites: 2, Assets: 40}

type collectFunc func(context.Context, collector.Poll) (collector.Snapshot, error)

func (f collectFunc) Collect(ctx context.Context, p collector.Poll) (collector.Snapshot, error) {
	return f(ctx, p)
}

// pass lets simulated time go by, and what happens in it happen.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// asked counts the requests so far by endpoint.
func (w *world) asked(endpoint string) int {
	n := 0
	for _, call := range w.console.Calls() {
		if call.Path == endpoint {
			n++
		}
	}
	return n
}

// values returns a family's samples by the values of these labels.
func (w *world) values(family string, labels ...string) map[string]float64 {
	w.t.Helper()
	families, err := w.poller.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if f.GetName() != family {
			continue
		}
		for _, m := range f.GetMetric() {
			values[key(m, labels)] += m.GetGauge().GetValue()
		}
	}
	return values
}

func key(m *dto.Metric, labels []string) string {
	var parts []string
	for _, label := range labels {
		for _, pair := range m.GetLabel() {
			if pair.GetName() == label {
				parts = append(parts, pair.GetValue())
			}
		}
	}
	return strings.Join(parts, "/")
}

func (w *world) expect(family, of string, want float64) {
	w.t.Helper()
	if got, ok := w.values(family, "collector")[of]; !ok || got != want {
		w.t.Errorf("%s of %s is %v (there: %v), want %v", family, of, got, ok, want)
	}
}

func TestTheFirstRoundAsksAtOnceAndTheCheapestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		w.pass(10 * time.Second)
		var order []string
		for _, call := range w.console.Calls() {
			if call.Path != "/health" { // of the console, not of the organization
				order = append(order, call.Path)
			}
		}
		want := []string{"/export/org/assets.json", "/export/org/sites.json", "/export/org/tasks.jsonl", "/export/org/assets.jsonl"}
		if !slices.Equal(order, want) {
			t.Errorf("asked %v, want %v", order, want)
		}
		if !w.poller.Ready() {
			t.Error("not ready although everything was answered")
		}
	})
}

func TestEachCollectorIsAskedOnceAnIntervalAndNeverSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{console: small})
		w.pass(24 * time.Hour)
		for endpoint, every := range map[string]time.Duration{
			"/export/org/sites.json": interval, "/export/org/tasks.jsonl": interval, "/export/org/assets.jsonl": interval, "/health": time.Hour,
		} {
			var last time.Time
			n := 0
			for _, call := range w.console.Calls() {
				if call.Path != endpoint {
					continue
				}
				if n++; n > 1 && call.Time.Sub(last) < every {
					t.Fatalf("%s asked again after %s, before its interval of %s", endpoint, call.Time.Sub(last), every)
				}
				last = call.Time
			}
			ideal := int(24 * time.Hour / every)
			if n > ideal+1 || float64(n) < 0.9*float64(ideal) {
				t.Errorf("%s asked %d times in a day, want about %d", endpoint, n, ideal)
			}
		}
		if n := w.asked("/export/org/assets.json"); n != 1 {
			t.Errorf("the token's organization was asked for %d times, want once", n)
		}
	})
}

func TestManyOrganizationsAreSpreadOverTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		perMinute := map[time.Duration]int{}
		var mu sync.Mutex
		const organizations = 60
		w := newWorld(t, setup{
			console: simulator.Options{Organizations: organizations, Sites: 2, Assets: 40},
			token:   (*simulator.Console).AccountToken,
			target: one(collectFunc(func(context.Context, collector.Poll) (collector.Snapshot, error) {
				mu.Lock()
				defer mu.Unlock()
				perMinute[time.Since(start).Truncate(time.Minute)]++
				return collector.Snapshot{}, nil
			})),
		})
		w.pass(6 * time.Hour)
		even := organizations / int(interval/time.Minute)
		for minute, n := range perMinute {
			if minute >= interval && n > 4*even {
				t.Errorf("%d polls in the minute %s, where %d would be even: a herd", n, minute, even)
			}
		}
	})
}

func TestNoScrapeCausesACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		w.pass(time.Minute)
		before := w.console.Count()
		for range 200 {
			if families, err := w.poller.Gather(); err != nil || len(families) < 30 {
				t.Fatalf("%d families, %v", len(families), err)
			}
		}
		synctest.Wait()
		if after := w.console.Count(); after != before {
			t.Errorf("200 scrapes caused %d calls", after-before)
		}
	})
}

func TestAgesGrowFromScrapeToScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		w.pass(time.Minute)
		first, scanned := w.values("runzero_scan_age_seconds", "site_name"), w.values("runzero_scan_last_success_timestamp_seconds", "site_name")
		if len(first) == 0 || len(first) != len(scanned) {
			t.Fatalf("%d ages of %d scans", len(first), len(scanned))
		}
		w.pass(time.Minute)
		for site, age := range w.values("runzero_scan_age_seconds", "site_name") {
			if age != first[site]+60 {
				t.Errorf("%s: %v, a minute after %v", site, age, first[site])
			}
			if now := float64(time.Now().Unix()); age != now-scanned[site] {
				t.Errorf("%s: the age is %v, and its scan was %v ago", site, age, now-scanned[site])
			}
		}
	})
}

func TestAFailureKeepsTheLastGoodAnswerAndHeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		w.pass(time.Minute)
		good := w.values("runzero_assets", "site_name", "asset_type")
		stamp := w.values("runzero_collector_last_success_timestamp_seconds", "collector")["assets"]
		remove := w.console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Truncate: 2000})
		w.pass(2 * time.Hour)
		if now := w.values("runzero_assets", "site_name", "asset_type"); len(now) != len(good) {
			t.Errorf("%d series, want the %d of the last good answer", len(now), len(good))
		}
		w.expect("runzero_collector_success", "assets", 0)
		w.expect("runzero_collector_success", "tasks", 1)
		w.expect("runzero_collector_last_success_timestamp_seconds", "assets", stamp)
		if n := w.values("runzero_collector_consecutive_failures", "collector")["assets"]; n < 3 {
			t.Errorf("%v failures in a row, want some", n)
		}
		remove()
		w.pass(90 * time.Minute)
		w.expect("runzero_collector_success", "assets", 1)
		w.expect("runzero_collector_consecutive_failures", "assets", 0)
		if !strings.Contains(w.log.String(), "polls succeed again") {
			t.Error("the log does not say that polls succeed again")
		}
	})
}

func TestWhatIsTooOldIsWithdrawnAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{config: poller.Config{MaxAge: 72 * time.Hour}})
		w.pass(time.Minute)
		remove := w.console.Inject(simulator.Fault{Drop: true})
		w.pass(71 * time.Hour)
		if len(w.values("runzero_sites")) == 0 {
			t.Error("withdrawn before its age")
		}
		w.pass(time.Hour + time.Minute)
		if len(w.values("runzero_sites"))+len(w.values("runzero_scan_age_seconds")) != 0 {
			t.Error("served after its age")
		}
		w.expect("runzero_collector_success", "sites", 0)
		w.pass(100 * time.Hour)
		remove()
		w.pass(2 * time.Hour)
		if len(w.values("runzero_sites")) == 0 {
			t.Error("did not come back by itself")
		}
	})
}

func TestWithoutAMaxAgeAnswersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{})
		w.pass(time.Minute)
		w.console.Inject(simulator.Fault{Status: http.StatusBadGateway})
		w.pass(400 * time.Hour)
		if len(w.values("runzero_sites")) == 0 {
			t.Error("withdrawn although there is no age")
		}
	})
}

func TestAPanicIsTheFailureOfOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var panics atomic.Bool
		panics.Store(true)
		w := newWorld(t, setup{target: one(collectFunc(func(context.Context, collector.Poll) (collector.Snapshot, error) {
			if panics.Load() {
				panic("10.0.0.7 of jane@example.com")
			}
			return collector.Snapshot{}, nil
		}))})
		w.pass(time.Minute)
		w.expect("runzero_collector_success", "sites", 0)
		if text := w.log.String(); !strings.Contains(text, "panicked") || !strings.Contains(text, "poller_test.go") || strings.Contains(text, "10.0.0.7") {
			t.Errorf("the log should say that and where a collector panicked, and not with what: %s", text)
		}
		panics.Store(false)
		w.pass(time.Hour)
		w.expect("runzero_collector_success", "sites", 1)
	})
}

func TestStoppingEndsAPollThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{idle: true})
		w.console.Inject(simulator.Fault{Path: "/export/org/sites.json", Delay: time.Hour})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan time.Time, 1)
		go func() { w.poller.Run(ctx); ended <- time.Now() }()
		w.pass(time.Minute)
		stopped := time.Now()
		cancel()
		if took := (<-ended).Sub(stopped); took > time.Second {
			t.Errorf("took %s to stop", took)
		}
		if strings.Contains(w.log.String(), "poll failed") {
			t.Error("a poll that was stopped is reported as failed")
		}
	})
}

// Wherever the loop stands when its time is up, it does not wait for what was due next.
func TestStoppingEndsTheLoopWhereverItStands(t *testing.T) {
	for look, late := int64(1), false; !late; look++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, setup{idle: true})
			inner, cancel := context.WithCancel(t.Context())
			begun := time.Now()
			var ended time.Time
			ctx := &lookedAt{Context: inner, cancel: func() { ended = time.Now(); cancel() }}
			ctx.left.Store(look)
			w.poller.Run(ctx)
			if waited := time.Since(ended); waited > 0 {
				t.Errorf("cancelled at look %d, the loop went on for %s", look, waited)
			}
			late = ended.After(begun) // the first round is over
		})
	}
}

// lookedAt is a context that is cancelled just when it is looked at for the last time
// that is left.
type lookedAt struct {
	context.Context
	cancel func()
	left   atomic.Int64
}

func (l *lookedAt) Err() error {
	if l.left.Add(-1) == 0 {
		l.cancel()
	}
	return l.Context.Err()
}

func TestOncePollsEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, setup{idle: true, token: (*simulator.Console).AccountToken})
		w.console.Inject(simulator.Fault{Path: "/export/org/tasks.jsonl", Status: http.StatusInternalServerError, Times: 1})
		err := w.poller.Once(t.Context())
		if err == nil || !strings.Contains(err.Error(), "tasks of ") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("got %v, want the one thing that failed", err)
		}
		if n := w.console.Count(); n != 2+3*3 {
			t.Errorf("%d calls, want one for each collector and organization, and two for the account", n)
		}
		if n := len(w.values("runzero_sites", "org_name")); n != 3 {
			t.Errorf("sites of %d organizations, want 3", n)
		}
	})
}
