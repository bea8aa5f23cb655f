package alerts

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the spec of examples/kubernetes/prometheusrule.yaml")

// The PrometheusRule of the examples holds these rules.
func TestPrometheusRule(t *testing.T) {
	path := filepath.Join("..", "examples", "kubernetes", "prometheusrule.yaml")
	if *update {
		rewrite(t, path)
	}
	var resource struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   map[string]any
		Spec       struct{ Groups []group }
	}
	load(t, path, &resource)
	if want := groups(t); !reflect.DeepEqual(resource.Spec.Groups, want) {
		t.Errorf("the rules of %s are not those of %s; go test ./alerts -run TestPrometheusRule -update copies them", path, rulesFile)
	}
}

// rewrite copies the rules, comments and all.
func rewrite(t *testing.T, path string) {
	t.Helper()
	resource, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	head, _, resourceFits := strings.Cut(string(resource), "\nspec:\n")
	_, body, rulesFit := strings.Cut(string(rules), "\ngroups:\n")
	if !resourceFits || !rulesFit {
		t.Fatalf("%s has no spec, or %s no groups", path, rulesFile)
	}
	body = regexp.MustCompile(`(?m)^(.)`).ReplaceAllString("groups:\n"+body, "  $1")
	if err := os.WriteFile(path, []byte(head+"\nspec:\n"+body), 0o644); err != nil {
		t.Fatal(err)
	}
}
