package collector

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// What access to some data requires, according to runZero's documentation.
const (
	needsExport       = "a console that has this export, and a credential with access to exports"
	needsOrganization = "an organization token (OT…) or an account credential, and a Professional or Platform licence"
	needsHostedZones  = "an organization token (OT…) or an account credential, and a licence with hosted zones (Platform)"
	needsAccount      = "an account credential (a CT… token or an OAuth2 client), and a Platform licence"
)

// unsupported returns ErrUnsupported, with what is needed, if err means that the console, the licence or a credential
// of this kind does not have access. It returns other errors unchanged.
func unsupported(err error, kind runzero.Kind, what, needs string) error {
	if !runzero.Refused(err, kind) {
		return err
	}
	if response := (*runzero.Error)(nil); errors.As(err, &response) && response.Status == http.StatusUnauthorized && !response.WrongKind {
		return fmt.Errorf("%w: %s: the token may be wrong; otherwise this requires %s: %w", ErrUnsupported, what, needs, err)
	}
	return fmt.Errorf("%w: %s: requires %s: %w", ErrUnsupported, what, needs, err)
}

// unsupportedExport is unsupported for exports that older consoles do not have. All kinds of
// credentials have access to exports, so a rejected credential is not of the wrong kind.
func unsupportedExport(err error, what string) error {
	return unsupported(err, runzero.ExportToken, what, needsExport)
}

// unsupportedTasks recognizes a console without exports of tasks and scans whose task list, in the Organization API, the
// credential has no access to.
func unsupportedTasks(err error, kind runzero.Kind) error {
	response := (*runzero.Error)(nil)
	if !errors.As(err, &response) || response.Endpoint != runzero.TaskList {
		return err
	}
	// An export token that was revoked is rejected by the exports, which come first.
	if kind == runzero.ExportToken && response.Status == http.StatusUnauthorized {
		kind = runzero.UnknownKind
	}
	if !runzero.Refused(err, kind) {
		return err
	}
	return fmt.Errorf("%w: this console exports neither tasks nor scans, and its task list requires an organization token: %w", ErrUnsupported, err)
}
