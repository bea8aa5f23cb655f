package simulate

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// past is a history as it was read: the values of each series by the time before the end.
type past map[string]map[time.Duration]float64

// readHistory reads a history that ends now. It checks what OpenMetrics and promtool require: each family and each
// series stands together, samples are in the order of time, names have the suffixes of their type.
func readHistory(t *testing.T, text string) past {
	t.Helper()
	const target = `{instance="localhost:10026",job="runzero"`
	body, ends := strings.CutSuffix(text, "# EOF\n")
	if !ends {
		t.Fatal("the text does not end as OpenMetrics does")
	}
	read, families := past{}, map[string]bool{}
	var family, typ, last string
	var before int64
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			family, typ, _ = strings.Cut(rest, " ")
			if families[family] {
				t.Fatalf("the family %s is there twice", family)
			}
			families[family] = true
			continue
		}
		end := strings.LastIndex(line, "}") + 1
		name, labels, found := strings.Cut(line[:end], target)
		fields := strings.Fields(line[end:])
		if !found || len(fields) != 2 || !slices.Contains(suffixes(typ), strings.TrimPrefix(name, family)) {
			t.Fatalf("%q is no sample of the %s %s", line, typ, family)
		}
		value, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		at, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		series := name + "{" + strings.TrimPrefix(labels, ",")
		if series == last && at <= before || series != last && read[series] != nil {
			t.Fatalf("%q is not where it belongs", line)
		}
		if read[series] == nil {
			read[series] = map[time.Duration]float64{}
		}
		read[series][time.Since(time.Unix(at, 0))] = value
		last, before = series, at
	}
	return read
}

func suffixes(typ string) []string {
	switch typ {
	case "counter":
		return []string{"_total"}
	case "histogram":
		return []string{"_bucket", "_count", "_sum"}
	}
	return []string{""}
}

// ago returns the value of a series at a time before the end.
func (p past) ago(t *testing.T, series string, ago time.Duration) float64 {
	t.Helper()
	value, ok := p[series][ago]
	if !ok {
		t.Errorf("%s has no sample %s before the end", series, ago)
	}
	return value
}
