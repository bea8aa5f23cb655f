package shipped_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/test/shipped"
)

var update = flag.Bool("update", false, "rewrite what is made: a part of dashboards/README.md, and THIRD_PARTY_LICENSES")

const root = "../.."

// fixedWindows are the panels whose rates are not taken over $__rate_interval, which a
// few minutes of a graph are too short for: the exporter asks a few times an hour, and a
// rate over less than its interval is a comb.
func fixedWindows() shipped.Windows {
	const rare = "calls are minutes to hours apart"
	return shipped.Windows{"runzero-exporter": {
		"Calls an hour, by endpoint":   rare,
		"Calls an hour that failed":    rare,
		"Time to the end of an answer": rare,
		"Bytes read, a day":            rare,
	}}
}

// TestShipped holds the repository's dashboards, rules, pages and examples to the
// catalogue, to the program, and to each other.
func TestShipped(t *testing.T) {
	all, found := shipped.ReadShipped(os.DirFS(root), shipped.Exported())
	for _, finding := range append(found, all.Findings(program(t), fixedWindows())...) {
		t.Error(finding)
	}
}

// TestUsageDoc holds the list in dashboards/README.md to the dashboards and rules.
func TestUsageDoc(t *testing.T) {
	all, _ := shipped.ReadShipped(os.DirFS(root), shipped.Exported())
	name := filepath.Join(root, shipped.DashboardsPage)
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := all.WithUsage(string(page))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(page) {
		t.Errorf("%s is not what the files say; cd test/shipped && go test . -update rewrites it", shipped.DashboardsPage)
	}
}

// program asks the program itself for its flags.
func program(t *testing.T) shipped.Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "runzero_exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the exporter cannot be built: %v\n%s", err, output)
	}
	help, err := exec.CommandContext(t.Context(), binary, "--help-long").CombinedOutput()
	if err != nil {
		t.Fatalf("the exporter does not help: %v\n%s", err, help)
	}
	return shipped.ReadHelp(string(help))
}
