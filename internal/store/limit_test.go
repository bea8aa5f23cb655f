package store

import (
	"errors"
	"testing"
)

// A file that Load would not read must not be written.
func TestNothingIsSavedBeyondTheLimit(t *testing.T) {
	s, err := Open(t.TempDir(), func(...any) { t.Error("logged") })
	if err != nil {
		t.Fatal(err)
	}
	s.limit = 300
	if err := s.SaveState("a", "", make([]byte, 10)); err != nil {
		t.Error(err)
	}
	if err := s.SaveState("a", "", make([]byte, 300)); !errors.Is(err, errTooLarge) {
		t.Errorf("%v, want that it is too large", err)
	}
	if data, ok := s.LoadState("a", ""); !ok || len(data) != 10 {
		t.Errorf("%d bytes are left of the first 10 (there: %v)", len(data), ok)
	}
}
