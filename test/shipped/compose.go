package shipped

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// compose checks that what services are given is there: files and folders of this
// repository, volumes, configs and other services.
func compose(files fs.FS, folder string, document mapping) []string {
	var f findings
	exists := func(where, name string) {
		if _, err := fs.Stat(files, path.Join(folder, name)); err != nil {
			f.add("%s: there is no %s", where, name)
		}
	}
	for _, kind := range []string{"configs", "secrets"} {
		for _, entry := range members(document[kind]) {
			if fields, _ := entry.value.(mapping); fields["file"] != nil {
				exists(kind+" "+entry.name, fmt.Sprint(fields["file"]))
			}
		}
	}
	for _, service := range members(document["services"]) {
		where := "service " + service.name
		fields, _ := service.value.(mapping)
		if image, _ := fields["image"].(string); fields["build"] == nil && !pinned(image) {
			f.add("%s: the image %q has no version", where, image)
		}
		for _, kind := range []string{"configs", "secrets"} {
			for _, name := range sources(fields[kind]) {
				if top, _ := document[kind].(mapping); top[name] == nil {
					f.add("%s: there is no %s of %s", where, name, kind)
				}
			}
		}
		for _, name := range sources(fields["volumes"]) {
			if strings.HasPrefix(name, ".") {
				exists(where, name)
			} else if top, _ := document["volumes"].(mapping); !path.IsAbs(name) && !contains(top, name) {
				f.add("%s: there is no volume %s", where, name)
			}
		}
		for _, name := range append(texts(fields["depends_on"]), texts(fields["links"])...) {
			if top, _ := document["services"].(mapping); !contains(top, name) {
				f.add("%s: there is no service %s", where, name)
			}
		}
	}
	return f
}

// pinned is whether an image says which version it is.
func pinned(image string) bool {
	_, tag, found := strings.Cut(path.Base(image), ":")
	return found && tag != "latest"
}

func contains(m mapping, name string) bool {
	_, found := m[name]
	return found
}

type member struct {
	name  string
	value any
}

// members are those of a mapping, in order.
func members(value any) []member {
	fields, _ := value.(mapping)
	var all []member
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, member{name, fields[name]})
	}
	return all
}

// sources are where mounts come from, written as source:target or with a member source.
func sources(value any) []string {
	var names []string
	list, _ := value.([]any)
	for _, element := range list {
		switch element := element.(type) {
		case string:
			name, _, _ := strings.Cut(element, ":")
			names = append(names, name)
		case mapping:
			if element["source"] != nil {
				names = append(names, fmt.Sprint(element["source"]))
			}
		}
	}
	return names
}
