package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestPruneRemovesOnlyWhatIsNotKept(t *testing.T) {
	f := newFolder(t)
	key := func(i int) store.Key {
		return store.Key{Account: named("a"), Organization: "\"\n", Collector: fmt.Sprint(i)}
	}
	for i := range 10 {
		f.save(key(i), numbered(i))
	}
	elsewhere := []store.Key{
		{Account: named("b"), Collector: "1"}, {Account: store.Account{Name: "a", Fingerprint: "https://another.example.com"}, Collector: "1"},
	}
	for _, key := range elsewhere {
		f.save(key, numbered(1))
	}
	f.saveState("a", 1)
	f.open()
	f.Prune(named("a"), map[store.Key]bool{key(0): true, key(2): true, key(4): true, key(6): true, key(8): true})
	f.write()
	for i := range 10 {
		if snapshot, ok := f.load(key(i)); ok != (i%2 == 0) || ok && number(snapshot) != i {
			t.Errorf("snapshot %d found: %v", i, ok)
		}
	}
	for _, key := range elsewhere {
		f.expect(key, numbered(1))
	}
	if _, ok := f.loadState("a"); !ok {
		t.Error("the state is gone")
	}
}

func TestPruneKeepsWhatIsSavedAfterIt(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), numbered(1))
	f.Save(acme(), fingerprint, numbered(2))
	f.Prune(acme().Account, nil)
	f.Save(acme(), fingerprint, numbered(3))
	f.write()
	f.expect(acme(), numbered(3))

	f.Save(acme(), fingerprint, numbered(4))
	f.Prune(acme().Account, nil)
	f.write()
	if _, ok := f.load(acme()); ok {
		t.Error("Prune kept what was saved before it")
	}
}

func TestPruneIgnoresUnknownFiles(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	path := f.only()
	file := read(t, path)
	unknown := map[string][]byte{
		"notes.txt":                  []byte("notes"),
		"snapshot-notes.prom":        []byte("notes"),
		"snapshot-copy.prom":         file,
		filepath.Base(path) + ".bad": file,
		"state-notes.prom":           []byte("notes"),
		"state-copy.prom":            sealed("# runzero_exporter state 1\n# {\"Account\":\"x\"}\n{}\n"),
	}
	for name, data := range unknown {
		write(t, filepath.Join(filepath.Dir(path), name), data)
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(path), "snapshot-folder.prom"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.Prune(acme().Account, nil)
	f.write()
	for name, data := range unknown {
		if !bytes.Equal(read(t, filepath.Join(filepath.Dir(path), name)), data) {
			t.Errorf("%s was changed", name)
		}
	}
	if n := len(f.names("")); n != len(unknown)+1 {
		t.Errorf("the folder holds %q", f.names(""))
	}
}
