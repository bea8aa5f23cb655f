package collector

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// unsupportedTasks finds the console that is too old for a tasks export while the
// token is too small for the Organization API's list: neither answers ever.
func unsupportedTasks(err error) error {
	answer := (*runzero.Error)(nil)
	if !errors.As(err, &answer) || answer.Endpoint != runzero.TaskList {
		return err
	}
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return fmt.Errorf("%w: this console has no tasks export, and the token does not reach its task list, as an organization token would: %w", ErrUnsupported, err)
	}
	return err
}
