package poller_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const interval = 15 * time.Minute

var (
	// small is a console that responds quickly.
	small = simulator.Options{Sites: 2, Assets: 5}
	// emptyTasks spares the time that a long history of tasks takes.
	emptyTasks = simulator.Fault{Path: "/export/org/tasks.jsonl", Body: new(string)}
	// endpoints are what the collectors that are on by default request with an export token.
	endpoints = []string{"/health", "/export/org/sites.json", "/export/org/tasks.jsonl", "/export/org/assets.jsonl"}
)

// newConsole makes a console with faults from its first request on.
func newConsole(options simulator.Options, faults ...simulator.Fault) *simulator.Console {
	console := simulator.New(options)
	for _, fault := range faults {
		console.Inject(fault)
	}
	return console
}

// A setup is for tests of a poller with collectors of their own. All others run a whole
// exporter, with package harness.
type setup struct {
	on         *simulator.Console
	handler    http.Handler                    // instead of a console
	tokens     []string                        // of credentials named "1", "2" …; none: the first organization's export token
	tokenFile  string                          // of one credential, instead
	dial       func(harness.Dial) harness.Dial // wraps how the console is reached; nil: not
	first      int                             // the poller starts with so many of the tokens; 0: all
	collectors []schedule.Collector
	quota      *quota.Quota // nil: of the default share
	store      store.Store
	config     poller.Config
	seed       uint64
	estimate   bool // the limit, as on runZero's own consoles
	idle       bool // do not run
}

// world is a running poller.
type world struct {
	t       testing.TB
	console *simulator.Console
	poller  *poller.Poller
	account poller.Account
	log     *harness.Log
	stop    func()
}

func start(t testing.TB, s setup) *world {
	t.Helper()
	w := &world{t: t, console: s.on, log: &harness.Log{}}
	if w.console == nil {
		w.console = simulator.New(small)
	}
	if s.tokens == nil {
		s.tokens = []string{w.console.ExportToken(0)}
	}
	if s.handler == nil {
		s.handler = w.console
	}
	dial, closePipe := simulator.Pipe(s.handler)
	if s.dial != nil {
		dial = s.dial(dial)
	}
	if s.quota == nil {
		s.quota = quota.New(quota.Share{Share: 0.5, Reserve: 0.1}, quota.NewGate(time.Now))
	}
	w.account = poller.Account{Quota: s.quota, Collectors: s.collectors, EstimateLimit: s.estimate}
	for i, token := range s.tokens {
		name := strconv.Itoa(i + 1)
		authorization := &promconfig.Authorization{Credentials: promconfig.Secret(token)}
		if s.tokenFile != "" {
			authorization = &promconfig.Authorization{CredentialsFile: s.tokenFile}
		}
		client, err := runzero.New(runzero.Config{
			URL: "http://localhost", DialContext: dial, Admit: w.account.Quota.Admit, Observer: w.account.Quota.Observer(name),
			HTTP: promconfig.HTTPClientConfig{Authorization: authorization},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.account.Credentials = append(w.account.Credentials, poller.Credential{Name: name, Client: client})
	}
	s.config.Logger, s.config.Store = log.NewLogfmtLogger(w.log), s.store
	s.config.Random = rand.New(rand.NewPCG(s.seed, 2)).Float64
	if s.config.Now == nil {
		s.config.Now = time.Now
	}
	first := w.account
	if s.first > 0 {
		first.Credentials = first.Credentials[:s.first]
	}
	w.poller = poller.New(s.config, []poller.Account{first})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	if !s.idle {
		running.Go(func() { w.poller.Run(ctx) })
	}
	w.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		closePipe()
	})
	t.Cleanup(w.stop)
	return w
}

// pass lets simulated time pass.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) values(family string, labels ...string) map[string]float64 {
	w.t.Helper()
	families, err := w.poller.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	return harness.Values(families, family, labels...)
}

func (w *world) expect(family, collectorName string, want float64) {
	w.t.Helper()
	if got, ok := w.values(family, "collector")[collectorName]; !ok || got != want {
		w.t.Errorf("%s of %s is %v (present: %v), want %v", family, collectorName, got, ok, want)
	}
}

// polling is a collector of each organization, with the default interval.
func polling(name string, c collector.Collector) schedule.Collector {
	return schedule.Collector{
		Spec:     collector.Spec{Name: name, Collect: c},
		Interval: interval,
	}
}

// fake is a collector that records its polls. It makes no requests.
type fake struct {
	mu     sync.Mutex
	polls  []collector.Poll
	result func(collector.Poll) (collector.Snapshot, error) // nil: an empty snapshot
}

func (f *fake) collect(_ context.Context, poll collector.Poll) (collector.Snapshot, error) {
	f.mu.Lock()
	f.polls = append(f.polls, poll)
	result := f.result
	f.mu.Unlock()
	if result == nil {
		return collector.Snapshot{}, nil
	}
	return result(poll)
}

// seen returns the polls so far.
func (f *fake) seen() []collector.Poll {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.polls)
}

// become changes the result.
func (f *fake) become(result func(collector.Poll) (collector.Snapshot, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result = result
}

// named makes it a collector of each organization.
func (f *fake) named(name string) schedule.Collector { return polling(name, f.collect) }

// withAccountWide makes it a collector with an account-wide form.
func (f *fake) withAccountWide(name string, accountWide *fake) schedule.Collector {
	c := f.named(name)
	c.AccountWide = accountWide.collect
	return c
}

func insufficientScope(collector.Poll) (collector.Snapshot, error) {
	return collector.Snapshot{}, fmt.Errorf("%w: insufficient scope", collector.ErrUnsupported)
}

// oneSite is a result with one site and the series runzero_sites 1.
func oneSite(poll collector.Poll) (collector.Snapshot, error) {
	name := poll.Organization.Name
	return collector.Snapshot{Families: sitesFamily(1, name), Sites: collector.SiteNames{"1": "site of " + name}}, nil
}

// sitesOfAll is an account-wide result with one site of each organization, and the series
// runzero_sites 1 of the organization "all".
func sitesOfAll(poll collector.Poll) (collector.Snapshot, error) {
	sites := collector.SiteNames{}
	for id, name := range poll.Organizations {
		sites[collector.AccountSite(id, "1")] = "site of " + name
	}
	return collector.Snapshot{Families: sitesFamily(1, "all"), Sites: sites}, nil
}

// oneSiteEach is an account-wide result with one site of each organization, and the series runzero_sites 1 of each.
func oneSiteEach(poll collector.Poll) (collector.Snapshot, error) {
	snapshot, _ := sitesOfAll(poll)
	family := sitesFamily(1, "")[0]
	family.Metric = nil
	for _, name := range poll.Organizations {
		family.Metric = append(family.Metric, sitesFamily(1, name)[0].Metric...)
	}
	snapshot.Families = []*dto.MetricFamily{family}
	return snapshot, nil
}

// sitesFamily is the family runzero_sites with one series.
func sitesFamily(value float64, organization string) []*dto.MetricFamily {
	return []*dto.MetricFamily{{
		Name: new("runzero_sites"), Help: new(""), Type: dto.MetricType_GAUGE.Enum(),
		Metric: []*dto.Metric{{
			Label: []*dto.LabelPair{{Name: new("org_name"), Value: &organization}}, Gauge: &dto.Gauge{Value: &value},
		}},
	}}
}

// openStore opens a store and runs its writer until the test ends.
func openStore(t testing.TB, dir string) *store.Folder {
	t.Helper()
	s, err := store.Open(dir, store.Options{Logger: log.NewNopLogger()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var writing sync.WaitGroup
	writing.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		writing.Wait()
	})
	return s
}

// shortestGap is the shortest time between two requests of an endpoint.
func shortestGap(calls []simulator.Call, endpoint string) time.Duration {
	shortest, last := time.Duration(1<<62), time.Time{}
	for _, call := range calls {
		if call.Path != endpoint {
			continue
		}
		if !last.IsZero() {
			shortest = min(shortest, call.Time.Sub(last))
		}
		last = call.Time
	}
	return shortest
}

// requested counts the requests of an endpoint.
func requested(console *simulator.Console, endpoint string) int {
	n := 0
	for _, call := range console.Calls() {
		if call.Path == endpoint {
			n++
		}
	}
	return n
}

// callsByDay counts calls by the account's day, which starts at dayStart UTC.
func callsByDay(calls []simulator.Call, dayStart time.Duration) map[time.Time]int {
	days := map[time.Time]int{}
	for _, call := range calls {
		days[call.Time.Add(-dayStart).UTC().Truncate(24*time.Hour)]++
	}
	return days
}

// copyFolder copies a cache folder as a process that is killed now would leave it.
func copyFolder(t testing.TB, dir string) string {
	t.Helper()
	copied := harness.CacheDir(t)
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// difference returns the lines that only one of two texts has.
func difference(before, after string) []string {
	return slices.DeleteFunc(slices.Collect(strings.Lines(before+after)), func(line string) bool {
		return strings.Contains(before, line) && strings.Contains(after, line)
	})
}
