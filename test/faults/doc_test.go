//go:build port

package faults

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

var reliabilityDoc = filepath.Join("docs", "reliability.md")

// The matrix stands between these.
const (
	matrixBegins = "<!-- Made of the tests that passed: go test . -run 'TestFaults$' -update -->\n"
	matrixEnds   = "<!-- End of the matrix. -->\n"
)

// outcomes are the faults that came out as they should: with the collectors, and with the
// commands.
type outcomes struct {
	mu    sync.Mutex
	times map[where]int
}

func (o *outcomes) add(at where) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.times == nil {
		o.times = map[where]int{}
	}
	o.times[at]++
}

// all tells whether nothing was left out of the run.
func (o *outcomes) all() bool {
	for i, g := range faults(nil) {
		for j, f := range g.faults {
			for _, connection := range f.connections() {
				if o.times[where{i, j, connection}] != 2 {
					return false
				}
			}
		}
	}
	return true
}

// hold sees to it that docs/reliability.md says what has come out. A run of some of the
// tests proves nothing of it.
func (o *outcomes) hold(t *testing.T) {
	t.Helper()
	if !o.all() {
		return
	}
	page, err := os.ReadFile(reliabilityDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), matrixBegins)
	_, after, ends := strings.Cut(rest, matrixEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the matrix", reliabilityDoc)
	}
	want := before + matrixBegins + "\n" + matrix() + matrixEnds + after
	if *update {
		if err := os.WriteFile(reliabilityDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("the matrix in %s is not what has come out; go test . -run 'TestFaults$' -update rewrites it", reliabilityDoc)
	}
}

// columns are the collectors, each with all forms of what it asks.
func columns() (names []string, shapes map[string][]shape) {
	shapes = map[string][]shape{}
	for _, p := range slices.Concat(accountProbes(), organizationProbes()) {
		name, _, _ := strings.Cut(p.collector, "/")
		if shapes[name] == nil {
			names = append(names, name)
		}
		shapes[name] = append(shapes[name], p.shape)
	}
	return names, shapes
}

func matrix() string {
	var text strings.Builder
	names, shapes := columns()
	for _, g := range faults(nil) {
		fmt.Fprintf(&text, "### %s\n\n| fault | over | what is said |", g.of)
		for _, name := range names {
			fmt.Fprintf(&text, " %s |", name)
		}
		for _, c := range faultCommands() {
			fmt.Fprintf(&text, " `%s` |", c.name)
		}
		fmt.Fprintf(&text, "\n|%s\n", strings.Repeat("---|", 3+len(names)+len(faultCommands())))
		for _, f := range g.faults {
			var over []string
			for _, connection := range f.connections() {
				over = append(over, connection.String())
			}
			fmt.Fprintf(&text, "| %s | %s | %s |", f.name, strings.Join(over, ", "), f.told())
			for _, name := range names {
				fmt.Fprintf(&text, " %s |", f.cell(name, shapes[name]))
			}
			for _, c := range faultCommands() {
				cell := "works"
				if f.fails(c.shapes) {
					cell = "says so"
				}
				fmt.Fprintf(&text, " %s |", cell)
			}
			text.WriteString("\n")
		}
		text.WriteString("\n")
	}
	return text.String()
}

// told is what is said of a fault, once each.
func (f fault) told() string {
	var texts []string
	for _, text := range f.wanted([]shape{lines, array, object, record}) {
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return "nothing"
	}
	return "…" + strings.Join(texts, "…, or …") + "…"
}

func (f fault) cell(collector string, shapes []shape) string {
	fails := 0
	for _, s := range shapes {
		if f.fails([]shape{s}) {
			fails++
		}
	}
	switch {
	case collector == f.tells:
		return "told"
	case fails == 0:
		return "read"
	case fails < len(shapes):
		return "read, or kept"
	}
	return "kept"
}

// TestEveryCollectorIsStruck holds the probes to the collectors that there are.
func TestEveryCollectorIsStruck(t *testing.T) {
	_, shapes := columns()
	for _, spec := range collector.Specs() {
		if spec.Scope != collector.HeadersOnly && shapes[spec.Name] == nil {
			t.Errorf("no probe of %s", spec.Name)
		}
	}
}

// TestReliabilityNamesTests holds the page to tests that there are.
func TestReliabilityNamesTests(t *testing.T) {
	page, err := os.ReadFile(reliabilityDoc)
	if err != nil {
		t.Fatal(err)
	}
	tests := sources(t, "_test.go")
	named := 0
	for _, word := range strings.FieldsFunc(string(page), func(r rune) bool { return strings.ContainsRune("`\n ,|", r) }) {
		if !strings.HasPrefix(word, "Test") && !strings.HasPrefix(word, "Fuzz") {
			continue
		}
		if named++; !strings.Contains(tests, "func "+word+"(") {
			t.Errorf("%s names %s, and there is no such test", reliabilityDoc, word)
		}
	}
	if named < 20 {
		t.Errorf("%s names %d tests", reliabilityDoc, named)
	}
}

// sources are all files of the project whose names end so.
func sources(t *testing.T, ending string) string {
	t.Helper()
	var all strings.Builder
	here := os.DirFS(".")
	err := fs.WalkDir(here, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ending) {
			return err
		}
		text, err := fs.ReadFile(here, path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
