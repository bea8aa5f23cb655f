//go:build port

package plan

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

var update = flag.Bool("update", false, "rewrite the table in docs/quota.md")

var quotaDoc = filepath.Join("docs", "quota.md")

// The table stands between these.
const (
	tableBegins = "<!-- Made by: go test . -run TestQuotaDoc -update -->\n"
	tableEnds   = "<!-- End of the table. -->\n"
)

// TestQuotaDoc holds the table of docs/quota.md to what plan says of the defaults.
func TestQuotaDoc(t *testing.T) {
	page, err := os.ReadFile(quotaDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", quotaDoc)
	}
	want := before + tableBegins + "\n" + quotaTable(t) + "\n" + tableEnds + after
	if *update {
		if err := os.WriteFile(quotaDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("the table in %s is not what plan says; go test . -run TestQuotaDoc -update rewrites it to:\n%s", quotaDoc, quotaTable(t))
	}
}

// quotaTable is what becomes of the defaults: one organization with its export token,
// and ten with a token of their account.
func quotaTable(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	table.WriteString("| calls a day | of them for the exporter | one organization: assets, sites and tasks each | console | calls | " +
		"ten organizations: assets and tasks each, sites and Explorers at once | console, organizations | licence | calls |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, limit := range []int64{100, 250, 500, 1000, 2500, 10_000} {
		for i, of := range []struct {
			token         string
			organizations int
		}{{"ET0123456789", 1}, {"CT0123456789", 10}} {
			c := defaults(t, of.token)
			f := makeForecast(planRows(c, c.Accounts[0], poller.Remembered{}, of.organizations).rows, c.Accounts[0].Share, limit)
			if i == 0 {
				fmt.Fprintf(&table, "| %s | %s |", thousands(limit), thousands(f.calls))
			}
			fmt.Fprintf(&table, " %s | %s |", resulting(t, f, "assets", "sites", "tasks", "explorers"), resulting(t, f, "console", "discovery"))
			if i == 1 {
				fmt.Fprintf(&table, " %s |", resulting(t, f, "license"))
			}
			fmt.Fprintf(&table, " %s |", thousands(int64(f.demand/f.stretch+0.5)))
		}
		table.WriteString("\n")
	}
	return table.String()
}

// resulting is the interval of several collectors, which must be one.
func resulting(t *testing.T, f forecast, collectors ...string) string {
	t.Helper()
	found := ""
	for _, name := range collectors {
		for _, r := range f.rows {
			if r.collector != name {
				continue
			}
			text := interval(r.stretched(f.stretch))
			if found != "" && text != found {
				t.Fatalf("%s has %s, others of its column have %s", name, text, found)
			}
			found = text
		}
	}
	return found
}

func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}
