package changes

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// What is known of tasks survives the end of the exporter, however it comes. Without it, complete exports take over at
// once, and nothing is lost.
func TestWhatIsKnownSurvives(t *testing.T) {
	for name, restart := range map[string]func(*account){
		"SIGTERM":          func(a *account) { a.Restart() },
		"kill -9":          func(a *account) { a.kill(2 * interval) },
		"an older version": func(a *account) { a.Stop(); a.downgrade(); a.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(3 * time.Hour) // not at midnight
				const n = 6
				a := start(t, simulator.Options{Organizations: n, Sites: 2, Assets: 30, Quiet: true}, nil)
				a.happen()
				a.checkpoint()
				a.checkpoint()
				// The last good scan of a site disappears, which must not make the site look as if it had never been scanned.
				for task := range a.Console.Tasks(1) {
					if task.Type == "scan" && !task.Ended.IsZero() {
						a.delete(1, task.ID)
						break
					}
				}
				a.happen()
				a.countAgain()
				restart(a)
				a.checkpoint()
				// Some are exported: what has changed is unclear, or they are due at that time of the day.
				a.mu.Lock()
				exported := len(a.exported)
				a.mu.Unlock()
				if older := name == "an older version"; older != (exported == n) {
					t.Errorf("tasks of %d organizations were exported after the restart\n%s", exported, strings.Join(a.Log.Lines("collector=tasks"), "\n"))
				}
			})
		})
	}
}

// downgrade lets the cache be as a version leaves it that does not know what it is in State.
func (a *account) downgrade() {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.Flags.CacheDir, "*", "snapshot-*"))
	if err != nil || len(files) == 0 {
		a.t.Fatal(len(files), "snapshots", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			a.t.Fatal(err)
		}
		lines := bytes.SplitAfterN(text, []byte("\n"), 3)
		header := map[string]json.RawMessage{}
		if err := json.Unmarshal(bytes.TrimPrefix(lines[1], []byte("# ")), &header); err != nil {
			a.t.Fatal(err)
		}
		delete(header, "State")
		head, err := json.Marshal(header)
		if err != nil {
			a.t.Fatal(err)
		}
		body := fmt.Appendf(nil, "%s# %s\n%s", lines[0], head, lines[2][:bytes.LastIndex(lines[2], []byte("# sha256 "))])
		if err := os.WriteFile(name, fmt.Appendf(body, "# sha256 %x\n", sha256.Sum256(body)), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}
