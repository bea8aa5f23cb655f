package collector

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Usage is the usage collector of an account: it asks nothing, and learns what the
// account's quota is from the headers of every answer.
type Usage struct {
	descs    map[string]*prometheus.Desc
	requests *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	duration *prometheus.HistogramVec

	mu          sync.Mutex
	up          bool // the last answer was one, leaving aside refused credentials
	credentials map[string]*CredentialUsage
}

// CredentialUsage is what the answers to one credential said. It is the
// runzero.Observer of the credential's client.
type CredentialUsage struct {
	account *Usage
	// Guarded by the account's lock.
	expires time.Time // zero: nobody said when
	refused bool      // the last answer was that the credential is not known
	last    runzero.Usage
	seen    time.Time // when the last header was taken
}

// NewUsage makes the usage collector of an account.
func NewUsage() *Usage {
	help := map[string]string{}
	for _, m := range Catalogue() {
		help[m.Name] = m.HELP()
	}
	counter := func(name string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help[name]}, labels)
	}
	const duration = "runzero_api_request_duration_seconds"
	return &Usage{
		descs:       Descs("usage"),
		credentials: map[string]*CredentialUsage{},
		requests:    counter("runzero_api_requests_total", "endpoint", "code"),
		bytes:       counter("runzero_api_response_bytes_total", "endpoint"),
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

// Credential is the use of the credential of this name, which is told of from then
// on, until Tell names others.
func (u *Usage) Credential(name string) *CredentialUsage {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.credentials[name]
	if c == nil {
		c = &CredentialUsage{account: u}
		u.credentials[name] = c
	}
	return c
}

// SetExpirations says of which credentials to tell, and when each expires; zero: nobody said.
func (u *Usage) SetExpirations(expires map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for name, c := range u.credentials {
		at, there := expires[name]
		c.expires = at
		if !there {
			delete(u.credentials, name)
		}
	}
}

// Answered takes what an answer's headers say.
func (c *CredentialUsage) Responded(e runzero.Exchange) {
	code := "error"
	if e.Code != 0 {
		code = strconv.Itoa(e.Code)
	}
	u := c.account
	u.requests.WithLabelValues(e.Endpoint, code).Inc()
	u.mu.Lock()
	defer u.mu.Unlock()
	if e.Authenticated {
		token := e.Endpoint == runzero.TokenEndpoint
		switch {
		case e.Code == 0, e.Page, e.Code >= 500:
			u.up = false
		case e.Code == 401, token && e.Code >= 400:
			c.refused = true
		case e.Code >= 400:
			// This one thing is not allowed, not there or too much: that says nothing of the
			// others.
		default:
			u.up, c.refused = true, false
		}
	}
	// Of answers that were on their way together, the one that comes last need not be
	// the one that was given last: that one has seen more calls.
	together := !e.Sent.After(c.seen)
	later := func(last, now int64) bool { return now > last }
	for _, header := range []struct {
		last *runzero.Count
		now  runzero.Count
		on   func(last, now int64) bool // whether now was given after last
	}{
		{&c.last.Limit, e.Usage.Limit, func(int64, int64) bool { return true }},
		{&c.last.Remaining, e.Usage.Remaining, func(last, now int64) bool { return now < last }},
		{&c.last.Today, e.Usage.Today, later},
		{&c.last.Total, e.Usage.Total, later},
	} {
		now, known := header.now.Get()
		if last, before := header.last.Get(); known && (!together || !before || header.on(last, now)) {
			*header.last = header.now
			c.seen = time.Now()
		}
	}
}

// Finished takes how long an answer took and how long it was.
func (c *CredentialUsage) Finished(e runzero.Exchange) {
	u := c.account
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
	up := u.up
	for name, c := range u.credentials {
		up = up && !c.refused
		c.collect(&out, Label(name))
	}
	out.flag("runzero_up", up)
	out.Collect(ch)
}

func (c *CredentialUsage) collect(out *samples, name string) {
	out.instant("runzero_api_credential_expiration_timestamp_seconds", c.expires, name)
	for family, count := range map[string]runzero.Count{
		"runzero_api_usage_limit":     c.last.Limit,
		"runzero_api_usage_remaining": c.last.Remaining,
		"runzero_api_usage_today":     c.last.Today,
	} {
		if n, known := count.Get(); known {
			out.gauge(family, float64(n), name)
		}
	}
	if n, known := c.last.Total.Get(); known {
		const total = "runzero_api_usage_total"
		metric, err := prometheus.NewConstMetric(out.desc(total), prometheus.CounterValue, float64(n), name)
		out.add(total, metric, err)
	}
}

// SavedUsage is what a CredentialUsage knows, as it is written down. What is not known
// is nil.
type SavedUsage struct {
	Up, Refused                    bool
	Limit, Remaining, Today, Total *int64
}

// Saved returns what is known, to be written down.
func (c *CredentialUsage) Saved() SavedUsage {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	number := func(c runzero.Count) *int64 {
		if n, known := c.Get(); known {
			return &n
		}
		return nil
	}
	return SavedUsage{
		Up: c.account.up, Refused: c.refused, Limit: number(c.last.Limit), Remaining: number(c.last.Remaining),
		Today: number(c.last.Today), Total: number(c.last.Total),
	}
}

// Restore gives back what an earlier run knew: asking anew costs a call, and the next
// answer tells the rest.
func (c *CredentialUsage) Restore(k SavedUsage) {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	count := func(n *int64) runzero.Count {
		if n == nil {
			return runzero.Count{}
		}
		return runzero.Known(*n)
	}
	c.account.up, c.refused = c.account.up || k.Up, k.Refused
	c.last = runzero.Usage{Limit: count(k.Limit), Remaining: count(k.Remaining), Today: count(k.Today), Total: count(k.Total)}
}
