package collector

import (
	"fmt"
	"iter"
)

// accountMost bounds what is kept of an account's rows of one kind, in all its
// organizations together.
const accountMost = 50_000

// ofAccount yields, of the rows that an account's endpoint gives, those of the
// organizations to export. Where the endpoint is refused or its rows do not say whose
// they are, which is documented of few, the account's form is not supported: an error
// is the last thing it yields, and nothing of the rows is to be used then.
func ofAccount[T any](poll Poll, what string, rows iter.Seq2[T, error], owner func(*T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		kept := 0
		for row, err := range rows {
			organization := owner(&row)
			_, wanted := poll.Organizations[organization]
			switch {
			case err != nil:
				err = unsupported(err, poll.API.Kind(), "the account's "+what, needsAccount)
			case organization == "":
				err = fmt.Errorf("%w: the account's %s do not say which organization they belong to", ErrUnsupported, what)
			case !wanted:
				continue
			case kept == accountMost:
				err = errTooMany(what+" in one account", accountMost)
			}
			if kept++; !yield(row, err) || err != nil {
				return
			}
		}
	}
}
