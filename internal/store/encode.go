package store

import (
	"bytes"
	"encoding/json"
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
	h := header{
		Account: key.Account.Name, Organization: key.Organization, Collector: key.Collector, File: key.file(),
		Fingerprint: hash(fingerprint), Success: snapshot.Success.UTC(), Sites: snapshot.Sites,
		Missing: snapshot.Missing, Listed: snapshot.Listed,
	}
	if snapshot.State != nil {
		state, err := json.Marshal(snapshot.State)
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		h.State = state
	}
	return encode(snapshotTitle, h, samples.Bytes())
}

func decodeSnapshot(data []byte, file, fingerprint string) (Snapshot, error) {
	h, samples, err := decode(data, snapshotTitle)
	if err == nil {
		err = h.check(file, fingerprint)
	}
	if err != nil {
		return Snapshot{}, err
	}
	families, err := parse(samples)
	s := Snapshot{Families: families, Sites: h.Sites, Missing: h.Missing, Listed: h.Listed, Success: h.Success.UTC()}
	if h.State != nil {
		s.State = h.State
	}
	return s, err
}

func encodeState(key Key, state any) ([]byte, error) {
	data, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	h := header{
		Account: key.Account.Name, Organization: key.Organization, Collector: key.Collector, File: key.stateFile(),
		Fingerprint: hash(key.Account.Fingerprint),
	}
	return encode(stateTitle, h, append(data, '\n'))
}

func decodeState(data []byte, key Key, state any) error {
	h, body, err := decode(data, stateTitle)
	if err == nil {
		err = h.check(key.stateFile(), key.Account.Fingerprint)
	}
	if err == nil && json.Unmarshal(body, state) != nil {
		err = errRecord
	}
	return err
}
