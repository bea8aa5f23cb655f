package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

func TestEveryTruncationAndFlippedBitIsDetected(t *testing.T) {
	key := Key{Account: Account{Name: "default"}, Organization: "1", Collector: "sites"}
	snapshot, err := encodeSnapshot(key, "", Snapshot{
		Families: []*dto.MetricFamily{{Name: new("a"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: new(1.0)}}}}},
		Sites:    map[string]string{"1": "HQ"}, Success: time.Unix(1, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	state, err := encodeState(key, map[string]int{"spent": 12})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file   []byte
		decode func(file []byte) error
	}{
		{snapshot, func(file []byte) error { _, err := decodeSnapshot(file, key.file(), ""); return err }},
		{state, func(file []byte) error {
			var state any
			return decodeState(file, key, &state)
		}},
	} {
		expect := func(damaged []byte) {
			t.Helper()
			if err := c.decode(damaged); !errors.Is(err, errForeign) && !errors.Is(err, errChecksum) {
				t.Errorf("%v when decoding\n%s", err, damaged)
			}
		}
		if err := c.decode(c.file); err != nil {
			t.Fatal(err)
		}
		for i := range c.file {
			expect(c.file[:i])
			for bit := range 8 {
				flipped := bytes.Clone(c.file)
				flipped[i] ^= 1 << bit
				expect(flipped)
			}
		}
		expect(append(bytes.Clone(c.file), '\n'))
	}
}
