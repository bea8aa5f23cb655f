package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Table is the table of a document that tests make, between two comments of the document.
type Table struct {
	path, begin, end    string
	before, text, after string
}

// TableOf reads the table of docs/name that the command makes and that the comment end ends. root is where docs is.
func TableOf(t *testing.T, root, name, command, end string) Table {
	t.Helper()
	d := Table{path: filepath.Join(root, "docs", name), begin: "<!-- Made by: " + command + " -->\n", end: "<!-- " + end + " -->\n"}
	page, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	var begins, ends bool
	d.before, d.text, begins = strings.Cut(string(page), d.begin)
	d.text, d.after, ends = strings.Cut(d.text, d.end)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", d.path)
	}
	return d
}

// Rewrite replaces the table in the document.
func (d Table) Rewrite(t *testing.T, table string) {
	t.Helper()
	if err := os.WriteFile(d.path, []byte(d.before+d.begin+"\n"+table+"\n"+d.end+d.after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Expect expects that the table contains a text: a row, or all of it.
func (d Table) Expect(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(d.text, text) {
		t.Errorf("the table in %s lacks %s: rewrite it with -update", d.path, text)
	}
}
