package main

import (
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
	flags := map[string]bool{}
	for _, flag := range app.Model().Flags {
		flags["--"+flag.Name] = true
	}
	tests := sources(t, "_test.go")
	checked := 0
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(string(page), -1) {
		pointer := found[1]
		switch {
		case pointer == "/config" || strings.Contains(pointer, " "):
			continue
		case strings.HasPrefix(pointer, "Test"):
			if !strings.Contains(tests, "func "+pointer+"(") {
				t.Errorf("SECURITY.md points to %s, and there is no such test", pointer)
			}
		case strings.HasPrefix(pointer, "--"):
			if !flags[pointer] {
				t.Errorf("SECURITY.md points to %s, and there is no such flag", pointer)
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
