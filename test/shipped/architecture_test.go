package shipped

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/architecture.md lists every package of the program with the packages that it imports,
// so that a reader can draw the diagram. The list is held to the code.
func TestArchitectureListsTheImportsOfTheCode(t *testing.T) {
	const module = "github.com/runzero-exporter/runzero_exporter"
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for scan := bufio.NewScanner(bytes.NewReader(output)); scan.Scan(); {
		paths := strings.Fields(scan.Text())
		name := strings.TrimPrefix(strings.TrimPrefix(paths[0], module), "/")
		if strings.HasPrefix(name, "test/") {
			continue // tests only
		}
		if name == "" {
			name = "main"
		}
		imports[name] = []string{}
		for _, path := range paths[1:] {
			if own, ok := strings.CutPrefix(path, module+"/"); ok {
				imports[name] = append(imports[name], own)
			}
		}
	}

	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```imports\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("docs/architecture.md has no block of imports")
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(block[1])) {
		name, packages, _ := strings.Cut(strings.TrimSpace(line), " ->")
		for _, imported := range strings.Fields(packages) {
			if listed[imported] {
				t.Errorf("%s imports %s, which is listed above it: imports run one way", name, imported)
			}
		}
		listed[name] = true
		if want, ok := imports[name]; !ok || !slices.Equal(strings.Fields(packages), want) {
			t.Errorf("docs/architecture.md says that %s imports %s; the code imports %v", name, packages, want)
		}
	}
	for name := range imports {
		if !listed[name] {
			t.Errorf("docs/architecture.md does not list %s -> %s", name, strings.Join(imports[name], " "))
		}
	}
}
