package store

import (
	"bytes"
	"fmt"

	"github.com/prometheus/common/expfmt"
)

func encodeSnapshot(key Key, fingerprint string, snapshot Snapshot) ([]byte, error) {
	if err := check(snapshot.Families); err != nil {
		return nil, err
	}
	var samples bytes.Buffer
	for _, family := range snapshot.Families {
		if len(family.GetMetric()) == 0 {
			continue // the format cannot express it, and a scrape would not show it
		}
		if _, err := expfmt.MetricFamilyToText(&samples, family); err != nil {
			return nil, fmt.Errorf("%s: %w", family.GetName(), err)
		}
	}
	return encode(snapshotTitle, header{
		Key: key, File: key.file(), Fingerprint: hash(fingerprint), Success: snapshot.Success.UTC(), Sites: snapshot.Sites,
	}, samples.Bytes())
}

func decodeSnapshot(data []byte, key Key, fingerprint string) (Snapshot, error) {
	h, samples, err := decode(data, snapshotTitle)
	if err == nil {
		err = h.check(key.file(), fingerprint)
	}
	if err != nil {
		return Snapshot{}, err
	}
	families, err := parse(samples)
	return Snapshot{Families: families, Sites: h.Sites, Success: h.Success.UTC()}, err
}
