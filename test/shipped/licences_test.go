package shipped

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
	"go.yaml.in/yaml/v3"
)

// TestLicences checks that everything compiled into the program has a permitted licence, and
// that THIRD_PARTY_LICENSES holds all texts that must be distributed with it.
func TestLicences(t *testing.T) {
	want := thirdPartyLicences(t)
	name := filepath.Join(root, "THIRD_PARTY_LICENSES")
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("THIRD_PARTY_LICENSES is outdated; to update it: make licences")
	}
}

// thirdPartyLicences returns the licences and notices of all modules, each text once, with the
// modules and folders that it belongs to.
func thirdPartyLicences(t *testing.T) string {
	t.Helper()
	owners := map[string][]string{} // by text
	licensed := set{}
	folders := compiledFolders(t)
	for folder, owner := range folders {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			match := regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice)`).FindString(file.Name())
			if match == "" || file.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			owners[string(text)] = append(owners[string(text)], owner)
			if strings.EqualFold(match, "notice") {
				continue
			}
			licensed[owner] = true
			if reason := refuse(string(text)); reason != "" {
				t.Errorf("%s: %s: %s", owner, file.Name(), reason)
			}
		}
	}
	for _, owner := range folders {
		if module, _, isFolder := strings.Cut(owner, ": "); !isFolder && !licensed[module] {
			t.Errorf("%s has no licence", module)
		}
	}
	for _, names := range owners {
		slices.Sort(names)
	}
	texts := slices.SortedFunc(maps.Keys(owners), func(a, b string) int {
		return cmp.Or(slices.Compare(owners[a], owners[b]), strings.Compare(a, b))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "The software that is compiled into %s, and its licences.\n", programName)
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 79), strings.Join(owners[text], "\n"), strings.TrimRight(text, "\n"))
	}
	return b.String()
}

// compiledFolders returns the folders of all packages that are compiled in, on any platform
// of a release, up to those of their modules. The values name the module, and the folder in it.
func compiledFolders(t *testing.T) map[string]string {
	t.Helper()
	promu, err := os.ReadFile(filepath.Join(root, ".promu.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Crossbuild struct{ Platforms []string }
	}
	if err := yaml.Unmarshal(promu, &release); err != nil || len(release.Crossbuild.Platforms) == 0 {
		t.Fatalf(".promu.yml has no platforms: %v", err)
	}
	systems := set{} // the processor makes no difference
	for _, platform := range release.Crossbuild.Platforms {
		systems[strings.Split(platform, "/")[0]] = true
	}
	folders := map[string]string{}
	for system := range systems {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "netgo,osusergo", "-json=Dir,Module,Standard,Root", ".")
		list.Dir = root
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		output, err := list.Output()
		if err != nil {
			t.Fatalf("list the packages on %s: %v", system, err)
		}
		addFolders(t, output, folders)
	}
	return folders
}

// addFolders reads the output of go list.
func addFolders(t *testing.T, output []byte, folders map[string]string) {
	t.Helper()
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			Dir, Root string
			Standard  bool
			Module    *struct {
				Path, Dir string
				Main      bool
			}
		}
		err := decoder.Decode(&p)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatal(err)
		case p.Standard:
			folders[p.Root] = "Go's standard library"
		case p.Module != nil && !p.Module.Main:
			folders[p.Module.Dir] = p.Module.Path
			for dir := p.Dir; dir != p.Module.Dir; dir = filepath.Dir(dir) {
				folders[dir] = p.Module.Path + ": " + path.Clean(filepath.ToSlash(strings.TrimPrefix(dir, p.Module.Dir+string(filepath.Separator))))
			}
		}
	}
}

// refuse returns why a licence is not permitted, empty if it is. Those that are permitted
// demand only that their text is distributed with the program.
func refuse(text string) string {
	permitted := setOf("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0")
	coverage := licensecheck.Scan([]byte(text))
	if coverage.Percent < 75 {
		return fmt.Sprintf("only %.0f %% of the text is a known licence", coverage.Percent)
	}
	for _, match := range coverage.Match {
		if !permitted[match.ID] {
			return match.ID + " is not permitted"
		}
	}
	return ""
}

func TestRefusesLicences(t *testing.T) {
	own, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	gpl := "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as " +
		"published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.\n"
	for _, test := range []struct{ name, text, want string }{
		{"Apache-2.0", string(own), ""},
		{"GPL", gpl, "GPL-3.0-or-later is not permitted"},
		{"a permitted one and the GPL", string(own) + "\n" + gpl, "GPL-3.0-or-later is not permitted"},
		{"one with another condition", string(own) + strings.Repeat("Whoever earns money with it sends us half of it, in coins. ", 80), "of the text is a known licence"},
		{"an empty file", "", "only 0 %"},
	} {
		if got := refuse(test.text); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
