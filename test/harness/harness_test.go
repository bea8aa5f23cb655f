package harness

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestAnExporterPollsTheConsoleAndServesTheLastGoodResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := Start(t, Setup{Console: simulator.Options{Sites: 2, Assets: 40}})
		w.Pass(time.Minute)
		w.Expect("runzero_collector_success", 1, "collector", "assets")
		before := w.Text("runzero_assets")

		w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: 502})
		w.Pass(time.Hour)
		w.Expect("runzero_collector_success", 0, "collector", "assets")
		if after := w.Text("runzero_assets"); before == "" || after != before {
			t.Errorf("served %q, want %q", after, before)
		}
		if len(w.Log.Lines("poll failed", "collector=assets")) == 0 {
			t.Errorf("nothing is logged: %s", w.Log)
		}
	})
}
