package collector

import (
	"fmt"
	"iter"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// byOrganization adds the rows of an account-wide endpoint to one list for each organization to export, some of which
// may stay empty. The account-wide form is unsupported if the API refuses it, or if rows do not name their
// organization, which is documented for few endpoints. Rows of unknown organizations alone are no evidence that those to
// export have none.
func byOrganization[T any, L interface{ add(row T) error }](
	poll Poll, what string, rows iter.Seq2[T, error], newList func() L, organizationOf func(*T) string,
) (map[string]L, error) {
	lists := make(map[string]L, len(poll.Organizations))
	for id := range poll.Organizations {
		lists[id] = newList()
	}
	n, unknown := 0, false
	for row, err := range rows {
		if err != nil {
			return nil, unsupported(err, poll.API.Kind(), "the account's "+what, needsAccount)
		}
		organization := organizationOf(&row)
		if organization == "" {
			return nil, fmt.Errorf("%w: the account's %s do not name their organization", ErrUnsupported, what)
		}
		list, export := lists[organization]
		if !export {
			unknown = unknown || !poll.Others[organization]
			continue
		}
		if n++; n > maxAccountRows {
			return nil, errTooMany(what+" in one account", maxAccountRows)
		}
		if err := list.add(row); err != nil {
			return nil, err
		}
	}
	if n == 0 && unknown {
		return nil, fmt.Errorf("the account's %s: each %w", what, runzero.ErrWrongOrganization)
	}
	return lists, nil
}
