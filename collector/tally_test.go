package collector

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// value is one of about n random values of a label.
func value(r *rand.Rand, n int) string {
	switch r.IntN(20) {
	case 0:
		return text(r)
	case 1:
		return other
	case 2:
		return unknown
	case 3:
		return strings.Repeat("long ", 200) + fmt.Sprint(r.IntN(n)) // too long to be remembered as it came
	}
	return fmt.Sprint("v", min(r.IntN(n), r.IntN(n))) // some are more frequent than others
}

// add counts one record.
func add(t *testing.T, tally *tally, values []string) {
	t.Helper()
	if err := tally.add(values); err != nil {
		t.Fatal(err)
	}
}

// Nothing is lost and nothing is counted twice, however many values are folded. The limits are
// small, so that they are exceeded.
func TestTallyAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		var dimensions []*dimension
		for range r.IntN(5) {
			d := newDimension("label", r.IntN(2) == 0)
			if d.open {
				d.max = 2 + r.IntN(30)
			}
			dimensions = append(dimensions, d)
		}
		tally := newTally(dimensions...)
		tally.maxCells = 1 + r.IntN(60)
		rows := int64(r.IntN(300))
		for range rows {
			values := make([]string, len(dimensions))
			for i := range values {
				values[i] = value(r, 25)
			}
			add(t, tally, values)
		}
		top, sum := r.IntN(12), int64(0)
		series := map[string]bool{}
		kept := make([]map[string]bool, len(dimensions))
		tally.folded(top, func(labels []string, n int64) {
			sum += n
			key := strings.Join(labels, "\x00")
			if series[key] || n <= 0 {
				t.Fatalf("%q is a duplicate, or 0: %d", labels, n)
			}
			series[key] = true
			for i, label := range labels {
				if kept[i] == nil {
					kept[i] = map[string]bool{}
				}
				if label != other {
					kept[i][label] = true
				}
			}
		})
		if sum != rows {
			t.Fatalf("%d of %d rows are counted", sum, rows)
		}
		for i, d := range dimensions {
			if d.open && len(kept[i]) > top {
				t.Fatalf("%d values are kept, want %d", len(kept[i]), top)
			}
		}
	}
}

// Ties are broken by name.
func TestMostFrequentValuesAreKept(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		d := newDimension("label", true)
		tally := newTally(d)
		counts := map[string]int64{}
		for range r.IntN(200) {
			v := value(r, 25)
			add(t, tally, []string{v})
			counts[Label(v)]++
		}
		top := r.IntN(12)
		want := map[string]int64{}
		if n := counts[other]; n > 0 {
			want[other] = n
		}
		delete(counts, other)
		var names []string
		for name := range counts {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		for i, name := range names {
			if i < top {
				want[name] = counts[name]
			} else {
				want[other] += counts[name]
			}
		}
		got := map[string]int64{}
		tally.folded(top, func(labels []string, n int64) { got[labels[0]] = n })
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("top %d: %v, want %v", top, got, want)
		}
		if folded := d.foldedValues(top); folded != max(len(names)-top, 0) {
			t.Fatalf("%d values folded, want %d", folded, max(len(names)-top, 0))
		}
	}
}

// Memory does not grow with the number of values.
func TestTooManyValuesAreOther(t *testing.T) {
	d := newDimension("label", true)
	d.max = 4 // including other
	tally := newTally(d, newDimension("label", false))
	for i := range 10_000 {
		add(t, tally, []string{fmt.Sprint("v", i%1000), "x"})
	}
	if len(d.labels) > d.max || len(d.codes) > d.max || len(tally.cells) > d.max {
		t.Errorf("%d labels, %d codes, %d cells", len(d.labels), len(d.codes), len(tally.cells))
	}
	got := map[string]int64{}
	tally.folded(2, func(labels []string, n int64) { got[strings.Join(labels, " ")] = n })
	if want := map[string]int64{"v0 x": 10, "v1 x": 10, "other x": 9980}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for i := range 100 { // spellings of one value, and long ones
		d.code(strings.Repeat(" ", i) + "v0")
		d.code("v1" + strings.Repeat(" ", maxCodedValue))
	}
	if len(d.codes) > d.max {
		t.Errorf("%d codes", len(d.codes))
	}
	for value := range d.codes {
		if len(value) > maxCodedValue {
			t.Errorf("a value of %d bytes is kept", len(value))
		}
	}
	// Values beyond the limit are not counted.
	if folded := d.foldedValues(2); folded != 1 {
		t.Errorf("%d values folded", folded)
	}
}

// Memory does not grow with the number of combinations.
func TestTooManyCombinationsAreOther(t *testing.T) {
	tally := newTally(newDimension("label", true), newDimension("label", false), newDimension("label", true))
	tally.maxCells = 10
	for i := range 5000 {
		add(t, tally, []string{fmt.Sprint("a", i%70), fmt.Sprint("site ", i%2), fmt.Sprint("b", i%30)})
	}
	// Documented values, such as sites, are still counted correctly.
	if len(tally.cells) > 10+2 {
		t.Errorf("%d combinations", len(tally.cells))
	}
	got := map[string]int64{}
	tally.folded(100, func(labels []string, n int64) { got[labels[1]] += n })
	if want := map[string]int64{"site 0": 2500, "site 1": 2500}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
