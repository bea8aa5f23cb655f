package collector

import (
	"fmt"
	"iter"
)

// byOrganization adds the rows of an account-wide endpoint to one list for each organization to export, some of which
// may stay empty. The account-wide form is unsupported if the API refuses it, or if rows do not name their
// organization, which is documented for few endpoints.
func byOrganization[T any, L interface{ add(row T) error }](
	poll Poll, what string, rows iter.Seq2[T, error], newList func() L, organizationOf func(*T) string,
) (map[string]L, error) {
	lists := make(map[string]L, len(poll.Organizations))
	for id := range poll.Organizations {
		lists[id] = newList()
	}
	n := 0
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
			continue
		}
		if n++; n > maxAccountRows {
			return nil, errTooMany(what+" in one account", maxAccountRows)
		}
		if err := list.add(row); err != nil {
			return nil, err
		}
	}
	return lists, nil
}
