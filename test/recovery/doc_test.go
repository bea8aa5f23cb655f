package recovery

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

var update = flag.Bool("update", false, "measure again and rewrite the table in docs/reliability.md")

// Figures differ by a few seconds from run to run, so the page is held to the names of the faults, and to the bounds
// that the other test holds the exporter to.
func TestReliabilityDoc(t *testing.T) {
	table := harness.TableOf(t, "../..", "reliability.md", "go test ./test/recovery -run TestReliabilityDoc -update", "End of the table.")
	if *update {
		table.Rewrite(t, measured(t))
		return
	}
	for _, c := range recoveries() {
		table.Expect(t, fmt.Sprintf("| %s | %s | %s |", c.name, readable(c.lasts), readable(c.within)))
	}
}

// measured is the table of all faults.
func measured(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("| fault | lasts | data is back within | measured | calls meanwhile | after a restart meanwhile | calls |\n|---|---|---|---|---|---|---|\n")
	for _, c := range recoveries() {
		var took [2]time.Duration
		var calls [2]int
		for i, restart := range []bool{false, true} {
			if restart && c.name == withoutToken {
				continue
			}
			synctest.Test(t, func(t *testing.T) { took[i], calls[i] = c.measure(t, restart) })
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %d ", c.name, readable(c.lasts), readable(c.within), readable(took[0]), calls[0])
		if c.name == withoutToken {
			table.WriteString("| does not start | |\n")
			continue
		}
		fmt.Fprintf(&table, "| %s | %d |\n", readable(took[1]), calls[1])
	}
	return table.String()
}

func readable(d time.Duration) string { return model.Duration(d.Round(time.Second)).String() }
