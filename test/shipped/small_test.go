package shipped_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

// change makes one mistake in a repository in which all is well.
type change struct {
	file, old, now string
	// finding is part of what must be found then.
	finding string
}

// small is a small repository in which all is well.
func small(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	folder := os.DirFS(filepath.Join("testdata", "small"))
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
	return files
}

// foundIn are the findings of a repository, with the miniature's help.
func foundIn(t *testing.T, files fs.FS, windows shipped.Windows) []string {
	t.Helper()
	help, err := os.ReadFile(filepath.Join("testdata", "help.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all, found := shipped.ReadShipped(files, shipped.Exported())
	return append(found, all.Findings(shipped.ReadHelp(string(help)), windows)...)
}

func TestNothingIsFoundWhereAllIsWell(t *testing.T) {
	for _, finding := range foundIn(t, small(t), nil) {
		t.Error(finding)
	}
}

// finds makes each change for itself and looks for what must be found, in the file that
// was changed.
func finds(t *testing.T, changes []change) {
	t.Helper()
	for _, c := range changes {
		t.Run(c.finding, func(t *testing.T) {
			files := small(t)
			text := string(files[c.file].Data)
			if strings.Count(text, c.old) == 0 {
				t.Fatalf("%s does not hold %q", c.file, c.old)
			}
			files[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, c.old, c.now, 1))}
			found := foundIn(t, files, nil)
			for _, finding := range found {
				if strings.Contains(finding, c.finding) {
					return
				}
			}
			t.Errorf("it found:\n%s", strings.Join(found, "\n"))
		})
	}
}
