package collector

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type console struct{}

func newConsole(Settings) Collector { return console{} }

// Collect exports what the console says of itself. A console that answers with a
// server error is not well; one that does not answer has said nothing.
func (console) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	health, err := poll.API.Health(ctx)
	answer := (*runzero.Error)(nil)
	switch {
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		return Snapshot{}, fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.As(err, &answer) && answer.Status >= http.StatusInternalServerError:
	case err != nil:
		return Snapshot{}, err
	}
	out := samples{descs: Descs("console")}
	out.flag("runzero_console_healthy", health.Status == "ok")
	if health.Version != "" {
		out.gauge("runzero_console_info", 1, Label(health.Version))
	}
	families, err := out.families()
	return Snapshot{Families: families}, err
}
