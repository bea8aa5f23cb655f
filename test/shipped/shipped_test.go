// Package shipped tests the files that are published beside the program: dashboards, alert rules, documents and
// examples must name only metrics, labels, flags, environment variables, alerts, files and headings that exist.
// Prometheus and Grafana do not complain about a wrong name: the panel stays empty and the alert never fires.
//
// It knows the metric catalogue and the program's --help. It must not repeat what promtool,
// amtool and kubectl-validate check; .ci/run calls them.
//
// It is a module of its own, so that Prometheus, whose PromQL parser it uses, is no dependency of the exporter. Go's
// test cache does not see files outside of a module: run these tests with -count=1.
package shipped

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "rewrite the generated files: THIRD_PARTY_LICENSES and the list in dashboards/README.md")

const root = "../.."

// repository is a tree of files with what they may refer to.
type repository struct {
	files      fs.FS
	program    program
	catalogue  catalogue // includes what the rules record
	rules      []rule
	dashboards map[string]dashboard // by uid
	pages      map[string]page      // by path
	problems   []string
}

func readRepository(files fs.FS, p program) *repository {
	r := &repository{files: files, program: p, catalogue: exported(), dashboards: map[string]dashboard{}, pages: map[string]page{}}
	r.readPages()
	r.readRules()
	r.readDashboards()
	return r
}

// check runs all checks and returns the problems, each with its file.
func (r *repository) check() []string {
	r.checkRules()
	r.checkRuleTests()
	r.checkDashboards()
	r.checkPages()
	r.checkExamples()
	r.checkNames()
	return r.problems
}

func (r *repository) report(place, format string, args ...any) {
	if problem := place + ": " + fmt.Sprintf(format, args...); !slices.Contains(r.problems, problem) {
		r.problems = append(r.problems, problem)
	}
}

func (r *repository) reportAll(place string, problems []string) {
	for _, problem := range problems {
		r.report(place, "%s", problem)
	}
}

// read returns a file's content. A missing file is a problem, and empty.
func (r *repository) read(name string) []byte {
	data, err := fs.ReadFile(r.files, name)
	if err != nil {
		r.report(name, "%v", err)
	}
	return data
}

// glob returns the files of a pattern. None is a problem: nothing would be checked.
func (r *repository) glob(pattern string) []string {
	names, err := fs.Glob(r.files, pattern)
	if err != nil || len(names) == 0 {
		r.report(pattern, "no such files")
	}
	return names
}

// walk returns all files under the folders, except Go's, and links, whose targets are read where they are.
func (r *repository) walk(folders ...string) []string {
	var names []string
	for _, folder := range folders {
		err := fs.WalkDir(r.files, folder, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && !slices.Contains([]string{".go", ".png"}, path.Ext(name)) {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			r.report(folder, "%v", err)
		}
	}
	return names
}

func TestShippedFiles(t *testing.T) {
	binary := filepath.Join(t.TempDir(), programName)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the exporter: %v\n%s", err, output)
	}
	help, err := exec.CommandContext(t.Context(), binary, "--help-long").CombinedOutput()
	if err != nil {
		t.Fatalf("run --help-long: %v\n%s", err, help)
	}
	for _, problem := range readRepository(os.DirFS(root), readHelp(string(help))).check() {
		t.Error(problem)
	}
}

// small returns the repository of testdata/small, which has no problem, and its program.
func small(t *testing.T) (fstest.MapFS, program) {
	t.Helper()
	folder := os.DirFS(filepath.Join("testdata", "small"))
	files := fstest.MapFS{}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	help, err := os.ReadFile(filepath.Join("testdata", "help.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return files, readHelp(string(help))
}

func TestSmallRepositoryHasNoProblem(t *testing.T) {
	files, p := small(t)
	for _, problem := range readRepository(files, p).check() {
		t.Error(problem)
	}
}

// Every check fails when its mistake is made in the small repository.
func TestMistakesAreFound(t *testing.T) {
	for _, mistake := range mistakes() {
		t.Run(mistake.want, func(t *testing.T) {
			files, p := small(t)
			text := string(files[mistake.file].Data)
			if !strings.Contains(text, mistake.before) {
				t.Fatalf("%s does not contain %q", mistake.file, mistake.before)
			}
			files[mistake.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, mistake.before, mistake.after, 1))}
			problems := readRepository(files, p).check()
			if !slices.ContainsFunc(problems, func(problem string) bool { return strings.Contains(problem, mistake.want) }) {
				t.Errorf("problems found:\n%s", strings.Join(problems, "\n"))
			}
		})
	}
}
