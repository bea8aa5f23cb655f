package runzero

import (
	"context"
	"iter"
)

// details is what is read of a row beside what identifies it. Its method is on a
// pointer, like those of a record.
type details[T any] interface {
	*T
	// set takes the value of one member, if it is of use.
	set(s *scanner, name []byte)
}

// inventoryRow is a row of an export that may have a hundred for each asset. Which one it
// is does not matter, and a text for each would be garbage.
type inventoryRow[T any, D details[T]] struct {
	counted

	details T
}

func (r *inventoryRow[T, D]) reset() { *r = inventoryRow[T, D]{} }

func (r *inventoryRow[T, D]) set(s *scanner, name []byte) {
	if !r.identify(s, name) {
		D(&r.details).set(s, name)
	}
}

// inventory streams an organization's rows of one kind, as the export is called, in one
// call. fields is what is asked of each; empty where the export does not honour the
// parameter.
func inventory[T any, D details[T]](ctx context.Context, c *Client, of, organizationID, fields string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range organizationRows[inventoryRow[T, D]](ctx, c, "/export/org/"+of+".jsonl", of, organizationID, fields, "") {
			if !yield(row.details, err) {
				return
			}
		}
	}
}
