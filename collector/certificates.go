package collector

import (
	"context"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// There is no state for certificates that expire soon: how soon matters is up to the
// queries on the histogram.
const (
	certificateValid       = "valid"
	certificateExpired     = "expired"
	certificateNotYetValid = "not_yet_valid"
)

func certificateState(now time.Time, c runzero.Certificate) string {
	switch {
	case c.ValidUntil.IsZero():
		return unknown
	case !now.Before(c.ValidUntil):
		return certificateExpired
	case now.Before(c.ValidFrom):
		return certificateNotYetValid
	}
	return certificateValid
}

// certificateTypes lists the documented types.
func certificateTypes() []string { return []string{"x509", "ssh"} }

func certificateType(t string) string {
	switch {
	case t == "":
		return unknown
	case slices.Contains(certificateTypes(), t):
		return t
	}
	return other
}

// remainingBounds are the upper bounds of the histogram of remaining lifetimes.
func remainingBounds() []time.Duration {
	return []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 60 * day, 90 * day, 180 * day, 365 * day}
}

// collectCertificates counts the organization's certificates. Like the console's own view,
// it leaves out hidden ones.
func collectCertificates(ctx context.Context, poll Poll) (Snapshot, error) {
	type kind struct{ certificateType, state string }
	counts := map[kind]int64{}
	for _, t := range certificateTypes() {
		for _, state := range []string{certificateValid, certificateExpired, certificateNotYetValid} {
			counts[kind{t, state}] = 0
		}
	}
	remaining := newHistogram(remainingBounds())
	for row, err := range poll.API.Certificates(ctx, poll.Organization.ID) {
		switch {
		case err != nil:
			return Snapshot{}, unsupportedExport(err, "certificates")
		case row.Hidden == runzero.True:
			continue
		}
		state := certificateState(poll.Now, row)
		counts[kind{certificateType(row.Type), state}]++
		if state == certificateValid || state == certificateNotYetValid {
			remaining.observe(poll.Now, row.ValidUntil) // if it never expires, the longest Duration
		}
	}
	org := poll.Organization.Name
	out := newSamples("certificates")
	for of, n := range counts {
		out.gauge("runzero_certificates", float64(n), org, of.certificateType, of.state)
	}
	out.histogram("runzero_certificate_remaining_seconds", remaining, org)
	return out.snapshot(nil)
}
