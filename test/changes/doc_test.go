package changes

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

var update = flag.Bool("update", false, "measure again and rewrite the table in docs/quota.md")

const (
	tableBegin = "<!-- Made by: go test -timeout 30m ./test/changes -run TestQuotaDoc -update -->\n"
	tableEnd   = "<!-- End of the table of changes. -->\n"
)

// Figures differ a little from run to run, so the page is held to the names of its rows. The other tests hold the
// exporter to bounds.
func TestQuotaDoc(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "quota.md")
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
	for _, m := range teams() {
		for _, each := range []bool{true, false} {
			if row := "| " + m.name + " | " + polling(each) + " |"; !strings.Contains(table, row) {
				t.Errorf("%s lacks the row %s: run this test with -update", path, row)
			}
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
