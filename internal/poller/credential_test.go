package poller_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// An export token learns the name of its organization from the first asset.
func TestARenamedOrganizationIsNoticedWithinADay(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		token func(*simulator.Console) string
		path  string
		body  string
	}{
		"export token":       {func(c *simulator.Console) string { return c.ExportToken(0) }, "/export/org/assets.json", `[{"id":"a","organization_id":"ID","org_name":"Renamed"}]`},
		"organization token": {func(c *simulator.Console) string { return c.OrganizationToken(0) }, "/org", `{"id":"ID","name":"Renamed"}`},
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := harness.Start(t, harness.Setup{On: newConsole(small, emptyTasks), Token: c.token})
				w.Pass(time.Hour)
				body := strings.ReplaceAll(c.body, "ID", w.Console.Organizations()[0].ID)
				w.Console.Inject(simulator.Fault{Path: c.path, Body: &body})
				w.Pass(26 * time.Hour)
				if sites := w.Values("runzero_sites", "org_name"); len(sites) != 1 || sites["Renamed"] == 0 {
					t.Errorf("sites of %v, want those of the new name", sites)
				}
			})
		})
	}
}

// The token is replaced by one of another organization, which the console accepts, too.
func TestATokenOfAnotherOrganizationHasItDiscoveredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Organizations: 2, Sites: 1, Assets: 5})
		file := filepath.Join(t.TempDir(), "token")
		write := func(organization int) {
			if err := os.WriteFile(file, []byte(console.ExportToken(organization)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(0)
		w := harness.Start(t, harness.Setup{On: console, CacheDir: harness.CacheDir(t), Flags: func(f *config.Flags) { f.Token, f.TokenFile = "", file }})
		w.Pass(time.Hour)

		write(1)
		w.Pass(interval + time.Minute)
		want := console.Organizations()[1].Name
		if assets := w.Values("runzero_assets", "org_name"); len(assets) != 1 || assets[want] == 0 {
			t.Errorf("assets of %v, want those of %s", assets, want)
		}
		if failed := w.Log.Lines("poll failed", "another organization"); len(failed) != 1 {
			t.Errorf("logged %q, want one failure", failed)
		}

		w.Stop()
		write(0)
		restarted := harness.Start(t, harness.Setup{On: console, CacheDir: w.Flags.CacheDir, Flags: func(f *config.Flags) { f.Token, f.TokenFile = "", file }})
		restarted.Pass(time.Minute)
		want = console.Organizations()[0].Name
		if assets := restarted.Values("runzero_assets", "org_name"); len(assets) != 1 || assets[want] == 0 {
			t.Errorf("after a restart, assets of %v, want those of %s", assets, want)
		}
	})
}
