package store_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestHostileKeysBecomeSafeFileNames(t *testing.T) {
	f := newFolder(t)
	line := regexp.MustCompile(`^[0-9a-f]{16} (state|poll-[a-z0-9_-]{16,90}) \d+$`)
	safe := regexp.MustCompile(`^[a-z0-9_-]{18,53}/(snapshot-[a-z0-9_-]{16,90}\.prom|state\.log)$`)
	texts := []string{
		"", ".", "..", "../../etc/passwd", `..\..\boot.ini`, "/", `C:\`, "a:b", "con", "NUL.txt", "a\x00b", "a\nb", "# HELP x", "\"", "a ", "a.", "~", "-rf",
		"caf\xe9", "\xed\xa0\x80", "Zürich 🏭", strings.Repeat("x", 5000), strings.Repeat("🏭", 500), "snapshot-", ".bad", "*", "%s%n", "`", "\u202e",
	}
	snapshots := map[store.Key]store.Snapshot{}
	for i, text := range texts {
		key := store.Key{Account: store.Account{Name: text, Fingerprint: text}, Organization: text, Collector: text}
		snapshots[key] = numbered(i)
		f.Save(key, fingerprint, snapshots[key])
		f.SaveState(key, i)
		f.SaveState(store.Key{Account: key.Account}, i)
	}
	f.write()

	f.open()
	for key, snapshot := range snapshots {
		f.expect(key, snapshot)
	}
	for i, text := range texts {
		account := store.Account{Name: text, Fingerprint: text}
		for _, key := range []store.Key{{Account: account}, {Account: account, Organization: text, Collector: text}} {
			var n int
			if ok := f.stateOf(key, &n); !ok || n != i {
				t.Errorf("the state of %q is %d (found: %v), want %d", text, n, ok, i)
			}
		}
	}
	names := f.names("")
	for _, name := range names {
		if !safe.MatchString(filepath.ToSlash(name)) {
			t.Errorf("unsafe file name %q", name)
		}
		if !strings.HasSuffix(name, ".log") {
			continue
		}
		for _, text := range strings.Split(strings.TrimSpace(string(read(t, filepath.Join(f.dir, name)))), "\n")[3:] {
			if !line.MatchString(text) {
				t.Errorf("unsafe line %q", text)
			}
		}
	}
	if len(names) != len(snapshots)+len(texts) {
		t.Errorf("%d files of %d snapshots and %d states", len(names), len(snapshots), len(texts))
	}
	if outside, err := filepath.Glob(filepath.Join(f.dir, "..", "*")); err != nil || len(outside) != 1 {
		t.Errorf("beside the folder: %q, %v", outside, err)
	}
}

func TestSimilarKeysHaveFilesOfTheirOwn(t *testing.T) {
	f := newFolder(t)
	keys := []store.Key{
		{Account: named("a"), Organization: "b", Collector: "c"}, {Account: named("A"), Organization: "b", Collector: "c"},
		{Account: named("a-b"), Collector: "c"}, {Organization: "a-b-c"}, {Account: named(`a""b`)}, {Account: named("a"), Organization: `"b`},
		{Account: named(strings.Repeat("x", 100) + "1")}, {Account: named(strings.Repeat("x", 100) + "2")}, {Account: named("\xff")}, {Account: named("\ufffd")},
	}
	folded := map[string]bool{} // as on a file system that ignores case
	for i, key := range keys {
		f.save(key, numbered(i))
	}
	for i, key := range keys {
		f.expect(key, numbered(i))
	}
	for _, name := range f.names(".prom") {
		folded[strings.ToLower(name)] = true
	}
	if len(folded) != len(keys) || !strings.Contains(strings.Join(f.names(".prom"), " "), "snapshot-a-b-c-") {
		t.Errorf("files %q of %d keys, want one for each, with a readable name", f.names(".prom"), len(keys))
	}
}
