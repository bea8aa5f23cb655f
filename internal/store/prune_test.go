package store_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestPruneRemovesOnlyWhatIsNotKept(t *testing.T) {
	f := newFolder(t)
	for i := range 40 {
		f.save(store.Key{Account: "a", Organization: "\"\n", Collector: fmt.Sprint(i)}, numbered(i))
	}
	f.saveState("a", 1)
	even := func(key store.Key) bool {
		var i int
		_, err := fmt.Sscan(key.Collector, &i)
		return err == nil && i%2 == 0
	}
	f.Prune(even)
	f.write()
	for i := range 40 {
		key := store.Key{Account: "a", Organization: "\"\n", Collector: fmt.Sprint(i)}
		if snapshot, ok := f.load(key); ok != even(key) || ok && number(snapshot) != i {
			t.Errorf("%d found: %v", i, ok)
		}
	}
	if _, ok := f.loadState("a"); !ok {
		t.Error("Prune removed a state")
	}
}

func TestPruneStatesRemovesOnlyWhatIsNotKept(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	for _, account := range []string{"", "north", "south"} {
		f.saveState(account, map[string]string{"name": account})
	}
	f.open()
	offered := map[string]string{}
	f.PruneStates(func(account string, state []byte) bool {
		offered[account] = string(state)
		return account != "south"
	})
	f.write()
	if want := map[string]string{"": `{"name":""}`, "north": `{"name":"north"}`, "south": `{"name":"south"}`}; !maps.Equal(offered, want) {
		t.Errorf("keep was called with %q, want %q", offered, want)
	}
	for account, want := range map[string]bool{"": true, "north": true, "south": false} {
		if _, ok := f.loadState(account); ok != want {
			t.Errorf("the state of %q found: %v", account, ok)
		}
	}
	f.expect(acme(), small())
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
		"snapshot-.prom":                       nil,
		"snapshot-notes.prom":                  []byte("notes"),
		"snapshot-head.prom":                   []byte("# runzero_exporter snapshot 1\n# {\"Account\":\"x\"}\n"),
		"snapshot-copy.prom":                   file,
		filepath.Base(path) + ".bad":           file,
		"state-.prom":                          nil,
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
