package collector

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// collectConsole exports the console's health and version. A server error means that the
// console is unhealthy; without a response nothing is known, and the poll fails.
func collectConsole(ctx context.Context, poll Poll) (Snapshot, error) {
	health, err := poll.API.Health(ctx)
	apiErr := (*runzero.Error)(nil)
	switch {
	case errors.As(err, &apiErr) && apiErr.API && apiErr.Status == http.StatusNotFound:
		return Snapshot{}, fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.As(err, &apiErr) && apiErr.Status >= http.StatusInternalServerError:
	case err != nil:
		return Snapshot{}, err
	}
	out := newSamples("console")
	out.boolean("runzero_console_healthy", health.Status == "ok")
	if health.Version != "" {
		out.gauge("runzero_console_info", 1, Label(health.Version))
	}
	return out.snapshot(nil)
}
