package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// historyOptions is what the flags say of the history of a simulated console.
type historyOptions struct {
	length        time.Duration // 0: none is wanted
	step          time.Duration
	job, instance string
}

// mostSteps bounds the memory and the text that a history takes: a year at steps of five
// minutes.
const mostSteps = 110_000

func (o *historyOptions) check() error {
	switch {
	case o.length < 0:
		return errors.New("--simulate.history must not be negative: it is how far back to begin")
	case o.step < time.Second:
		return errors.New("--simulate.history-step must be at least 1s: it is the time between two scrapes")
	case o.length/o.step >= mostSteps:
		return fmt.Errorf("--simulate.history=%s at a --simulate.history-step of %s are more than %d scrapes: lengthen the step", o.length, o.step, mostSteps)
	}
	return nil
}

// history is an exporter that has run for weeks, by a clock of its own: it polls the
// simulated console as internal/poller does, whose clock is the machine's, and is scraped
// at each step. What it shows is made by the collectors and families of the exporter
// itself; the pace by internal/quota.
type history struct {
	options historyOptions
	config  *config.Config
	account config.Account
	console *simulator.Console
	client  *runzero.Client
	usage   *collector.CredentialUsage
	health  collector.HealthFamilies
	live    *prometheus.Registry
	series  *historySeries

	now   time.Time
	begun time.Time
	step  int // the number of the scrape

	ledger    quota.Ledger
	pace      float64   // the last stretch that was not without bound
	probed    time.Time // when the last probe of an account that had nothing left was let through
	requests  int64
	took      time.Duration // of the poll under way
	discovery *historyPoll
	polls     []*historyPoll
	names     map[string]string // org_name of each organization, by id
}

// writeHistory writes what Prometheus would have scraped of an exporter of the simulated
// console until now, as OpenMetrics text.
func writeHistory(ctx context.Context, flags config.Flags, o *simulateOptions, stdout io.Writer) error {
	if err := o.history.check(); err != nil {
		return err
	}
	end := time.Now().Truncate(time.Second)
	h := &history{options: o.history, now: end, pace: 1, health: collector.NewHealthFamilies()}
	// The console is made at the end, before which it went wrong, and then put back.
	o.console.Now = func() time.Time { return h.now }
	h.console = o.make(end)
	steps := int(o.history.length/o.history.step) + 1
	h.begun = end.Add(-time.Duration(steps-1) * o.history.step)
	h.now = h.begun
	h.series = newHistorySeries(h.begun, o.history)
	stop, err := h.connect(flags)
	defer stop()
	if err != nil {
		return err
	}
	for h.step = range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.now = h.begun.Add(time.Duration(h.step) * o.history.step)
		h.poll(ctx)
		if err := h.scrape(); err != nil {
			return err
		}
	}
	h.step = steps
	for _, p := range h.all() {
		h.served(p)
	}
	return h.series.write(stdout)
}

// connect makes the client of the console and what tells of it.
func (h *history) connect(flags config.Flags) (stop func(), err error) {
	askSimulated(&flags, h.console)
	if h.config, err = flags.Load(); err != nil {
		return func() {}, err
	}
	h.account = h.config.Accounts[0]
	usage := collector.NewUsage()
	h.usage = usage.Credential(h.account.Credentials[0].Name)
	settings := h.account.Credentials[0].Runzero
	settings.Observer, settings.Admit = h, h.admit
	settings.UserAgent = version.ComponentUserAgent(name)
	settings.DialContext, stop = simulator.Pipe(http.HandlerFunc(h.answer))
	if h.client, err = runzero.New(settings); err != nil {
		return stop, err
	}
	h.live = prometheus.NewRegistry()
	h.live.MustRegister(usage, collector.NewQuota(h.quota), versioncollector.NewCollector(name),
		collector.NewConfigReload(func() (bool, time.Time) { return true, h.begun }))
	h.discovery = &historyPoll{name: poller.Discovery, interval: poller.DiscoveryInterval, collect: h.discover}
	return stop, nil
}

// answer is the console without compression, which would take half of the time.
func (h *history) answer(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept-Encoding")
	h.console.ServeHTTP(w, r)
}

// Responded takes what the answer to a request says, as of the history's clock. One
// request is made after the other: each answer is newer than the one before, whatever
// the machine's clock says.
func (h *history) Responded(e runzero.Exchange) {
	e.Sent = time.Now().Add(time.Hour)
	h.usage.Responded(e)
	h.ledger.Responded(h.now, h.now, e.Usage)
}

// Finished takes how long an answer would have taken over a network: a tenth of a second
// and a second for each 10 MB, more or less. How long it did take is of this machine, and
// would make each history another.
func (h *history) Finished(e runzero.Exchange) {
	varied := 1 + 0.3*math.Sin(float64(h.requests))
	e.Duration = time.Duration(varied * float64(100*time.Millisecond+time.Duration(e.Bytes)*100)).Round(time.Millisecond)
	h.took += e.Duration
	h.usage.Finished(e)
}

var errHistoryPaused = errors.New("not asked: the quota forbids it")

// admit lets a request be sent as poller.Account does.
func (h *history) admit(context.Context) error {
	if h.paused() != "" {
		return errHistoryPaused
	}
	if a := h.account.Share.Allowance(&h.ledger, h.now); a.Stale && a.Calls == 0 {
		h.probed = h.now
	}
	h.ledger.Sent(h.now)
	h.requests++
	return nil
}

// paused is why nothing is asked; empty when it is.
func (h *history) paused() poller.Reason {
	a := h.account.Share.Allowance(&h.ledger, h.now)
	left, known := h.ledger.Remaining.Get()
	switch {
	case !a.Known || a.Calls > 0:
		return ""
	case a.Stale && (h.probed.IsZero() || h.now.Sub(h.probed) >= time.Hour):
		return ""
	case a.Reserve && (!known || left > 0):
		return poller.Reserve
	}
	return poller.Quota
}

// stretch is what intervals are multiplied by.
func (h *history) stretch() float64 {
	stretch := quota.Stretch(h.jobs(), h.account.Share.Allowance(&h.ledger, h.now), h.ledger.Left(h.now))
	if !math.IsInf(stretch, 1) {
		h.pace = stretch
	}
	return h.pace
}

func (h *history) jobs() []quota.Job {
	var jobs []quota.Job
	for _, p := range h.all() {
		if !p.fed {
			jobs = append(jobs, quota.Job{Calls: float64(max(p.calls, 1)), Interval: p.interval})
		}
	}
	return jobs
}

// quota is how the account stands, for its families.
func (h *history) quota() collector.QuotaState {
	limit, _ := h.ledger.Limit.Get()
	exhausted, _ := h.ledger.Exhaustion(h.now)
	state := collector.QuotaState{
		Limit: limit, Budget: h.account.Share.Calls(limit), Spent: h.ledger.Spent(h.now), Demand: quota.Demand(h.jobs(), 24*time.Hour),
		Stretch: h.stretch(), Reset: h.ledger.NextReset(h.now), Exhaustion: exhausted, Paused: map[string]bool{},
	}
	for _, reason := range []poller.Reason{poller.Quota, poller.Reserve, poller.RateLimit, poller.Auth} {
		state.Paused[string(reason)] = h.paused() == reason
	}
	return state
}

// scrape notes what changes with each scrape. What polls found is noted when it is
// replaced.
func (h *history) scrape() error {
	families, err := h.live.Gather()
	if err != nil {
		return err
	}
	h.series.families(families, h.step, h.step+1)
	stretch, paused := h.stretch(), h.paused()
	for _, p := range h.all() {
		h.series.families(h.health.Of(p.health(stretch, paused, h.ledger.NextReset(h.now))), h.step, h.step+1)
		if p.snapshot != nil && h.step < h.until(p) {
			h.ages(p.snapshot.Families)
		}
	}
	h.series.sample("up", dto.MetricType_GAUGE, "up", nil, "", 1, h.step, h.step+1)
	return nil
}

// ages notes how long ago it is what a snapshot has the instants of.
func (h *history) ages(families []*dto.MetricFamily) {
	for _, family := range families {
		age, ok := collector.AgeOf()[family.GetName()]
		if !ok {
			continue
		}
		for _, m := range family.GetMetric() {
			ago := h.now.UnixMilli() - int64(math.Round(m.GetGauge().GetValue()*1000))
			h.series.sample(age, dto.MetricType_GAUGE, age, m.GetLabel(), "", float64(max(ago, 0))/1000, h.step, h.step+1)
		}
	}
}
