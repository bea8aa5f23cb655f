package collector

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestReadmeLinksEveryMetric keeps README's list of families as the catalogue has it.
func TestReadmeLinksEveryMetric(t *testing.T) {
	const file, begin, end = "../README.md", "<!-- families: go test ./collector -update -->\n", "<!-- end of families -->\n"
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), begin)
	have, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no list of families between %q and %q", file, begin, end)
	}
	want := readmeFamilies()
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != want {
		t.Errorf("the list of families in %s is not the catalogue's: go test ./collector -update rewrites it", file)
	}
}

func readmeFamilies() string {
	var order []string
	links := map[string][]string{}
	for _, m := range Catalogue() {
		of := strings.Join(m.Collectors, ", ")
		if links[of] == nil {
			order = append(order, of)
		}
		links[of] = append(links[of], fmt.Sprintf("[`%s`](docs/metrics.md#%s)", strings.TrimPrefix(m.Name, "runzero_"), m.Name))
	}
	var out strings.Builder
	out.WriteString("| from | families, each behind `runzero_` |\n|---|---|\n")
	for _, of := range order {
		fmt.Fprintf(&out, "| %s | %s |\n", of, strings.Join(links[of], ", "))
	}
	return out.String()
}
