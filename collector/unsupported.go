package collector

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// What it takes to be told of a thing, as runZero documents it.
const (
	needsExport       = "a console that exports them and a token that reaches exports"
	needsOrganization = "an organization token (OT…) or an account credential, and a Professional or Platform licence"
	needsHostedZones  = "an organization token (OT…) or an account credential, and a licence with hosted zones (Platform)"
	needsAccount      = "an account credential (a CT… token or an OAuth2 client), and a Platform licence"
)

// unsupported makes an ErrUnsupported, with what would be needed, of an answer that
// means that console, licence or a token of this kind do not have a thing, and leaves
// other errors be.
func unsupported(err error, kind runzero.Kind, what, needs string) error {
	if !runzero.Refused(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %s: this takes %s: %w", ErrUnsupported, what, needs, err)
}

// unsupportedExport is unsupported of an export that not every console has. Every kind
// of token reaches exports: one that is of none is not too small for them.
func unsupportedExport(err error, what string) error {
	return unsupported(err, runzero.ExportToken, what, needsExport)
}

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
