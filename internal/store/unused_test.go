package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// Nothing that a configuration uses is ever removed, whatever the clock says, and nothing else within 30 days.
func TestFilesThatNoConfigurationUsesAreRemovedAfter30Days(t *testing.T) {
	f := newFolder(t)
	for _, account := range []string{"used", "typo", "recent"} {
		f.saveState(account, 1)
		f.save(store.Key{Account: named(account), Collector: "sites"}, small())
	}
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
	age("notes.txt", 2*month)

	f.open()
	if _, found := f.loadState("used"); !found { // and the writer tidies
		t.Error("the state is gone")
	}
	got := f.names("")
	if text := strings.Join(got, " "); len(got) != 5 || strings.Contains(text, "typo") || !strings.Contains(text, "notes.txt") {
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
