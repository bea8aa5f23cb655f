package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// History says what past is written.
type History struct {
	Length time.Duration // 0: none
	Step   time.Duration // between two scrapes
	// Job and Instance are the labels of the scrapes.
	Job, Instance string
}

// maxScrapes bounds the memory and the text that a history takes: a year at steps of five
// minutes.
const maxScrapes = 110_000

func (h History) check() error {
	switch {
	case h.Length < 0:
		return errors.New("--simulate.history must not be negative: it is how far back the history begins")
	case h.Step < time.Second:
		return errors.New("--simulate.history-step must be at least 1s: it is the time between two scrapes")
	case h.Length/h.Step >= maxScrapes:
		return fmt.Errorf("--simulate.history=%s at a --simulate.history-step of %s is more than %d scrapes: use a longer step", h.Length, h.Step, maxScrapes)
	}
	return nil
}

// writeHistory writes, as OpenMetrics text, what Prometheus would have scraped until now of
// an exporter of the simulated console. The exporter is the real one, under a clock that
// this function drives.
func (o Options) writeHistory(ctx context.Context, env command.Env) error {
	if err := o.History.check(); err != nil {
		return err
	}
	end := time.Now().Truncate(time.Second)
	scrapes := int(o.History.Length/o.History.Step) + 1
	begin := end.Add(-time.Duration(scrapes-1) * o.History.Step)
	clock := newClock(begin)
	o.Console.Now = clock.Now
	console := o.newConsole(end) // incidents are placed before the end
	dial, stop := simulator.Pipe(uncompressed(console))
	defer stop()
	flags := command.Simulated(o.Flags, console)
	flags.CacheDir = ""
	e, err := exporter.New(exporter.Options{
		Logger: log.NewNopLogger(), Load: flags.Load, Dial: dial, Now: clock.Now, Observe: clock.observe, Unpaced: true,
		// The same history each time.
		Random: rand.New(rand.NewPCG(1, o.Console.Seed)).Float64,
	})
	if err != nil {
		return err
	}
	series := newSeries(begin, o.History)
	for n := range scrapes {
		scrape := begin.Add(time.Duration(n) * o.History.Step)
		for wait := e.Step(ctx); clock.Now().Add(wait).Before(scrape); wait = e.Step(ctx) {
			clock.advance(wait)
		}
		clock.set(scrape)
		e.Step(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		families, err := e.Gather()
		if err != nil {
			return err
		}
		series.scrape(families, n)
	}
	return series.write(env.Stdout)
}

// uncompressed serves without compression, which would take half of the time.
func uncompressed(console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		console.ServeHTTP(w, r)
	})
}

// clock is the time of a history. It goes on while responses arrive.
type clock struct {
	nanos    atomic.Int64
	requests atomic.Int64
}

func newClock(begin time.Time) *clock {
	c := &clock{}
	c.set(begin)
	return c
}

func (c *clock) Now() time.Time { return time.Unix(0, c.nanos.Load()) }

// set moves the clock to t, unless it is later already.
func (c *clock) set(t time.Time) { c.nanos.Store(max(c.nanos.Load(), t.UnixNano())) }

func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(max(d, time.Millisecond))) }

// observe has each response take as long as it would over a network, a tenth of a second and
// a second for each 10 MB, more or less. How long it really took depends on the machine,
// and would make each history another.
func (c *clock) observe(next runzero.Observer) runzero.Observer { return observer{next, c} }

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
