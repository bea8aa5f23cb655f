package poller_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// A console that is down at first, and then refuses the token: when the token is right, everything resumes.
func TestOneFaultAfterAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(small)
		file := filepath.Join(t.TempDir(), "token")
		write := func(token string) {
			if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("CTWRONG")
		up := console.Inject(simulator.Fault{Drop: true})
		w := harness.Start(t, harness.Setup{On: console, Flags: func(f *config.Flags) { f.Token, f.TokenFile = "", file }})
		w.Pass(2 * time.Minute)
		up()
		w.Pass(2 * time.Minute)
		write(console.AccountToken())
		w.Pass(time.Minute)
		for name, ok := range w.Values("runzero_collector_success", "collector") {
			if ok == 0 {
				t.Errorf("%s has not resumed", name)
			}
		}
		if t.Failed() {
			t.Logf("%s", w.Log)
		}
	})
}
