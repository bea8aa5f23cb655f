package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// past is a history as it was read: the values of each series by the time before the end.
type past map[string]map[time.Duration]float64

// readHistory reads a history that ends now. Each series must stand together, in the order of time.
func readHistory(t *testing.T, text string) past {
	t.Helper()
	read, last, before := past{}, "", int64(0)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, scraped := strings.Cut(line, `{instance="localhost:10026",job="runzero"`)
		if !scraped {
			name, rest, _ = strings.Cut(line, `{job="runzero"`)
		}
		labels, sample, _ := strings.Cut(rest, "} ")
		series := name + "{" + strings.TrimPrefix(labels, ",") + "}"
		var value float64
		var at int64
		if _, err := fmt.Sscan(sample, &value, &at); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
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

// ago returns the value of a series at a time before the end.
func (p past) ago(t *testing.T, series string, ago time.Duration) float64 {
	t.Helper()
	value, ok := p[series][ago]
	if !ok {
		t.Errorf("%s has no sample %s before the end", series, ago)
	}
	return value
}
