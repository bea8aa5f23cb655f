package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// History describes the history to write.
type History struct {
	Length time.Duration // 0: no history
	Step   time.Duration // time between two scrapes
	// Job and Instance are the labels that Prometheus adds.
	Job, Instance string
}

// maxScrapes limits the memory and the output of a history: a year at steps of five minutes.
const maxScrapes = 110_000

const megabyte = 1_000_000

func (h History) check() error {
	switch {
	case h.Length < 0:
		return errors.New("--simulate.history must not be negative: it is the length of the history")
	case h.Step < time.Second:
		return errors.New("--simulate.history-step must be at least 1s: it is the time between two scrapes")
	case h.Length/h.Step >= maxScrapes:
		return fmt.Errorf("--simulate.history=%s with --simulate.history-step=%s is more than %d scrapes: use a longer step",
			model.Duration(h.Length), model.Duration(h.Step), maxScrapes)
	}
	return nil
}

// writeHistory writes, as OpenMetrics text, what Prometheus would have scraped until now from an exporter that polls
// the simulated console. It runs the real exporter under a clock of its own.
func (o Options) writeHistory(ctx context.Context, env command.Env) error {
	if err := o.History.check(); err != nil {
		return err
	}
	end := time.Now().Truncate(time.Second)
	scrapes := int(o.History.Length/o.History.Step) + 1
	begin := end.Add(-time.Duration(scrapes-1) * o.History.Step)
	clock := &clock{}
	clock.set(end) // the console is made as of the end, because its incidents lie before it
	o.Console.Now = clock.Now
	console := o.newConsole(end)
	clock.set(begin)
	dial, stop := simulator.Pipe(uncompressed(console))
	defer stop()
	flags := command.Simulated(o.Flags, console)
	flags = flags.Uncached()
	if !flags.Set["collector.assets.labels"] {
		flags.AssetLabels = "site_name,asset_type,os" // half of the series, and all that the dashboards show
	}
	if !flags.Set["collector.assets.top"] {
		flags.AssetTop = 12
	}
	e, err := exporter.New(exporter.Options{
		Logger: log.NewNopLogger(), Load: flags.Load, Dial: dial, Now: clock.Now, Unpaced: true,
		Observe: func(next runzero.Observer) runzero.Observer { return observer{next, clock} },
		// Not random: each run must write the same history.
		Random: rand.New(rand.NewPCG(1, o.Console.Seed)).Float64,
	})
	if err != nil {
		return err
	}
	series := newSeries(begin, o.History)
	var done, written, total atomic.Int64
	defer env.Progress.Show(func() string {
		if n := done.Load(); n < int64(scrapes) {
			return fmt.Sprintf("%d of %d scrapes simulated", n, scrapes)
		}
		return fmt.Sprintf("%d of about %d MB written", written.Load()/megabyte, total.Load()/megabyte)
	})()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // little memory is used, for a short time
	for n := range scrapes {
		scrape := begin.Add(time.Duration(n) * o.History.Step)
		for wait := e.Step(ctx); clock.Now().Add(wait).Before(scrape); wait = e.Step(ctx) {
			clock.advance(wait)
		}
		if clock.Now().Before(scrape) {
			clock.set(scrape)
		}
		e.Step(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		families, err := e.Gather()
		if err != nil {
			return err
		}
		if n == scrapes-1 {
			// The exporter that Prometheus scrapes next may have other labels. For five minutes, both would count.
			families = slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return f.GetName() == "runzero_assets" })
		}
		series.scrape(families, n)
		if done.Store(int64(n + 1)); n == 0 {
			count, bytes := series.size()
			total.Store(int64(bytes * scrapes))
			level.Info(env.Logger).Log("msg", "simulating the history", "scrapes", scrapes, "series", count, "estimated_megabytes", total.Load()/megabyte)
		}
	}
	return series.write(env.Stdout, &written)
}

// uncompressed serves without compression, which would double the time that a history takes.
func uncompressed(console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		console.ServeHTTP(w, r)
	})
}

// clock is the time in a history. It advances while responses arrive.
type clock struct {
	nanos    atomic.Int64
	requests atomic.Int64
}

func (c *clock) Now() time.Time { return time.Unix(0, c.nanos.Load()) }

func (c *clock) set(t time.Time) { c.nanos.Store(t.UnixNano()) }

// advance always moves the clock, so that a history cannot stand still.
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(max(d, time.Millisecond))) }

// observer replaces the duration of each response with one that is typical of a network: a tenth of a second, and a
// second for each 10 MB, with some variation. The real duration would make every history different.
type observer struct {
	runzero.Observer

	clock *clock
}

// Finished implements runzero.Observer.
func (o observer) Finished(e runzero.Exchange) {
	varied := 1 + 0.3*math.Sin(float64(o.clock.requests.Add(1)))
	e.Duration = time.Duration(varied * float64(100*time.Millisecond+time.Duration(e.Bytes)*100)).Round(time.Millisecond)
	o.clock.advance(e.Duration)
	o.Observer.Finished(e)
}
