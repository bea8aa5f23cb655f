package store_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

func TestHostileKeys(t *testing.T) {
	f := newFolder(t)
	safe := regexp.MustCompile(`^(snapshot|state)-[a-z0-9_-]{16,127}\.prom$`)
	texts := []string{
		"", ".", "..", "../../etc/passwd", `..\..\boot.ini`, "/", `C:\`, "a:b", "con", "NUL.txt", "a\x00b", "a\nb", "# HELP x", "\"", "a ", "a.", "~", "-rf",
		"caf\xe9", "\xed\xa0\x80", "Zürich 🏭", strings.Repeat("x", 5000), strings.Repeat("🏭", 500), "snapshot-", ".bad", "*", "%s%n", "`", "\u202e",
	}
	keys := map[store.Key]store.Entry{}
	for i, text := range texts {
		for _, key := range []store.Key{
			{Account: text}, {Organization: text}, {Collector: text}, {Account: text, Organization: text, Collector: text},
		} {
			keys[key] = numbered(i)
			f.save(key, shape, keys[key])
		}
		if err := f.SaveState(text, text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	f.open()
	for key, e := range keys {
		f.expect(key, shape, e)
	}
	for _, text := range texts {
		if data, ok := f.LoadState(text, text); !ok || string(data) != text {
			t.Errorf("the state of %q is %q (there: %v)", text, data, ok)
		}
	}
	names := f.names("")
	for _, name := range names {
		if !safe.MatchString(name) {
			t.Errorf("a file is called %q", name)
		}
	}
	if len(names) != len(keys)+len(texts) {
		t.Errorf("%d files of %d keys and %d states", len(names), len(keys), len(texts))
	}
	if outside, err := filepath.Glob(filepath.Join(f.dir, "..", "*")); err != nil || len(outside) != 1 {
		t.Errorf("beside the folder: %q, %v", outside, err)
	}
	if err := f.Forget(func(store.Key) bool { return false }); err != nil || len(f.names("")) != len(texts) {
		t.Errorf("after Forget %d files are left, %v", len(f.names("")), err)
	}
}

func TestKeysThatLookAlikeAreToldApart(t *testing.T) {
	f := newFolder(t)
	keys := []store.Key{
		{Account: "a", Organization: "b", Collector: "c"}, {Account: "A", Organization: "b", Collector: "c"},
		{Account: "a-b", Collector: "c"}, {Organization: "a-b-c"}, {Account: "a", Organization: "b.", Collector: "c"},
		{Account: `a""b`}, {Account: "a", Organization: `"b`}, {Account: `a"`, Organization: "b"},
		{Account: strings.Repeat("x", 100) + "1"}, {Account: strings.Repeat("x", 100) + "2"},
		{Account: "\xff"}, {Account: "\xfe"}, {Account: "\ufffd"},
	}
	for i, key := range keys {
		f.save(key, shape, numbered(i))
	}
	for i, key := range keys {
		f.expect(key, shape, numbered(i))
	}
	folded := map[string]bool{} // as on a file system that does not tell capitals
	for _, name := range f.names(".prom") {
		folded[strings.ToLower(name)] = true
	}
	if len(folded) != len(keys) {
		t.Errorf("%d files for %d keys", len(folded), len(keys))
	}
	if !strings.Contains(strings.Join(f.names(".prom"), " "), "snapshot-a-b-c-") {
		t.Errorf("nobody can tell whose file is which: %q", f.names(".prom"))
	}
}
