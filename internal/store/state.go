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
	var file bytes.Buffer
	file.WriteString(stateTitle)
	comment(&file, "account", quote(account))
	comment(&file, "fingerprint", hash(fingerprint))
	file.Write(data)
	file.WriteByte('\n')
	return seal(file.Bytes()), nil
}

func decodeState(data []byte, account, fingerprint string, state any) error {
	r, err := unseal(data, stateTitle)
	if err != nil {
		return err
	}
	if found := r.quoted("account"); r.err == nil && found != account {
		return errOtherKey
	}
	if err := r.fingerprint(fingerprint); err != nil {
		return err
	}
	if err := json.Unmarshal(r.rest, state); err != nil {
		return errors.New("its JSON is not that of a state") // the error would quote the data
	}
	return nil
}

// readState reads the state in a file, of whatever account and fingerprint.
func (s *Store) readState(name string) (account string, state []byte, err error) {
	data, _, err := s.read(name)
	if err != nil {
		return "", nil, err
	}
	r, err := unseal(data, stateTitle)
	if err != nil {
		return "", nil, err
	}
	account = r.quoted("account")
	r.field("fingerprint")
	return account, bytes.TrimSuffix(r.rest, []byte("\n")), r.err
}
