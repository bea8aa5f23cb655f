package collector

import (
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Usage is the usage collector of an account. It makes no API calls: it reads the headers of
// all responses. It is a prometheus.Collector of live families.
type Usage struct {
	descriptors
	now      func() time.Time
	requests *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	duration *prometheus.HistogramVec

	mu          sync.Mutex
	up          bool // the last request succeeded; rejected credentials are in CredentialUsage
	credentials map[string]*CredentialUsage
}

// CredentialUsage is the usage reported to one credential. It is the runzero.Observer of the credential's client.
type CredentialUsage struct {
	account *Usage
	// Guarded by account.mu.
	expires  time.Time // zero: not known
	rejected bool      // the last response to this credential rejected it
	last     runzero.Usage
	updated  time.Time // when last was last updated
}

// NewUsage makes the usage collector of an account. now is the clock of its clients.
func NewUsage(now func() time.Time) *Usage {
	help := helpTexts()
	counter := func(name string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help[name]}, labels)
	}
	const duration = "runzero_api_request_duration_seconds"
	return &Usage{
		descriptors: newDescriptors("usage"),
		now:         now,
		credentials: map[string]*CredentialUsage{},
		requests:    counter("runzero_api_requests_total", "endpoint", "code"),
		bytes:       counter("runzero_api_response_bytes_total", "endpoint"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: duration, Help: help[duration],
			// Exports take minutes, but the default buckets end at ten seconds.
			Buckets:                     []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600},
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
		}, []string{"endpoint"}),
	}
}

// Credential returns the usage of the credential of this name. It is exported until a call of
// SetExpirations does not name it.
func (u *Usage) Credential(name string) *CredentialUsage {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.credentials[name] == nil {
		u.credentials[name] = &CredentialUsage{account: u}
	}
	return u.credentials[name]
}

// SetExpirations sets when each credential expires, zero if it is not known. Credentials that
// are not named are no longer exported.
func (u *Usage) SetExpirations(expires map[string]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for name, c := range u.credentials {
		at, ok := expires[name]
		c.expires = at
		if !ok {
			delete(u.credentials, name)
		}
	}
}

// Responded implements runzero.Observer.
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
		switch {
		case e.Code == 0, e.Page, e.Code >= 500:
			u.up = false
		case e.Code == 401, e.Endpoint == runzero.TokenEndpoint && e.Code >= 400:
			c.rejected = true
		case e.Code >= 400:
			// Not allowed, not found or too much: says nothing about other requests.
		default:
			u.up, c.rejected = true, false
		}
	}
	c.update(e)
}

// update takes the usage that a response reports. Responses to concurrent requests can arrive
// out of order: then the one that has seen more calls is the newer one.
func (c *CredentialUsage) update(e runzero.Exchange) {
	concurrent := !e.Sent.After(c.updated)
	take := func(last *runzero.Count, reported runzero.Count, newer func(last, now int64) bool) {
		now, known := reported.Get()
		if before, had := last.Get(); known && (!concurrent || !had || newer(before, now)) {
			*last, c.updated = reported, c.account.now()
		}
	}
	more := func(last, now int64) bool { return now > last }
	take(&c.last.Limit, e.Usage.Limit, func(_, _ int64) bool { return true })
	take(&c.last.Remaining, e.Usage.Remaining, func(last, now int64) bool { return now < last })
	take(&c.last.Today, e.Usage.Today, more)
	take(&c.last.Total, e.Usage.Total, more)
}

// Finished implements runzero.Observer.
func (c *CredentialUsage) Finished(e runzero.Exchange) {
	c.account.duration.WithLabelValues(e.Endpoint).Observe(e.Duration.Seconds())
	c.account.bytes.WithLabelValues(e.Endpoint).Add(float64(e.Bytes))
}

// Collect implements prometheus.Collector.
func (u *Usage) Collect(ch chan<- prometheus.Metric) {
	u.requests.Collect(ch)
	u.bytes.Collect(ch)
	u.duration.Collect(ch)
	liveCollector{u.descriptors, u.samples}.Collect(ch)
}

func (u *Usage) samples(out *samples) {
	u.mu.Lock()
	defer u.mu.Unlock()
	up := u.up
	for name, c := range u.credentials {
		name = Label(name)
		up = up && !c.rejected
		out.timestamp("runzero_api_credential_expiration_timestamp_seconds", c.expires, name)
		out.count("runzero_api_usage_limit", c.last.Limit, name)
		out.count("runzero_api_usage_remaining", c.last.Remaining, name)
		out.count("runzero_api_usage_today", c.last.Today, name)
		if n, known := c.last.Total.Get(); known {
			const total = "runzero_api_usage_total"
			metric, err := prometheus.NewConstMetric(out.desc(total), prometheus.CounterValue, float64(n), name)
			out.add(total, metric, err)
		}
	}
	out.boolean("runzero_up", up)
}

// SavedUsage is the state of a CredentialUsage for encoding.
type SavedUsage struct {
	Up, Rejected bool
	Usage        runzero.Usage
}

// Saved returns the state to save.
func (c *CredentialUsage) Saved() SavedUsage {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	return SavedUsage{Up: c.account.up, Rejected: c.rejected, Usage: c.last}
}

// Restore sets the state that an earlier process or another replica saved, so that it need not be requested again.
func (c *CredentialUsage) Restore(saved SavedUsage) {
	c.account.mu.Lock()
	defer c.account.mu.Unlock()
	c.account.up, c.rejected, c.last = saved.Up, saved.Rejected, saved.Usage
}
