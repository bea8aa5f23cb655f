package recovery

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "measure again and rewrite the table in docs/reliability.md")

const (
	tableBegin = "<!-- Made by: go test ./test/recovery -run TestReliabilityDoc -update -->\n"
	tableEnd   = "<!-- End of the table. -->\n"
)

// Figures differ by a few seconds from run to run, so the page is held to the names of the faults, and to the bounds
// that the other test holds the exporter to.
func TestReliabilityDoc(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reliability.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegin)
	table, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", path)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+tableBegin+"\n"+measured(t)+"\n"+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, c := range recoveries() {
		if row := fmt.Sprintf("| %s | %s | %s |", c.name, readable(c.lasts), readable(c.within)); !strings.Contains(table, row) {
			t.Errorf("%s lacks the row %s: run this test with -update", path, row)
		}
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
