package store

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/expfmt"
)

func encodeSnapshot(key Key, fingerprint string, snapshot Snapshot) ([]byte, error) {
	if err := check(snapshot.Families); err != nil {
		return nil, err
	}
	success, err := snapshot.Success.UTC().MarshalText()
	if err != nil {
		return nil, fmt.Errorf("time of the poll: %w", err)
	}
	var file bytes.Buffer
	file.WriteString(snapshotTitle)
	comment(&file, "account", quote(key.Account))
	comment(&file, "organization", quote(key.Organization))
	comment(&file, "collector", quote(key.Collector))
	comment(&file, "fingerprint", hash(fingerprint))
	comment(&file, "success", string(success))
	if snapshot.Sites != nil {
		comment(&file, "sites", strconv.Itoa(len(snapshot.Sites)))
		for _, id := range slices.Sorted(maps.Keys(snapshot.Sites)) {
			comment(&file, "site", quote(id), quote(snapshot.Sites[id]))
		}
	}
	for _, family := range snapshot.Families {
		if len(family.GetMetric()) == 0 {
			continue // the format cannot express it, and a scrape would not show it
		}
		if _, err := expfmt.MetricFamilyToText(&file, family); err != nil {
			return nil, fmt.Errorf("%s: %w", family.GetName(), err)
		}
	}
	return seal(file.Bytes()), nil
}

func decodeSnapshot(data []byte, key Key, fingerprint string) (Snapshot, error) {
	r, err := unseal(data, snapshotTitle)
	if err != nil {
		return Snapshot{}, err
	}
	found := r.key()
	switch {
	case r.err != nil:
		return Snapshot{}, r.err
	case found != key:
		return Snapshot{}, errOtherKey
	}
	if err := r.fingerprint(fingerprint); err != nil {
		return Snapshot{}, err
	}
	var snapshot Snapshot
	if snapshot.Success, err = time.Parse(time.RFC3339Nano, r.field("success")); err != nil {
		return Snapshot{}, errHead
	}
	snapshot.Success = snapshot.Success.UTC()
	if r.next("sites") {
		n := r.number("sites")
		snapshot.Sites = map[string]string{}
		for r.next("site") {
			id, name := r.pair("site")
			snapshot.Sites[id] = name
		}
		if len(snapshot.Sites) != n {
			r.fail()
		}
	}
	if r.err != nil {
		return Snapshot{}, r.err
	}
	snapshot.Families, err = parse(r.rest)
	return snapshot, err
}
