package collector

import (
	"cmp"
	"slices"
)

// tally counts records by combinations of label values. Its memory is bounded, however many
// records and values there are.
type tally struct {
	dimensions []*dimension
	cells      map[cell]int64
	maxCells   int
}

// cell is a combination of values: the code of one value of each dimension.
type cell [maxDimensions]uint16

const (
	maxDimensions = 10
	// maxValues is how many values of a label are counted separately. Values that come after
	// them are counted as other.
	maxValues = 20_000
	// maxCells is how many combinations are counted separately. In further ones, the open-ended values are counted as
	// other. If even the documented values combine to more than maxSeries, it is an error.
	maxCells = 200_000
	// maxCodedValue is the length up to which values are remembered as they came. Longer ones
	// are cleaned before each look-up, so that hostile values are not stored at full length.
	maxCodedValue = 512
)

func newTally(dimensions ...*dimension) *tally {
	return &tally{dimensions: dimensions, cells: make(map[cell]int64), maxCells: maxCells}
}

// add counts one record with these values, one for each dimension.
func (t *tally) add(values []string) error { return t.addMany(values, 1) }

// addEach counts one record for each of its values of the only dimension, once however often it has the value. It
// changes the slice.
func (t *tally) addEach(values []string) error {
	for i, value := range values {
		values[i] = Label(value)
	}
	slices.Sort(values)
	for _, value := range slices.Compact(values) {
		if err := t.add([]string{value}); err != nil {
			return err
		}
	}
	return nil
}

// addMany counts n records with these values.
func (t *tally) addMany(values []string, n int64) error {
	return t.addAt(t.cell(values), n)
}

// cell returns the cell of these values.
func (t *tally) cell(values []string) (at cell) {
	for i, d := range t.dimensions {
		at[i] = d.code(values[i])
	}
	return at
}

// addAt counts n records in a cell.
func (t *tally) addAt(at cell, n int64) error {
	for i, d := range t.dimensions {
		d.counts[at[i]]++
	}
	if _, known := t.cells[at]; !known && len(t.cells) >= t.maxCells {
		for i, d := range t.dimensions {
			if d.open {
				at[i] = otherCode
			}
		}
		if _, known := t.cells[at]; !known && len(t.cells) >= maxSeries {
			return errTooMany("combinations of labels", maxSeries)
		}
	}
	t.cells[at] += n
	return nil
}

// folded yields the counts by label values. All but the top values of each open-ended
// dimension are counted as other. The counts add up to what was added.
func (t *tally) folded(top int, yield func(values []string, n int64)) {
	codes := make([][]uint16, len(t.dimensions))
	for i, d := range t.dimensions {
		codes[i] = d.fold(top)
	}
	cells := make(map[cell]int64, len(t.cells))
	for at, n := range t.cells {
		for i := range t.dimensions {
			at[i] = codes[i][at[i]]
		}
		cells[at] += n
	}
	values := make([]string, len(t.dimensions))
	for at, n := range cells {
		for i, d := range t.dimensions {
			values[i] = d.labels[at[i]]
		}
		yield(values, n)
	}
}

// dimension is one label with the values met so far.
type dimension struct {
	label   string
	open    bool              // open-ended: all but the most frequent values are folded into other
	codes   map[string]uint16 // by value as it came
	byLabel map[string]uint16 // by clean value
	labels  []string          // clean values by code
	counts  []int64           // by code
	max     int               // number of values
	private bool              // values that have an e-mail or IP address are counted as other
}

const otherCode = 0

func newDimension(label string, open bool) *dimension {
	return &dimension{
		label: label, open: open, max: maxValues,
		codes: map[string]uint16{}, byLabel: map[string]uint16{other: otherCode}, labels: []string{other}, counts: []int64{0},
	}
}

// code returns the code of a value. Values that are equal when cleaned have the same code.
func (d *dimension) code(value string) uint16 {
	if code, ok := d.codes[value]; ok {
		return code
	}
	label := Label(value)
	if d.private && hasAddress(value) {
		label = other
	}
	code, ok := d.byLabel[label]
	if !ok {
		if len(d.labels) >= d.max {
			return otherCode
		}
		code = uint16(len(d.labels))
		d.byLabel[label] = code
		d.labels = append(d.labels, label)
		d.counts = append(d.counts, 0)
	}
	if len(value) <= maxCodedValue && len(d.codes) < d.max {
		d.codes[value] = code
	}
	return code
}

// fold returns the code that each code is counted as: its own for the top most frequent values, that of other for the
// rest. Ties are broken by value, so that equal data gives equal results.
func (d *dimension) fold(top int) []uint16 {
	folded := make([]uint16, len(d.labels))
	for code := range folded {
		folded[code] = uint16(code)
	}
	if !d.open {
		return folded
	}
	rank := slices.Clone(folded)[1:]
	slices.SortFunc(rank, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(d.counts[b], d.counts[a]), cmp.Compare(d.labels[a], d.labels[b]))
	})
	for _, code := range rank[min(top, len(rank)):] {
		folded[code] = otherCode
	}
	return folded
}

// foldedValues returns how many of an open-ended dimension's values are counted as other.
func (d *dimension) foldedValues(top int) int { return max(len(d.labels)-1-top, 0) }
