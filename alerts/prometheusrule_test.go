package alerts

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the spec of examples/kubernetes/operator/prometheusrule.yaml")

// The PrometheusRule of the examples is a copy of the rules, with their comments.
func TestPrometheusRule(t *testing.T) {
	path := filepath.Join("..", "examples", "kubernetes", "operator", "prometheusrule.yaml")
	resource, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile(RulesFile)
	if err != nil {
		t.Fatal(err)
	}
	head, _, hasSpec := strings.Cut(string(resource), "\nspec:\n")
	_, body, hasGroups := strings.Cut(string(rules), "\ngroups:\n")
	if !hasSpec || !hasGroups {
		t.Fatalf("%s has no spec, or %s no groups", path, RulesFile)
	}
	want := head + "\nspec:\n" + regexp.MustCompile(`(?m)^(.)`).ReplaceAllString("groups:\n"+body, "  $1")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(resource) {
		t.Errorf("%s is outdated; to update it: go test ./alerts -run TestPrometheusRule -update", path)
	}
}
