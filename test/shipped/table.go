package shipped

import (
	"regexp"

	"github.com/go-json-experiment/json"
)

// columns follows the columns of a table from the queries' labels through its
// transformations to where they are named again. What names a column that is not there
// does nothing, and Grafana says nothing.
func (p panel) columns(f *findings, answers []Query) {
	columns := setOf("Time")
	for i, q := range answers {
		columns = columns.union(q.Labels)
		if len(answers) == 1 {
			columns["Value"] = true
		} else {
			columns["Value #"+p.Targets[i].RefID] = true
		}
	}
	for _, t := range p.Transformations {
		if !transformations()[t.ID] {
			f.add("has the transformation %q, which is not used", t.ID)
		}
		if t.ID == "organize" {
			columns = organized(f, columns, t.Options)
		}
	}
	named := func(what string, name string) {
		if !columns[name] {
			f.add("%s the column %q, which is not there", what, name)
		}
	}
	for _, o := range p.FieldConfig.Overrides {
		var name string
		if o.Matcher.ID == "byName" && json.Unmarshal(o.Matcher.Options, &name) == nil {
			named("overrides", name)
		}
		for _, property := range o.Properties {
			for _, match := range regexp.MustCompile(`\$\{__data\.fields\.([^:}]+)`).FindAllStringSubmatch(string(property.Value), -1) {
				named("links with", match[1])
			}
		}
	}
	var sorts []struct {
		DisplayName string `json:"displayName"`
	}
	if value, ok := p.Options["sortBy"]; ok {
		if err := json.Unmarshal(value, &sorts); err != nil {
			f.add("options.sortBy cannot be read: %v", err)
		}
	}
	for _, sort := range sorts {
		named("sorts by", sort.DisplayName)
	}
}

// organized are the columns that are left, by their new names.
func organized(f *findings, columns set, value []byte) set {
	var organize struct {
		Exclude map[string]bool   `json:"excludeByName"`
		Index   map[string]int    `json:"indexByName"`
		Rename  map[string]string `json:"renameByName"`
	}
	if err := json.Unmarshal(value, &organize, json.RejectUnknownMembers(true)); err != nil {
		f.add("organize cannot be read: %v", err)
		return columns
	}
	mentioned := set{}
	for name := range organize.Exclude {
		mentioned[name] = true
	}
	for name := range organize.Index {
		mentioned[name] = true
	}
	for name := range organize.Rename {
		mentioned[name] = true
	}
	if missing := mentioned.minus(columns); len(missing) > 0 {
		f.add("organizes columns that are not there: %s", missing)
	}
	left := set{}
	for _, name := range columns.sorted() {
		if organize.Exclude[name] {
			continue
		}
		if renamed := organize.Rename[name]; renamed != "" {
			name = renamed
		}
		if left[name] {
			f.add("gives two columns the name %s", name)
		}
		left[name] = true
	}
	return left
}
