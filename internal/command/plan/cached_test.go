package plan

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// cachedRun runs an exporter of an account with this limit until it has polled everything,
// and returns its flags without the token.
func cachedRun(t *testing.T, limit int) config.Flags {
	t.Helper()
	w := harness.Start(t, harness.Setup{
		Console: simulator.Options{Assets: 20, Limit: limit}, CacheDir: t.TempDir(), Token: (*simulator.Console).AccountToken,
	})
	w.Pass(time.Minute)
	w.Stop()
	w.Flags.Token = ""
	return w.Flags
}

func TestTakesLimitAndOrganizationsFromTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flags := cachedRun(t, 10_000)

		out, err := run(t, Options{Flags: flags})
		if err != nil {
			t.Error(err)
		}
		expect(t, out, "the account's 10000.", "assets Halvorsen Logistics interval 1", "assets Brightwater Clinics interval 1", "sites all at once", "license",
			"api_keys", "need 655 API calls") // 24 + 24 + 24 + 4 + 3*96 + 3 + 3*96

		out, err = run(t, Options{Flags: flags, Limit: 100, Organizations: 5})
		if !errors.Is(err, errDoesNotFit) {
			t.Errorf("the error is %v", err)
		}
		expect(t, out, "the account's 100.", "assets each of 5")
	})
}

func TestAConsoleWithoutALimitNeedsTheFlag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flags := cachedRun(t, -1) // sends no usage headers

		if out, err := run(t, Options{Flags: flags}); out != "" || err == nil || !strings.Contains(err.Error(), "reports no limit") {
			t.Errorf("printed %q, error %v", out, err)
		}
		out, err := run(t, Options{Flags: flags, Limit: 10_000})
		if err != nil {
			t.Error(err)
		}
		expect(t, out, "Halvorsen Logistics")
	})
}
