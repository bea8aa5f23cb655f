package simulator

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
)

// sendCSV writes records as CSV: a line of names, and a line for each record. That the columns are the fields of the
// JSON forms is assumed: they are not documented.
func sendCSV[T any](q *request, records iter.Seq2[int, T], fields []field[T]) {
	q.w.Header().Set("Content-Type", "text/csv")
	q.stream(func(w io.Writer) error {
		lines := csv.NewWriter(w)
		cells := make([]string, len(fields))
		for i, f := range fields {
			cells[i] = f.name
		}
		// A write that fails makes all later ones fail: Flush and Error report it.
		_ = lines.Write(cells)
		for _, rec := range records {
			for i, f := range fields {
				cells[i] = cell(f.append(rec, nil))
			}
			if err := lines.Write(cells); err != nil {
				return err
			}
		}
		lines.Flush()
		return lines.Error()
	})
}

// cell is a JSON value as text: strings as they are, nothing for null and for a field that the record does not have.
func cell(value []byte) string {
	var text string
	if len(value) == 0 || json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
