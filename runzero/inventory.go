package runzero

import (
	"context"
	"iter"
	"maps"
)

// details are the attributes of a row beside its identity.
type details[T any] interface {
	*T
	fields() fields
}

// inventoryRow is a row of an export that can have a hundred for each asset. Its id is not
// stored, because that would be an allocation for each row.
type inventoryRow[T any, D details[T]] struct {
	counted

	details T
}

func (r *inventoryRow[T, D]) fields() fields {
	all := r.counted.fields()
	maps.Copy(all, D(&r.details).fields())
	return all
}

// inventory streams an organization's rows of one kind in one call. of is the name of the
// export; fields is empty if the export does not support the parameter.
func inventory[T any, D details[T]](ctx context.Context, c *Client, of, organizationID, fields string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range organizationRows[inventoryRow[T, D]](ctx, c, "/export/org/"+of+".jsonl", of, organizationID, fields, "") {
			if !yield(row.details, err) {
				return
			}
		}
	}
}
