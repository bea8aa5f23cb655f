package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// hash is how the headers of files contain fingerprints.
func hash(text string) string {
	return strings.Fields(string(sealed(text))[len(text):])[2]
}

// flatten makes the files of an account those of the first version, which had them all in one folder.
func (f *folder) flatten(account string) {
	f.t.Helper()
	for _, name := range f.names(".prom") {
		path := filepath.Join(f.dir, name)
		file := string(read(f.t, path))
		flat := strings.Replace(filepath.Base(name), "snapshot-", "snapshot-"+account+"-", 1)
		if flat == "state.prom" {
			flat = fmt.Sprintf("state-%s-%s.prom", account, hash(fmt.Sprintf("%q", account))[:16])
		} else {
			flat = flat[:len(flat)-len("0123456789abcdef.prom")] + hash(fmt.Sprintf("%q%q%q", account, acme().Organization, acme().Collector))[:16] + ".prom"
		}
		body := strings.Replace(file[:strings.LastIndex(file, "# sha256")], filepath.ToSlash(name), flat, 1)
		write(f.t, filepath.Join(f.dir, flat), sealed(body))
		if err := os.Remove(path); err != nil {
			f.t.Fatal(err)
		}
	}
}

// flat lists the files that are not below the folder of an account.
func (f *folder) flat() []string {
	return slices.DeleteFunc(f.names(""), func(name string) bool { return strings.Contains(name, string(filepath.Separator)) })
}

func TestFilesOfTheFirstVersionAreTakenOver(t *testing.T) {
	f := newFolder(t)
	f.save(acme(), small())
	f.saveState("default", 12)
	f.flatten("default")
	want := []string{ // as the first version called them
		"snapshot-default-b1f3c1de-0000-4000-8000-000000000001-assets-91ed10be310d79e7.prom", "state-default-1080a60800d9e5bd.prom",
	}
	if got := f.flat(); !slices.Equal(got, want) {
		t.Fatalf("the files of the first version are %q, want %q", got, want)
	}

	f.open()
	var state int
	if f.Load(store.Account{Name: "default", Fingerprint: "https://another.example.com"}, &state) {
		t.Error("took over the state of another console")
	}
	f.write()
	if got := f.flat(); !slices.Equal(got, want) {
		t.Fatalf("another configuration leaves %q", got)
	}

	f.open()
	if !f.Load(named("default"), &state) || state != 12 {
		t.Errorf("the state is %d", state)
	}
	if _, found := f.LoadSnapshot(acme(), fingerprint); !found {
		t.Error("the snapshot is not found")
	}
	f.SaveState(named("default"), 13) // before what was loaded is written
	f.write()
	if got := f.flat(); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	f.open()
	f.expect(acme(), small())
	if state, found := f.loadState("default"); !found || state != 13.0 {
		t.Errorf("the state is %v", state)
	}
}

// Nothing that a configuration uses is ever removed, whatever the clock says, and nothing else within 30 days.
func TestFilesThatNoConfigurationUsesAreRemovedAfter30Days(t *testing.T) {
	f := newFolder(t)
	for _, account := range []string{"used", "typo", "recent"} {
		f.saveState(account, 1)
		f.save(store.Key{Account: named(account), Collector: "sites"}, small())
	}
	write(t, filepath.Join(f.dir, "state-old-0123456789abcdef.prom"), nil)
	write(t, filepath.Join(f.dir, "notes.txt"), nil)
	now := time.Now()
	age := func(account string, by time.Duration) {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(f.dir, account))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		if err := os.Chtimes(found[0], now.Add(-by), now.Add(-by)); err != nil {
			t.Fatal(err)
		}
	}
	const month = 30 * 24 * time.Hour
	age("used-*", 20*365*24*time.Hour)
	age("typo-*", month+time.Hour)
	age("recent-*", month-time.Hour)
	age("state-old-*", month+time.Hour)
	age("notes.txt", 2*month)

	f.open()
	if _, found := f.loadState("used"); !found { // and the writer tidies
		t.Error("the state is gone")
	}
	got := f.names("")
	if text := strings.Join(got, " "); len(got) != 5 || strings.Contains(text, "typo") || strings.Contains(text, "old") || !strings.Contains(text, "notes.txt") {
		t.Errorf("the folder holds %q", got)
	}
	if entries, err := filepath.Glob(filepath.Join(f.dir, "typo-*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if log := f.logged(); len(log) != 1 || !strings.Contains(log[0], "typo-") {
		t.Errorf("logged %q", log)
	}

	// What was used is marked as used.
	var err error
	_ = f.Close()
	f.Folder, err = store.Open(f.dir, store.Options{Logger: log.NewNopLogger(), Now: func() time.Time { return now.Add(month - time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	f.write()
	if text := strings.Join(f.names(""), " "); !strings.Contains(text, "used-") || strings.Contains(text, "recent-") {
		t.Errorf("a month later the folder holds %s", text)
	}
}
