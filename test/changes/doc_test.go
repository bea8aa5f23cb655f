package changes

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

var update = flag.Bool("update", false, "measure again and rewrite the table in docs/quota.md")

// Figures differ a little from run to run, so the page is held to the names of its rows. The other tests hold the
// exporter to bounds.
func TestQuotaDoc(t *testing.T) {
	table := harness.TableOf(t, "../..", "quota.md", "go test -timeout 30m ./test/changes -run TestQuotaDoc -update", "End of the table of changes.")
	if *update {
		table.Rewrite(t, measured(t))
		return
	}
	for _, m := range teams() {
		for _, each := range []bool{true, false} {
			table.Expect(t, "| "+m.name+" | "+polling(each)+" |")
		}
	}
}

func polling(each bool) string {
	if each {
		return "everything at each interval"
	}
	return "what has changed"
}

func measured(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("| account | polled | calls a day, at most | age of scans, at most | assets after the end of a scan: half within | all within |\n|---|---|---|---|---|---|\n")
	for _, m := range teams() {
		for _, each := range []bool{true, false} {
			f := m.measure(t, max(2, 20/m.organizations), each) // enough scans
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s |\n", m.name, polling(each), thousands(f.calls), readable(f.tasks), readable(f.half), readable(f.most))
		}
	}
	return table.String()
}

func readable(d time.Duration) string { return model.Duration(d.Round(time.Minute)).String() }

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
