package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOnlyTheScanCommandWrites reads the whole program: permission to write is given,
// and a scan started, in one file of the command alone.
func TestOnlyTheScanCommandWrites(t *testing.T) {
	const command, client = "scan_send.go", "runzero/startscan.go"
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, what := range writes(file) {
			if !slices.Contains(found[what], path) {
				found[what] = append(found[what], filepath.ToSlash(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string][]string{
		"sets Write":      {command},
		"uses StartScan":  {command},
		"makes StartScan": {client},
		// The command shows the method; the exporter's own pages and the simulated console
		// answer it.
		"names a method that writes": {"internal/web/web.go", "runzero/simulator/routes.go", client, command},
	} {
		if slices.Sort(found[what]); !slices.Equal(found[what], want) {
			t.Errorf("%v %s, want %v", found[what], what, want)
		}
	}
}

// writes tells what in a file may change anything on a console.
func writes(file *ast.File) (all []string) {
	named := func(node ast.Expr, name string) bool {
		selector, ok := node.(*ast.SelectorExpr)
		identifier, plain := node.(*ast.Ident)
		return ok && selector.Sel.Name == name || plain && identifier.Name == name
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.KeyValueExpr:
			if named(n.Key, "Write") {
				all = append(all, "sets Write")
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if named(left, "Write") {
					all = append(all, "sets Write")
				}
			}
		case *ast.FuncDecl:
			if n.Name.Name == "StartScan" {
				all = append(all, "makes StartScan")
			}
		case *ast.SelectorExpr:
			switch n.Sel.Name {
			case "StartScan":
				all = append(all, "uses StartScan")
			case "MethodPut", "MethodPatch", "MethodDelete":
				all = append(all, "names a method that writes")
			}
		}
		return true
	})
	return all
}
