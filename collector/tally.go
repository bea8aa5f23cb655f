package collector

import (
	"cmp"
	"slices"
)

// tally counts things by combinations of label values, in memory that does not grow
// with how many things or how many values there are.
type tally struct {
	dimensions []*dimension
	cells      map[cell]int64
	most       int // cells
}

// cell is a combination: the code of one value in each dimension.
type cell [maxDimensions]uint16

const (
	maxDimensions = 10
	// Values of a label told apart while counting. What comes after so many others is
	// counted as other at once.
	valuesMost = 20_000
	// Combinations told apart while counting. Beyond them the open-ended values are other,
	// and where even the documented ones combine to more series than there may be, it is
	// an error.
	cellsMost = 200_000
	// Longer values are made labels before they are looked up, so that a hostile name
	// is not kept at full length.
	valueLongest = 512
)

func newTally(dimensions ...*dimension) *tally {
	return &tally{dimensions: dimensions, cells: make(map[cell]int64), most: cellsMost}
}

// add counts one thing with these values, one for each dimension.
func (t *tally) add(values []string) error { return t.addMany(values, 1) }

// addMany counts n things with these values.
func (t *tally) addMany(values []string, n int64) error {
	var at cell
	for i, d := range t.dimensions {
		at[i] = d.count(values[i])
	}
	if len(t.cells) >= t.most {
		if _, known := t.cells[at]; !known {
			for i, d := range t.dimensions {
				if d.open {
					at[i] = otherCode
				}
			}
			if _, known := t.cells[at]; !known && len(t.cells) >= seriesMost {
				return errTooMany("combinations of labels", seriesMost)
			}
		}
	}
	t.cells[at] += n
	return nil
}

// folded returns the counts by label values, with all but the top values of each
// open-ended dimension counted as other. The counts add up to what was added.
func (t *tally) folded(top int, yield func(labels []string, n int64)) {
	kept := make([][]uint16, len(t.dimensions))
	for i, d := range t.dimensions {
		kept[i] = d.fold(top)
	}
	cells := make(map[cell]int64, len(t.cells))
	for at, n := range t.cells {
		for i := range t.dimensions {
			at[i] = kept[i][at[i]]
		}
		cells[at] += n
	}
	labels := make([]string, len(t.dimensions))
	for at, n := range cells {
		for i, d := range t.dimensions {
			labels[i] = d.labels[at[i]]
		}
		yield(labels, n)
	}
}

// dimension is the values of one label.
type dimension struct {
	// open tells that nobody knows how many values there are: all but the most
	// frequent are folded.
	open    bool
	codes   map[string]uint16 // by the value as it came
	byLabel map[string]uint16
	labels  []string
	counts  []int64
	most    int // values
}

const otherCode = 0

func newDimension(open bool) *dimension {
	return &dimension{
		open:    open,
		codes:   map[string]uint16{},
		byLabel: map[string]uint16{other: otherCode},
		labels:  []string{other},
		counts:  []int64{0},
		most:    valuesMost,
	}
}

// count counts one thing with this value and returns the value's code.
func (d *dimension) count(value string) uint16 {
	code := d.code(value)
	d.counts[code]++
	return code
}

// code returns the code of a value; values that are one label are one.
func (d *dimension) code(value string) uint16 {
	if code, ok := d.codes[value]; ok {
		return code
	}
	label := Label(value)
	code, ok := d.byLabel[label]
	if !ok {
		if len(d.labels) >= d.most {
			return otherCode
		}
		code = uint16(len(d.labels))
		d.byLabel[label] = code
		d.labels = append(d.labels, label)
		d.counts = append(d.counts, 0)
	}
	if len(value) <= valueLongest && len(d.codes) < d.most {
		d.codes[value] = code
	}
	return code
}

// fold returns which code each code is counted as: itself for the top most frequent
// values, other for the rest. Ties go by name, so that equal data folds equally.
func (d *dimension) fold(top int) []uint16 {
	into := make([]uint16, len(d.labels))
	for code := range into {
		into[code] = uint16(code)
	}
	if !d.open {
		return into
	}
	rank := slices.Clone(into)[1:]
	slices.SortFunc(rank, func(a, b uint16) int {
		return cmp.Or(cmp.Compare(d.counts[b], d.counts[a]), cmp.Compare(d.labels[a], d.labels[b]))
	})
	for _, code := range rank[min(top, len(rank)):] {
		into[code] = otherCode
	}
	return into
}

// foldedValues is how many values fold takes into other, of those told apart.
func (d *dimension) foldedValues(top int) int {
	if !d.open {
		return 0
	}
	return max(len(d.labels)-1-top, 0)
}
