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
	safe := regexp.MustCompile(`^(snapshot|state)-[a-z0-9_-]{16,127}\.prom$`)
	texts := []string{
		"", ".", "..", "../../etc/passwd", `..\..\boot.ini`, "/", `C:\`, "a:b", "con", "NUL.txt", "a\x00b", "a\nb", "# HELP x", "\"", "a ", "a.", "~", "-rf",
		"caf\xe9", "\xed\xa0\x80", "Zürich 🏭", strings.Repeat("x", 5000), strings.Repeat("🏭", 500), "snapshot-", ".bad", "*", "%s%n", "`", "\u202e",
	}
	snapshots := map[store.Key]store.Snapshot{}
	for i, text := range texts {
		key := store.Key{Account: text, Organization: text, Collector: text}
		snapshots[key] = numbered(i)
		f.Save(key, fingerprint, snapshots[key])
		f.SaveState(text, text, i)
	}
	f.write()

	f.open()
	for key, snapshot := range snapshots {
		f.expect(key, snapshot)
	}
	for i, text := range texts {
		var n int
		if ok := f.Load(text, text, &n); !ok || n != i {
			t.Errorf("the state of %q is %d (found: %v), want %d", text, n, ok, i)
		}
	}
	names := f.names("")
	for _, name := range names {
		if !safe.MatchString(name) {
			t.Errorf("unsafe file name %q", name)
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
		{Account: "a", Organization: "b", Collector: "c"}, {Account: "A", Organization: "b", Collector: "c"},
		{Account: "a-b", Collector: "c"}, {Organization: "a-b-c"}, {Account: `a""b`}, {Account: "a", Organization: `"b`},
		{Account: strings.Repeat("x", 100) + "1"}, {Account: strings.Repeat("x", 100) + "2"}, {Account: "\xff"}, {Account: "\ufffd"},
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
