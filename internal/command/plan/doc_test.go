package plan

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

var update = flag.Bool("update", false, "rewrite the table in docs/quota.md")

func TestQuotaDoc(t *testing.T) {
	table := harness.TableOf(t, "../../..", "quota.md", "go test ./internal/command/plan -run TestQuotaDoc -update", "End of the table.")
	if *update {
		table.Rewrite(t, quotaTable(t))
		return
	}
	table.Expect(t, "\n"+quotaTable(t)+"\n")
}

// quotaTable shows what becomes of the default intervals: of one organization with its
// export token, and of ten with an account credential.
func quotaTable(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("| calls a day | of them for the exporter | one organization: tasks | sites | console | assets if nothing changes | calls | " +
		"ten organizations: tasks at once | Explorers at once | sites at once | console, organizations, API keys | licence | assets if nothing changes | calls |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, limit := range []int64{100, 250, 500, 1000, 2500, 10_000} {
		one, ten := options(limit, exportToken, harness.OnChange), options(limit, accountToken, harness.OnChange)
		ten.Organizations, one.ScansPerDay, ten.ScansPerDay = 10, 1, 1
		f, g := forecastOf(t, one), forecastOf(t, ten)
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", thousands(limit), thousands(f.calls),
			resulting(t, f, "tasks"), resulting(t, f, "sites"), resulting(t, f, "console"), resulting(t, f, "assets"), thousands(int64(f.total()+0.5)),
			resulting(t, g, "tasks"), resulting(t, g, "explorers"), resulting(t, g, "sites"),
			resulting(t, g, "console", "discovery", "api_keys"), resulting(t, g, "license"), resulting(t, g, "assets"), thousands(int64(g.total()+0.5)))
	}
	return table.String()
}

// resulting returns the interval of several collectors, which must be the same.
func resulting(t *testing.T, f forecast, collectors ...string) string {
	t.Helper()
	interval := ""
	for _, r := range f.rows {
		if !slices.Contains(collectors, r.collector) || r.reason != collector.ReasonInterval || r.setting == "" && r.collector == "tasks" {
			continue
		}
		text := formatInterval(r.load.InForce(f.floor))
		if interval != "" && text != interval {
			t.Fatalf("%s has %s, others of its column have %s", r.collector, text, interval)
		}
		interval = text
	}
	return interval
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
