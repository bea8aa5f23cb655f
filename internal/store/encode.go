package store

import (
	"bytes"
	"encoding/json"
	"errors"
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
		Missing: snapshot.Missing, Listed: snapshot.Listed,
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
	return Snapshot{Families: families, Sites: h.Sites, Missing: h.Missing, Listed: h.Listed, Success: h.Success.UTC()}, err
}

func encodeState(account, fingerprint string, state any) ([]byte, error) {
	data, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	h := header{Key: Key{Account: account}, File: stateFile(account), Fingerprint: hash(fingerprint)}
	return encode(stateTitle, h, append(data, '\n'))
}

func decodeState(data []byte, account, fingerprint string, state any) error {
	h, body, err := decode(data, stateTitle)
	if err == nil {
		err = h.check(stateFile(account), fingerprint)
	}
	if err == nil && json.Unmarshal(body, state) != nil {
		err = errors.New("its JSON is not that of a state") // the error would quote the data
	}
	return err
}

// readState reads the state in a file, of whatever account and fingerprint.
func (s *Store) readState(name string) (account string, state []byte, err error) {
	data, _, err := s.read(name)
	if err != nil {
		return "", nil, err
	}
	h, body, err := decode(data, stateTitle)
	return h.Account, bytes.TrimSuffix(body, []byte("\n")), err
}
