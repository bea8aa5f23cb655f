package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// kinds saves a snapshot and a state, and returns for each file how to load it.
func kinds(f *folder) map[string]func() bool {
	f.t.Helper()
	f.save(acme(), small())
	snapshot := f.only()
	f.saveState("default", map[string]int{"spent": 12})
	state := ""
	for _, name := range f.names("") {
		if path := filepath.Join(f.dir, name); path != snapshot {
			state = path
		}
	}
	return map[string]func() bool{
		snapshot: func() bool { _, ok := f.load(acme()); return ok },
		state:    func() bool { _, ok := f.loadState("default"); return ok },
	}
}

// expectAside loads an unusable file twice after a restart, and expects it to be set aside once.
func (f *folder) expectAside(what, path string, load func() bool) {
	f.t.Helper()
	f.open()
	if load() {
		f.t.Errorf("%s: loaded", what)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		f.t.Errorf("%s: still there (%v)", what, err)
	}
	if _, err := os.Lstat(path + ".bad"); err != nil {
		f.t.Errorf("%s: %v", what, err)
	}
	if load() {
		f.t.Errorf("%s: loaded the second time", what)
	}
	if log := f.logged(); len(log) != 1 || !strings.HasPrefix(log[0], "level=warn") || !strings.Contains(log[0], filepath.Base(path)) {
		f.t.Errorf("%s: logged %q, want one line that names the file", what, log)
	}
}

func TestForeignFilesAreSetAside(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		file := string(read(t, path))
		end := strings.LastIndex(strings.TrimSuffix(file, "\n"), "\n") + 1
		body, last := file[:end], file[end:]
		seal := sealed
		if strings.HasSuffix(path, ".log") {
			seal = func(body string) []byte { return []byte(body + last) }
		}
		for what, data := range map[string][]byte{
			"empty":                nil,
			"another program's":    []byte("# HELP up Up.\n# TYPE up gauge\nup 1\n"),
			"version 2":            seal(strings.Replace(body, " 1\n", " 2\n", 1)),
			"another file's":       seal(strings.Replace(body, `"File":"`, `"File":"x`, 1)),
			"no comment":           seal(strings.Replace(body, "# {", "{", 1)),
			"checksum in capitals": []byte(body + strings.ToUpper(last)),
		} {
			write(t, path, data)
			f.expectAside(what, path, load)
		}
	}
}

func TestForgedSnapshotsWithValidChecksumsAreSetAside(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	path := f.only()
	file := string(read(t, path))
	body := file[:strings.LastIndex(file, "# sha256")]
	for what, change := range map[string][2]string{
		"another file's":   {`"File":"default-`, `"File":"default-x`},
		"invalid time":     {`"Success":"2026`, `"Success":"soon`},
		"unknown type":     {"gauge\n", "stateset\n"},
		"timestamp":        {"\"} 2\n", "\"} 2 1700000000000\n"},
		"value in letters": {"\"} 2\n", "\"} two\n"},
		"help twice":       {"# HELP runzero_sites ", "# HELP runzero_age_seconds x\n# HELP runzero_sites "},
		"series twice":     {"\"} 2\n", "\"} 2\nrunzero_sites{org_name=\"B\",site_name=\"A\"} 1\nrunzero_sites{site_name=\"A\",org_name=\"B\"} 2\n"},
	} {
		forged := strings.Replace(body, change[0], change[1], 1)
		if forged == body {
			t.Fatalf("%s: nothing is changed", what)
		}
		write(t, path, sealed(forged))
		if _, ok := f.load(acme()); ok {
			t.Errorf("%s: loaded", what)
		} else if log := f.logged(); len(log) != 1 || strings.Contains(log[0], "East") || strings.Contains(log[0], "two") {
			t.Errorf("%s: logged %q, want one line that quotes no data", what, log)
		}
	}
	write(t, path, sealed(body))
	f.expect(acme(), small())
}

func TestStateOfAnotherTypeIsIgnored(t *testing.T) {
	f := newFolder(t)
	f.saveState("default", "PLANTED")
	var state struct{ Spent int }
	if f.stateOf(whole("default"), &state) {
		t.Error("loaded a text as a struct")
	}
	f.write()
	if log := f.logged(); len(log) != 1 || strings.Contains(log[0], "PLANTED") || len(f.names(".bad")) != 0 {
		t.Errorf("logged %q, and the folder holds %q", log, f.names(""))
	}
}

func TestAnotherFingerprintIsIgnoredUntilReplaced(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	path := f.only()
	before := read(t, path)
	for range 2 {
		if _, found := f.LoadSnapshot(acme(), "another"); found {
			t.Error("loaded with another fingerprint")
		}
		f.write()
		if log := f.logged(); len(log) != 1 || !strings.HasPrefix(log[0], "level=info") {
			t.Errorf("logged %q", log)
		}
	}
	if !bytes.Equal(read(t, path), before) {
		t.Error("the file was changed")
	}
	f.Save(acme(), "another", small())
	f.write()
	if _, ok := f.LoadSnapshot(acme(), "another"); !ok || f.only() != path {
		t.Error("not replaced")
	}
}

func TestIrregularFilesAreSetAsideUnread(t *testing.T) {
	for what, create := range map[string]func(path string) error{
		"folder":  func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":    func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"symlink": func(path string) error { return os.Symlink("/dev/zero", path) },
		"too large": func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 256<<20+1) // a hole, which takes no space
		},
	} {
		f := newFolder(t)
		for path, load := range kinds(f) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := create(path); err != nil {
				t.Fatal(err)
			}
			f.expectAside(what, path, load)
		}
		f.save(acme(), small())
		f.expect(acme(), small())
	}
}

func TestFileThatCannotBeSetAsideIsLoggedOnce(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	path := f.only()
	// A rename cannot replace a folder that is not empty.
	if err := os.MkdirAll(filepath.Join(path+".bad", "notes"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and once more after it was replaced in between
		write(t, path, []byte("torn"))
		for range 3 {
			if _, ok := f.load(acme()); ok {
				t.Error("loaded")
			}
		}
		if log := f.logged(); len(log) != 1 {
			t.Errorf("logged %q, want one line", log)
		}
		f.save(acme(), small())
		f.expect(acme(), small())
	}
}

func TestFileReplacedSinceItWasLoadedIsNotSetAside(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	path := f.only()
	write(t, path, []byte("torn"))
	if _, ok := f.LoadSnapshot(acme(), fingerprint); ok {
		t.Fatal("loaded")
	}
	// The owner repairs the file before the writer gets to it.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, []byte("another"))
	f.write()
	if f.names(".bad") != nil || f.logged() != nil {
		t.Errorf("the folder holds %q", f.names(""))
	}
}

func TestFilesThatAreSetAsideDoNotPileUp(t *testing.T) {
	f := newFolder(t)
	const most = 10
	for i := range most + 5 {
		key := acme()
		key.Organization = fmt.Sprint(i)
		f.save(key, small())
		path := filepath.Join(f.dir, f.names(".prom")[0])
		write(t, path, []byte("torn"))
		if err := os.Chtimes(path, time.Unix(int64(i), 0), time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
		f.load(key)
	}
	names := f.names("")
	if text := strings.Join(names, " "); len(names) != most || strings.Contains(text, "snapshot-4-") || !strings.Contains(text, "snapshot-5-") {
		t.Errorf("the folder holds %q, want the last %d", names, most)
	}
}

// A folder where a file is to be written is set aside, too. When even that fails, it is said what to do, and the file is
// written as soon as that was done.
func TestAFolderInThePlaceOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.saveState("default", 1)
		path := f.only()
		go func() { _ = f.Run(t.Context()) }()
		save := func(n int) {
			f.SaveState(whole("default"), n)
			if err := f.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		replace := func() {
			if err := errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "notes"), 0o700)); err != nil {
				t.Fatal(err)
			}
		}
		replace()
		save(2)
		if log := f.logged(); !f.Healthy() || len(log) != 1 || !strings.Contains(log[0], "set aside") {
			t.Errorf("healthy: %v, logged %q", f.Healthy(), log)
		}
		replace()
		save(3)
		if log := strings.Join(f.logged(), ""); f.Healthy() || !strings.Contains(log, "remove the folder") || !strings.Contains(log, path) {
			t.Errorf("healthy: %v, logged %s", f.Healthy(), log)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var state int
		if !f.stateOf(whole("default"), &state) || state != 3 || !f.Healthy() {
			t.Errorf("the state is %d, healthy: %v", state, f.Healthy())
		}
	})
}
