package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// kinds are the two kinds of files, each saved, and how to load it.
func kinds(f *folder) map[string]func() bool {
	f.t.Helper()
	f.save(acme(), shape, small())
	snapshot := f.only()
	if err := f.SaveState("default", shape, []byte("{\"spent\": 12}\n")); err != nil {
		f.t.Fatal(err)
	}
	state := ""
	for _, name := range f.names("") {
		if path := filepath.Join(f.dir, name); path != snapshot {
			state = path
		}
	}
	return map[string]func() bool{
		snapshot: func() bool { _, ok := f.Load(acme(), shape); return ok },
		state:    func() bool { _, ok := f.LoadState("default", shape); return ok },
	}
}

// expectAside loads what is in the way, and looks where it went.
func (f *folder) expectAside(what, path string, load func() bool) {
	f.t.Helper()
	if load() {
		f.t.Errorf("%s: believed", what)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		f.t.Errorf("%s: still there (%v)", what, err)
	}
	if _, err := os.Lstat(path + ".bad"); err != nil {
		f.t.Errorf("%s: %v", what, err)
	}
	if load() {
		f.t.Errorf("%s: believed the second time", what)
	}
	if log := f.logged(); len(log) != 1 || !strings.HasPrefix(log[0], "levelwarn") || !strings.Contains(log[0], filepath.Base(path)) {
		f.t.Errorf("%s: logged %q, want one line that names the file", what, log)
	}
}

func TestEveryTruncationIsRecognised(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		whole := read(t, path)
		for n := range whole {
			write(t, path, whole[:n])
			f.expectAside(string(whole[:n]), path, load)
			if !bytes.Equal(read(t, path+".bad"), whole[:n]) {
				t.Fatal("what is set aside was changed, or an older one is in its place")
			}
		}
		write(t, path, append(bytes.Clone(whole), '\n'))
		f.expectAside("one byte more", path, load)
		write(t, path, whole)
		if !load() {
			t.Error("the whole file is not believed")
		}
	}
}

func TestEveryFlipIsRecognised(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		whole := read(t, path)
		for i := range whole {
			for _, flip := range []byte{1 << (i % 8), 0x20} { // 0x20 is the case of a letter
				edited := bytes.Clone(whole)
				edited[i] ^= flip
				write(t, path, edited)
				f.expectAside(string(edited), path, load)
			}
		}
	}
}

func TestWhatIsNotOursIsSetAside(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		whole := string(read(t, path))
		body := whole[:strings.LastIndex(whole, "# sha256")]
		for what, data := range map[string][]byte{
			"empty":                  nil,
			"another program's":      []byte("# HELP up Up.\n# TYPE up gauge\nup 1\n"),
			"zeros":                  make([]byte, 4096),
			"another version":        sealed(strings.Replace(body, " 1\n", " 2\n", 1)),
			"version 10":             sealed(strings.Replace(body, " 1\n", " 10\n", 1)),
			"another account's":      sealed(strings.Replace(body, `"default"`, `"other"`, 1)),
			"a head in disorder":     sealed(strings.Replace(body, "# account", "# accounts", 1)),
			"an account unquoted":    sealed(strings.Replace(body, `"default"`, `default`, 1)),
			"no shape":               sealed(strings.Replace(body, "# shape", "# shapes", 1)),
			"no head":                sealed(strings.SplitAfter(body, "\n")[0]),
			"half a head":            sealed(strings.SplitAfter(body, "\n")[0] + "# account"),
			"only a checksum":        sealed(""),
			"a checksum in capitals": []byte(body + strings.ToUpper(strings.TrimPrefix(whole, body))),
		} {
			write(t, path, data)
			f.expectAside(what, path, load)
		}
	}
}

// Their checksums are right, so somebody made them: they are no reason to fall over.
func TestForgedSnapshotsAreSetAside(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	path := f.only()
	whole := string(read(t, path))
	body := whole[:strings.LastIndex(whole, "# sha256")]
	load := func() bool { _, ok := f.Load(acme(), shape); return ok }
	for what, change := range map[string][2]string{
		"another collector":    {`"assets"`, `"tasks"`},
		"no time":              {"# success 2026", "# success soon"},
		"no success":           {"# success", "# failure"},
		"too many sites":       {"# sites 2", "# sites 3"},
		"too few sites":        {"# sites 2", "# sites 1"},
		"sites without number": {"# sites 2", "# sites two"},
		"a site twice":         {`"s2"`, `"s1"`},
		"a site without name":  {`"s1" "HQ \"old\""`, `"s1"`},
		"a site of more":       {`"s1" "HQ \"old\""`, `"s1" "HQ" "old"`},
		"a type of its own":    {"gauge\n", "stateset\n"},
		"untyped":              {"# TYPE runzero_sites gauge\n", ""},
		"a timestamp":          {"\"} 2\n", "\"} 2 1700000000000\n"},
		"a value in letters":   {"\"} 2\n", "\"} two\n"},
		"a label open":         {"\"} 2\n", "} 2\n"},
		"a comment too many":   {"# HELP runzero_sites ", "# HELP runzero_age_seconds x\n# HELP runzero_sites "},
		"a bucket too full":    {`le="1"} 1`, `le="1"} 9`},
		"a series twice":       {"\"} 2\n", "\"} 2\nrunzero_sites{org_name=\"B\",site_name=\"A\"} 1\nrunzero_sites{site_name=\"A\",org_name=\"B\"} 2\n"},
	} {
		forged := strings.Replace(body, change[0], change[1], 1)
		if forged == body {
			t.Fatalf("%s: nothing is changed", what)
		}
		write(t, path, sealed(forged))
		if load() {
			t.Errorf("%s: believed", what)
		} else if log := f.logged(); len(log) != 1 || strings.Contains(log[0], "East") || strings.Contains(log[0], "two") {
			t.Errorf("%s: logged %q, want one line that quotes no data", what, log)
		}
	}
	write(t, path, sealed(body))
	f.expect(acme(), shape, small())
}

func TestAnotherShapeIsIgnoredAndReplaced(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	before := read(t, f.only())
	for range 2 {
		if _, ok := f.Load(acme(), shape+"0"); ok {
			t.Error("an answer of another shape is served")
		}
		if log := f.logged(); len(log) != 1 || !strings.HasPrefix(log[0], "levelinfo") {
			t.Errorf("logged %q", log)
		}
	}
	if !bytes.Equal(read(t, f.only()), before) {
		t.Error("it was changed")
	}
	f.expect(acme(), shape, small())
	f.save(acme(), shape+"0", small())
	f.expect(acme(), shape+"0", small())
	f.only()
}

func TestWhatIsNoFileIsSetAside(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		f.expectAside("a folder", path, load)
	}
	f.save(acme(), shape, small())
	f.expect(acme(), shape, small())
}

func TestAFileBeyondTheLimitIsSetAsideUnread(t *testing.T) {
	f := newFolder(t)
	for path, load := range kinds(f) {
		if err := os.Truncate(path, 256<<20+1); err != nil { // of which most is a hole
			t.Fatal(err)
		}
		f.expectAside("too large", path, load)
		if err := os.Remove(path + ".bad"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatCannotBeSetAsideIsSaidOnce(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	path := f.only()
	// Nothing can take the place of a folder that holds something.
	if err := os.MkdirAll(filepath.Join(path+".bad", "notes"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // once more after it was mended in between
		write(t, path, []byte("torn"))
		for range 3 {
			if _, ok := f.Load(acme(), shape); ok {
				t.Error("believed")
			}
		}
		if log := f.logged(); len(log) != 1 {
			t.Errorf("logged %q, want one line", log)
		}
		f.save(acme(), shape, small())
		f.expect(acme(), shape, small())
	}
}

func TestForgetLeavesWhatItDoesNotKnow(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), shape, small())
	path := f.only()
	whole := read(t, path)
	theirs := map[string][]byte{
		"notes.txt":                            []byte("notes"),
		"snapshot-.prom":                       nil,
		"snapshot-notes.prom":                  []byte("notes"),
		"snapshot-head.prom":                   []byte("# runzero_exporter snapshot 1\n# account \"x\"\n"),
		"snapshot-copy.prom":                   whole,
		filepath.Base(path) + ".bad":           whole,
		"state-.prom":                          nil,
		"state-notes.prom":                     []byte("notes"),
		"state-copy.prom":                      sealed("# runzero_exporter state 1\n# account \"x\"\n# shape 0\n{}\n"),
		"snapshot-newer-0123456789abcdef.prom": sealed("# runzero_exporter snapshot 2\n"),
	}
	for name, data := range theirs {
		write(t, filepath.Join(f.dir, name), data)
	}
	if err := os.Mkdir(filepath.Join(f.dir, "snapshot-folder.prom"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Forget(func(store.Key) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if err := f.ForgetStates(func(string, []byte) bool { return false }); err != nil {
		t.Fatal(err)
	}
	for name, data := range theirs {
		if !bytes.Equal(read(t, filepath.Join(f.dir, name)), data) {
			t.Errorf("%s was changed", name)
		}
	}
	if n := len(f.names("")); n != len(theirs)+1 {
		t.Errorf("the folder holds %q", f.names(""))
	}
}
