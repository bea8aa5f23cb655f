package store

import (
	"bytes"
	"encoding/json"
	"errors"
)

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
