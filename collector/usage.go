package collector

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Usage is the usage collector: it asks nothing, and learns what the account's quota
// is from the headers of every answer. It is the runzero.Observer of one credential's
// client and a prometheus.Collector.
type Usage struct {
	credential string
	expires    time.Time
	descs      map[string]*prometheus.Desc
	requests   *prometheus.CounterVec
	bytes      *prometheus.CounterVec
	duration   *prometheus.HistogramVec

	mu   sync.Mutex
	up   bool
	last runzero.Usage
	seen time.Time // when the last header was taken
}

// NewUsage makes the usage collector of the credential of this name, which expires
// then; zero: nobody said when.
func NewUsage(credential string, expires time.Time) *Usage {
	help := map[string]string{}
	for _, m := range Catalogue() {
		help[m.Name] = m.HELP()
	}
	counter := func(name string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help[name]}, labels)
	}
	const duration = "runzero_api_request_duration_seconds"
	return &Usage{
		credential: Label(credential),
		expires:    expires,
		descs:      Descs("usage"),
		requests:   counter("runzero_api_requests_total", "endpoint", "code"),
		bytes:      counter("runzero_api_response_bytes_total", "endpoint"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: duration,
			Help: help[duration],
			// Exports take minutes: the default buckets end at ten seconds.
			Buckets:                        []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 100,
		}, []string{"endpoint"}),
	}
}

// Answered takes what an answer's headers say.
func (u *Usage) Answered(e runzero.Exchange) {
	code := "error"
	if e.Code != 0 {
		code = strconv.Itoa(e.Code)
	}
	u.requests.WithLabelValues(e.Endpoint, code).Inc()
	u.mu.Lock()
	defer u.mu.Unlock()
	if e.Authenticated {
		switch {
		case e.Code == 0, e.Page, e.Code == 401, e.Code >= 500,
			e.Endpoint == runzero.TokenEndpoint && e.Code >= 400:
			u.up = false
		case e.Code >= 400:
			// This one thing is not allowed, not there or too much: that says nothing of the
			// others.
		default:
			u.up = true
		}
	}
	// Of answers that were on their way together, the one that comes last need not be
	// the one that was given last: that one has seen more calls.
	together := !e.Sent.After(u.seen)
	later := func(last, now int64) bool { return now > last }
	for _, header := range []struct {
		last *runzero.Count
		now  runzero.Count
		on   func(last, now int64) bool // whether now was given after last
	}{
		{&u.last.Limit, e.Usage.Limit, func(int64, int64) bool { return true }},
		{&u.last.Remaining, e.Usage.Remaining, func(last, now int64) bool { return now < last }},
		{&u.last.Today, e.Usage.Today, later},
		{&u.last.Total, e.Usage.Total, later},
	} {
		now, known := header.now.Get()
		if last, before := header.last.Get(); known && (!together || !before || header.on(last, now)) {
			*header.last = header.now
			u.seen = time.Now()
		}
	}
}

// Finished takes how long an answer took and how long it was.
func (u *Usage) Finished(e runzero.Exchange) {
	u.duration.WithLabelValues(e.Endpoint).Observe(e.Duration.Seconds())
	u.bytes.WithLabelValues(e.Endpoint).Add(float64(e.Bytes))
}

// Describe implements prometheus.Collector.
func (u *Usage) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range u.descs {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (u *Usage) Collect(ch chan<- prometheus.Metric) {
	u.requests.Collect(ch)
	u.bytes.Collect(ch)
	u.duration.Collect(ch)
	u.mu.Lock()
	defer u.mu.Unlock()
	out := samples{descs: u.descs}
	out.flag("runzero_up", u.up)
	out.instant("runzero_api_credential_expiration_timestamp_seconds", u.expires, u.credential)
	for name, count := range map[string]runzero.Count{
		"runzero_api_usage_limit":     u.last.Limit,
		"runzero_api_usage_remaining": u.last.Remaining,
		"runzero_api_usage_today":     u.last.Today,
	} {
		if n, known := count.Get(); known {
			out.gauge(name, float64(n), u.credential)
		}
	}
	if n, known := u.last.Total.Get(); known {
		metric, err := prometheus.NewConstMetric(u.descs["runzero_api_usage_total"], prometheus.CounterValue, float64(n), u.credential)
		out.add("runzero_api_usage_total", metric, err)
	}
	out.Collect(ch)
}

// KeptUsage is what a Usage knows, as it is written down. What is not known is nil.
type KeptUsage struct {
	Up                             bool
	Limit, Remaining, Today, Total *int64
}

// Kept returns what is known, to be written down.
func (u *Usage) Kept() KeptUsage {
	u.mu.Lock()
	defer u.mu.Unlock()
	number := func(c runzero.Count) *int64 {
		if n, known := c.Get(); known {
			return &n
		}
		return nil
	}
	return KeptUsage{
		Up: u.up, Limit: number(u.last.Limit), Remaining: number(u.last.Remaining),
		Today: number(u.last.Today), Total: number(u.last.Total),
	}
}

// Restore gives back what an earlier run knew: asking anew costs a call, and the next
// answer tells the rest.
func (u *Usage) Restore(k KeptUsage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	count := func(n *int64) runzero.Count {
		if n == nil {
			return runzero.Count{}
		}
		return runzero.Known(*n)
	}
	u.up = k.Up
	u.last = runzero.Usage{Limit: count(k.Limit), Remaining: count(k.Remaining), Today: count(k.Today), Total: count(k.Total)}
}
