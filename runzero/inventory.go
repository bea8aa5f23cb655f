package runzero

import (
	"context"
	"iter"
)

// details are the attributes of a row beside its identity. The method has a pointer
// receiver, like those of a record.
type details[T any] interface {
	*T
	// set takes the value of one member, if it is used.
	set(lex *lexer, name []byte)
}

// inventoryRow is a row of an export that can have a hundred for each asset. Its id is not
// stored, because that would be an allocation for each row.
type inventoryRow[T any, D details[T]] struct {
	counted

	details T
}

func (r *inventoryRow[T, D]) reset() { *r = inventoryRow[T, D]{} }

func (r *inventoryRow[T, D]) set(lex *lexer, name []byte) {
	if !r.identify(lex, name) {
		D(&r.details).set(lex, name)
	}
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
