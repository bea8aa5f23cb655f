package collector

import (
	"context"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// There is no state for certificates that expire soon: how soon matters is up to the queries on the histogram.
func certificateState(now time.Time, c runzero.Certificate) string {
	switch {
	case c.ValidUntil.IsZero():
		return unknown
	case !now.Before(c.ValidUntil):
		return "expired"
	case now.Before(c.ValidFrom):
		return "not_yet_valid"
	}
	return "valid"
}

// collectCertificates counts the organization's certificates. Like the console's own view, it leaves out hidden ones.
func collectCertificates(ctx context.Context, poll Poll) (Snapshot, error) {
	type kind struct{ certificateType, state string }
	counts := map[kind]int64{}
	types := []string{"x509", "ssh"}
	for _, t := range types {
		for _, state := range words("valid expired not_yet_valid") {
			counts[kind{t, state}] = 0
		}
	}
	remaining := newHistogram(day, 3*day, 7*day, 14*day, 30*day, 60*day, 90*day, 180*day, 365*day)
	for row, err := range poll.API.Certificates(ctx, poll.Organization.ID) {
		switch {
		case err != nil:
			return Snapshot{}, unsupportedExport(err, "certificates")
		case row.Hidden == runzero.True:
			continue
		}
		counts[kind{documented(row.Type, types...), certificateState(poll.Now, row)}]++
		if poll.Now.Before(row.ValidUntil) {
			remaining.observe(poll.Now, row.ValidUntil) // if it never expires, the longest Duration
		}
	}
	out, org := newSamples("certificates"), poll.Organization.Name
	for of, n := range counts {
		out.gauge("runzero_certificates", float64(n), org, of.certificateType, of.state)
	}
	out.histogram("runzero_certificate_remaining_seconds", remaining, org)
	return out.snapshot(nil)
}
