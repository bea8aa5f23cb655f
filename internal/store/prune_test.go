package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestPruneRemovesOnlyWhatIsNotKept(t *testing.T) {
	f := newFolder(t)
	key := func(i int) store.Key {
		return store.Key{Account: "a", Organization: "\"\n", Collector: fmt.Sprint(i)}
	}
	for i := range 10 {
		f.save(key(i), numbered(i))
	}
	accounts := []string{"", "north", "south"}
	for _, account := range accounts {
		f.saveState(account, map[string]string{"name": account})
	}
	f.open()
	f.Prune(func(k store.Key) bool { return slices.Contains([]string{"0", "2", "4", "6", "8"}, k.Collector) })
	f.PruneStates(func(account string, state []byte) bool {
		if want := fmt.Sprintf(`{"name":%q}`, account); string(state) != want {
			t.Errorf("the state of %q is %s, want %s", account, state, want)
		}
		return account != "south"
	})
	f.write()
	for i := range 10 {
		if snapshot, ok := f.load(key(i)); ok != (i%2 == 0) || ok && number(snapshot) != i {
			t.Errorf("snapshot %d found: %v", i, ok)
		}
	}
	for _, account := range accounts {
		if _, ok := f.loadState(account); ok != (account != "south") {
			t.Errorf("the state of %q found: %v", account, ok)
		}
	}
}

func TestPruneKeepsWhatIsSavedAfterIt(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), numbered(1))
	f.Save(acme(), fingerprint, numbered(2))
	f.Prune(func(store.Key) bool { return false })
	f.Save(acme(), fingerprint, numbered(3))
	f.write()
	f.expect(acme(), numbered(3))

	f.Save(acme(), fingerprint, numbered(4))
	f.Prune(func(store.Key) bool { return false })
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
		"notes.txt":                            []byte("notes"),
		"snapshot-notes.prom":                  []byte("notes"),
		"snapshot-copy.prom":                   file,
		filepath.Base(path) + ".bad":           file,
		"state-notes.prom":                     []byte("notes"),
		"state-copy.prom":                      sealed("# runzero_exporter state 1\n# {\"Account\":\"x\"}\n{}\n"),
		"snapshot-newer-0123456789abcdef.prom": sealed("# runzero_exporter snapshot 2\n"),
	}
	for name, data := range unknown {
		write(t, filepath.Join(f.dir, name), data)
	}
	if err := os.Mkdir(filepath.Join(f.dir, "snapshot-folder.prom"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.Prune(func(store.Key) bool { return false })
	f.PruneStates(func(string, []byte) bool { return false })
	f.write()
	for name, data := range unknown {
		if !bytes.Equal(read(t, filepath.Join(f.dir, name)), data) {
			t.Errorf("%s was changed", name)
		}
	}
	if n := len(f.names("")); n != len(unknown)+1 {
		t.Errorf("the folder holds %q", f.names(""))
	}
}
