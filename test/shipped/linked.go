package shipped

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// systems are those that a release is built for. What is built in does not depend on the
// processor.
func systems(folder string) (set, error) {
	text, err := os.ReadFile(filepath.Join(folder, ".promu.yml"))
	if err != nil {
		return nil, err
	}
	var promu struct {
		Crossbuild struct{ Platforms []string }
	}
	if err := yaml.Unmarshal(text, &promu); err != nil {
		return nil, err
	}
	all := set{}
	for _, platform := range promu.Crossbuild.Platforms {
		system, _, _ := strings.Cut(platform, "/")
		all[system] = true
	}
	if len(all) == 0 {
		return nil, errors.New("there are none in .promu.yml")
	}
	return all, nil
}

// ReadTerms reads the terms of all that is built into the program in a folder, on any
// system, and tells, as sentences, what must not be.
func ReadTerms(ctx context.Context, folder string) (Terms, []string, error) {
	systems, err := systems(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("read which platforms there are: %w", err)
	}
	folders := map[string]string{} // and what they are of
	for system := range systems {
		if err := linked(ctx, folder, system, folders); err != nil {
			return nil, nil, fmt.Errorf("list what is built in on %s: %w", system, err)
		}
	}
	terms := Terms{}
	var f findings
	licensed := set{}
	for dir, of := range folders {
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, nil, err
		}
		for _, file := range files {
			licence := licenceFile.MatchString(file.Name())
			if !licence && !noticeFile.MatchString(file.Name()) || file.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err != nil {
				return nil, nil, err
			}
			terms[string(text)] = append(terms[string(text)], of)
			if licence {
				licensed[of] = true
				f.at(of+": "+file.Name(), Refused(string(text)))
			}
		}
	}
	for _, of := range folders {
		if module, _, inside := strings.Cut(of, ": "); !inside && !licensed[module] {
			f.add("%s has no licence", of)
		}
	}
	for _, of := range terms {
		slices.Sort(of)
	}
	slices.Sort(f)
	return terms, f, nil
}

// linked adds the folders of the packages that are built in, up to those of their modules.
func linked(ctx context.Context, folder, system string, folders map[string]string) error {
	list := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", "netgo,osusergo", "-json=Dir,Module,Standard,Root", ".")
	list.Dir = folder
	list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var said bytes.Buffer
	list.Stderr = &said
	output, err := list.Output()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	for decoder := json.NewDecoder(bytes.NewReader(output)); ; {
		var p struct {
			Dir, Root string
			Standard  bool
			Module    *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		switch {
		case p.Standard:
			folders[p.Root] = "Go's standard library"
		case p.Module != nil && !p.Module.Main:
			folders[p.Module.Dir] = p.Module.Path
			for dir := p.Dir; dir != p.Module.Dir; dir = filepath.Dir(dir) {
				inside, err := filepath.Rel(p.Module.Dir, dir)
				if err != nil {
					return err
				}
				folders[dir] = p.Module.Path + ": " + path.Clean(filepath.ToSlash(inside))
			}
		}
	}
}
