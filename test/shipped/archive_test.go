package shipped

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// Archives and packages hold what their pages link to. .ci/run compares their contents with this list.
func TestArchivesHoldWhatTheirPagesLinkTo(t *testing.T) {
	command := exec.CommandContext(t.Context(), "make", "--silent", "contents")
	command.Dir = root
	list, err := command.Output()
	if err != nil {
		t.Fatalf("make contents: %v", err)
	}
	complete := &repository{files: os.DirFS(root)}
	files := fstest.MapFS{}
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		files[name] = &fstest.MapFile{}
		if filepath.Ext(name) == ".md" {
			files[name].Data = complete.read(name)
		}
	}

	archive := &repository{files: files, pages: map[string]page{}}
	archive.readPages()
	for name, page := range archive.pages {
		for _, link := range page.links {
			if !strings.Contains(link, "://") {
				archive.checkLink(name, link)
			}
		}
	}
	for _, problem := range append(complete.problems, archive.problems...) {
		t.Error(problem)
	}
}
