package main

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// TestSecurityDoc checks that what SECURITY.md points to is there: tests, files and
// flags.
func TestSecurityDoc(t *testing.T) {
	page, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	app := kingpin.New(name, "")
	addFlags(app, &config.Flags{})
	addServeFlags(app)
	there := map[string]bool{}
	for _, flag := range app.Model().Flags {
		there["--"+flag.Name] = true
	}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	tree := os.DirFS(".")
	err = fs.WalkDir(tree, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(tree, path)
		for _, test := range declared.FindAllStringSubmatch(string(text), -1) {
			there[test[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(page), -1) {
		pointer := found[1]
		switch {
		case pointer == "/config" || strings.Contains(pointer, " "):
			continue
		case strings.HasPrefix(pointer, "Test"), strings.HasPrefix(pointer, "--"):
			if !there[pointer] {
				t.Errorf("SECURITY.md points to %s, which is not there", pointer)
			}
		case strings.Contains(pointer, "/"):
			if _, err := os.Stat(pointer); err != nil {
				t.Errorf("SECURITY.md points to what is not there: %v", err)
			}
		default:
			continue
		}
		checked++
	}
	if checked < 20 {
		t.Errorf("only %d pointers are found", checked)
	}
}
