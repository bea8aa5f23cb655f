package runzero_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// refusal returns the error of a response with a status other than success.
func refusal(t *testing.T, h http.Handler, c runzero.Config) *runzero.Error {
	t.Helper()
	_, err := readSites(t, h, c)
	var refused *runzero.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v (%T), want a *runzero.Error", err, err)
	}
	return refused
}

func TestRetryAfterInBothForms(t *testing.T) {
	now := time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for value, want := range map[string]time.Duration{
		"":                         0,
		"30":                       30 * time.Second,
		"3601":                     time.Hour,
		"soon":                     0,
		date(90 * time.Second):     90 * time.Second,
		date(365 * 24 * time.Hour): time.Hour,
	} {
		seen := &recorder{}
		got := refusal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusServiceUnavailable)
		}), runzero.Config{Observer: seen, Now: func() time.Time { return now }})
		if _, finished := seen.take(); got.RetryAfter != want || finished[0].RetryAfter != want {
			t.Errorf("Retry-After %q: error has %v, exchange %v; want %v", value, got.RetryAfter, finished[0].RetryAfter, want)
		}
	}
}
