package collector

import (
	"context"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type certificates struct{}

func newCertificates(Settings) Collector { return certificates{} }

// How a certificate stands. What is about to expire is valid: within which time that
// matters, those who ask the histogram of what remains decide.
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

// certificateTypes lists the documented ones.
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

// remainingBounds are the upper bounds of the histogram of what remains of certificates.
func remainingBounds() []time.Duration {
	return []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 60 * day, 90 * day, 180 * day, 365 * day}
}

// Collect counts the organization's certificates as they stream by, but for those that
// somebody has hidden: the console's own view leaves them out too.
func (certificates) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	type kind struct{ certificateType, state string }
	counts := map[kind]int64{}
	for _, t := range certificateTypes() {
		for _, state := range []string{certificateValid, certificateExpired, certificateNotYetValid} {
			counts[kind{t, state}] = 0
		}
	}
	remaining := newAges(remainingBounds())
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
			remaining.add(row.ValidUntil, poll.Now) // what never ends has the longest Duration
		}
	}
	org := poll.Organization.Name
	out := &samples{descs: Descs("certificates")}
	for of, n := range counts {
		out.gauge("runzero_certificates", float64(n), org, of.certificateType, of.state)
	}
	out.histogram("runzero_certificate_remaining_seconds", remaining, org)
	families, err := out.families()
	return Snapshot{Families: families}, err
}
