package shipped

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// The replicas of the Compose example have the token of the console beside them, which has the default seed.
func TestComposeReplicasHaveTheTokenOfTheirConsole(t *testing.T) {
	r := &repository{files: os.DirFS(root)}
	var file struct {
		Services map[string]struct{ Environment map[string]string }
	}
	if err := yaml.Unmarshal(r.read("examples/compose/replicas.yml"), &file); err != nil {
		t.Fatal(err)
	}
	want := simulator.New(simulator.Options{Seed: 1}).AccountToken()
	for _, name := range []string{"runzero_exporter", "replica_b"} {
		if got := file.Services[name].Environment["RUNZERO_TOKEN"]; got != want {
			t.Errorf("%s has the token %q, the console %q", name, got, want)
		}
	}
}

// The user that docs/replicas.md describes may do what the one in the examples may, which .ci/run tries out. Only a probe
// of the examples needs PING.
func TestUserInRedisIsTheSameInExamplesAndDocuments(t *testing.T) {
	r := &repository{files: os.DirFS(root)}
	commands := func(name, before string) []string {
		match := regexp.MustCompile(regexp.QuoteMeta(before) + `[\s\\]+((?:\+[a-z|]+\s+)+)`).FindSubmatch(r.read(name))
		if match == nil {
			t.Fatalf("%s has no commands after %q", name, before)
		}
		return strings.Fields(string(match[1]))
	}
	want := append(commands("docs/replicas.md", "resetchannels -@all"), "+ping")
	for name, before := range map[string]string{
		"examples/kubernetes/replicas/valkey.yaml":              "resetchannels -@all",
		"examples/helm/runzero-exporter/templates/_helpers.tpl": `define "runzero-exporter.commands" -}}`,
	} {
		if got := commands(name, before); !slices.Equal(got, want) {
			t.Errorf("%s allows\n%v\nand docs/replicas.md\n%v", name, got, want)
		}
	}
}
