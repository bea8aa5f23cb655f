package shipped

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// checkExamples checks that every example is valid YAML, calls the program with flags that
// exist, and refers to files and Kubernetes objects that exist.
func (r *repository) checkExamples() {
	var manifests []any
	for _, name := range r.walk("examples") {
		for line := range strings.Lines(strings.ReplaceAll(string(r.read(name)), "\\\n", " ")) {
			r.reportAll(name, r.program.commandLine(line))
		}
		// Templates are no YAML; .ci/run renders them, and starts the program with the flags in them.
		if ext := path.Ext(name); ext != ".yml" && ext != ".yaml" || strings.Contains(name, "/templates/") {
			continue
		}
		for _, document := range r.documents(name) {
			r.checkContainers(name, document)
			if document["kind"] != nil {
				manifests = append(manifests, document)
			}
			eachString("", document, func(key, text string) {
				file, _, _ := strings.Cut(text, ":")
				if key == ".resources" || key == ".components" || strings.HasSuffix(key, ".volumes") && strings.HasPrefix(file, ".") { // kustomization, Compose
					if _, err := fs.Stat(r.files, path.Join(path.Dir(name), file)); err != nil {
						r.report(name, "no such file: %s", file)
					}
				}
			})
		}
	}
	r.checkManifests(manifests)
}

func (r *repository) documents(name string) []map[string]any {
	var all []map[string]any
	for decoder := yaml.NewDecoder(bytes.NewReader(r.read(name))); ; {
		var document map[string]any
		if err := decoder.Decode(&document); err != nil {
			if !errors.Is(err, io.EOF) {
				r.report(name, "%v", err)
			}
			return all
		}
		all = append(all, document)
	}
}

// checkContainers checks the arguments of every container of the program, in Compose files and
// Kubernetes manifests alike.
func (r *repository) checkContainers(name string, value any) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			r.checkContainers(name, element)
		}
	case map[string]any:
		if image, _ := value["image"].(string); strings.Contains(image, programName) {
			for _, key := range []string{"command", "args"} {
				var words []string
				eachString("", value[key], func(_, word string) { words = append(words, word) })
				r.reportAll(name, r.program.arguments(words))
			}
		}
		for _, member := range slices.Sorted(maps.Keys(value)) {
			r.checkContainers(name, value[member])
		}
	}
}

// The scrape jobs that a page shows are those of its example.
func TestPagesShowTheJobsOfTheirExamples(t *testing.T) {
	r := &repository{files: os.DirFS(root)}
	jobs := func(text []byte) map[any]any {
		var file struct {
			Jobs []map[string]any `yaml:"scrape_configs"`
		}
		if err := yaml.Unmarshal(text, &file); err != nil || len(file.Jobs) == 0 {
			t.Fatalf("no scrape_configs (%v) in\n%s", err, text)
		}
		byName := map[any]any{}
		for _, job := range file.Jobs {
			byName[job["job_name"]] = job
		}
		return byName
	}
	for page, shown := range map[string]int{"customers": 2, "discovery": 1} {
		block := regexp.MustCompile("(?s)```yaml\n(scrape_configs:.*?)```").FindSubmatch(r.read("docs/" + page + ".md"))
		if block == nil {
			t.Fatalf("docs/%s.md shows no scrape_configs", page)
		}
		got, want := jobs(block[1]), jobs(r.read("examples/prometheus/"+page+".yml"))
		if len(got) != shown {
			t.Errorf("docs/%s.md shows %d jobs, want %d", page, len(got), shown)
		}
		for name, job := range got {
			if !reflect.DeepEqual(job, want[name]) {
				t.Errorf("docs/%s.md has\n%v\nand the example\n%v", page, job, want[name])
			}
		}
	}
}

// checkManifests checks references between Kubernetes objects: ports, volumes, claims and
// labels. kubectl-validate checks each object for itself.
func (r *repository) checkManifests(manifests []any) {
	definitions := map[string]string{"ports.name": "port", "volumes.name": "volume", "metadata.name": "object", "labels": "label"}
	references := map[string]string{
		"ports.targetPort": "port", "httpGet.port": "port", "endpoints.port": "port", "volumeMounts.name": "volume",
		"persistentVolumeClaim.claimName": "object", "matchLabels": "label", "selector": "label",
	}
	each := func(kinds map[string]string, visit func(name string)) {
		eachString("", manifests, func(key, text string) {
			parent, label, _ := strings.Cut(key, ".")
			if kind := kinds[key]; kind != "" {
				visit(kind + " " + text)
			} else if kind := kinds[parent]; kind != "" {
				visit(kind + " " + label + "=" + text)
			}
		})
	}
	defined := set{}
	each(definitions, func(name string) { defined[name] = true })
	each(references, func(name string) {
		if !defined[name] {
			r.report("examples", "no such %s", name)
		}
	})
}
