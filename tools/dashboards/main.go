// Command dashboards generates dashboards/ from the exporter's catalogue: go run . ../../dashboards.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// generator collects what is wrong with the dashboards while it makes them.
type generator struct {
	series   map[string]series
	problems []error
}

func (g *generator) fail(format string, args ...any) {
	g.problems = append(g.problems, fmt.Errorf(format, args...))
}

// generate returns the text of each dashboard by the name of its file.
func generate() (map[string][]byte, error) {
	g := &generator{series: catalogue()}
	boards := []*board{inventory(g), scans(g), exporter(g), organization(g)}
	g.check(boards)
	files := map[string][]byte{}
	for _, b := range boards {
		files[b.uid+".json"] = b.encode()
	}
	return files, errors.Join(g.problems...)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboards FOLDER")
		os.Exit(2)
	}
	files, err := generate()
	for name, text := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644) //nolint:gosec // they are published
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
