package shipped

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mapping is a mapping of YAML, read without knowing what it is.
type mapping = map[string]any

// Examples are the findings of the files of a folder, each by what it is: YAML of
// Compose, Kubernetes or Prometheus, and units of systemd. rules is the text of the
// rules, which a PrometheusRule must hold.
func (p Program) Examples(files fs.FS, folder string, rules []byte) []string {
	var f findings
	var manifests []mapping
	err := fs.WalkDir(files, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".service":
			f.at(name, p.unit(string(data)))
		case ".yml", ".yaml":
			documents, err := everyDocument(data)
			if err != nil {
				f.add("%s: is no YAML: %v", name, err)
			}
			for _, document := range documents {
				f.at(name, p.containers(document))
				switch {
				case document["kind"] != nil:
					manifests = append(manifests, document)
				case document["services"] != nil:
					f.at(name, compose(files, path.Dir(name), document))
				}
				if document["kind"] == "PrometheusRule" && !sameGroups(document, rules) {
					f.add("%s: its groups are not those of %s", name, RulesFile)
				}
				f.at(name, ruleFiles(files, path.Dir(name), document))
				f.at(name, resources(files, path.Dir(name), document))
			}
		}
		return nil
	})
	if err != nil {
		f.add("cannot be checked: %v", err)
	}
	return append(f, kubernetes(manifests)...)
}

// everyDocument reads YAML of one or several documents. A key that is there twice is an
// error.
func everyDocument(data []byte) ([]mapping, error) {
	var documents []mapping
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document mapping
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return documents, err
		}
		if document != nil {
			documents = append(documents, document)
		}
	}
}

// sameGroups is whether a PrometheusRule holds the groups of the rules.
func sameGroups(document mapping, rules []byte) bool {
	var file mapping
	if yaml.Unmarshal(rules, &file) != nil {
		return false
	}
	spec, _ := document["spec"].(mapping)
	return reflect.DeepEqual(spec["groups"], file["groups"])
}

// containers checks how the program is started, and with which variables, wherever there
// is an image of it: Compose and Kubernetes call these alike.
func (p Program) containers(value any) []string {
	var f findings
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			f = append(f, p.containers(element)...)
		}
	case mapping:
		if image, _ := value["image"].(string); strings.Contains(image, programName) {
			words := slices.Concat(texts(value["command"]), texts(value["args"]))
			if len(words) > 0 && strings.HasSuffix(words[0], programName) {
				words = words[1:]
			}
			f = append(f, p.Invoked(words)...)
			variables := append(texts(value["environment"]), texts(value["env"])...)
			f = append(f, p.Mentioned(strings.Join(variables, " "))...)
		}
		for _, member := range members(value) {
			f = append(f, p.containers(member.value)...)
		}
	}
	return f
}

// texts are the words of what may be a text, a list of them, a mapping from them, or a
// list of mappings with a name.
func texts(value any) []string {
	var words []string
	switch value := value.(type) {
	case string:
		words = strings.Fields(value)
	case mapping:
		for name := range value {
			words = append(words, name)
		}
	case []any:
		for _, element := range value {
			if named, ok := element.(mapping); ok {
				element = named["name"]
			}
			words = append(words, fmt.Sprint(element))
		}
	}
	return words
}

// unit checks how a unit of systemd starts the program.
func (p Program) unit(text string) []string {
	f := findings(p.Mentioned(text))
	started := false
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		command, isStart := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=")
		if words := strings.Fields(command); isStart && len(words) > 0 && strings.HasSuffix(words[0], programName) {
			started = true
			f = append(f, p.Invoked(words[1:])...)
		}
	}
	if !started {
		f.add("does not start %s", programName)
	}
	return f
}

// ruleFiles checks that the rules that a Prometheus is to load are there. Where it looks
// for them from / is for who starts it to know.
func ruleFiles(files fs.FS, folder string, document mapping) []string {
	var f findings
	patterns, _ := document["rule_files"].([]any)
	for _, pattern := range patterns {
		name := fmt.Sprint(pattern)
		if path.IsAbs(name) {
			continue
		}
		if found, err := fs.Glob(files, path.Join(folder, name)); err != nil || len(found) == 0 {
			f.add("there are no rules %s", name)
		}
	}
	return f
}

// resources checks that what a kustomization is made of is there.
func resources(files fs.FS, folder string, document mapping) []string {
	var f findings
	names, _ := document["resources"].([]any)
	for _, name := range names {
		if _, err := fs.Stat(files, path.Join(folder, fmt.Sprint(name))); err != nil && document["kind"] == "Kustomization" {
			f.add("there is no %v", name)
		}
	}
	return f
}
