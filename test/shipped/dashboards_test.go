package shipped

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// dashboard is the part of a Grafana dashboard that names things.
type dashboard struct {
	UID, Title, Description string

	// What grafana.com wants of an upload. An input would not be filled in where dashboards are files.
	Inputs   *[]any                      `json:"__inputs"`
	Requires []struct{ Type, ID string } `json:"__requires"`

	Panels      []panel
	Annotations struct{ List []struct{ Name, Expr string } }
	Templating  struct {
		List []struct {
			Name, Type string
			Query      any // text, or an object with the member query
		}
	}

	file string
	all  any // the whole file
}

type panel struct {
	ID                       int
	Type, Title, Description string

	Panels  []panel // of a collapsed row
	Targets []struct {
		RefID        string `json:"refId"`
		Expr         string
		LegendFormat string `json:"legendFormat"`
	}
	Transformations []struct {
		ID      string
		Options struct {
			Exclude map[string]bool   `json:"excludeByName"`
			Index   map[string]int    `json:"indexByName"`
			Rename  map[string]string `json:"renameByName"`
		}
	}
}

func (r *repository) readDashboards() {
	for _, file := range r.glob("dashboards/*.json") {
		d := dashboard{file: file}
		data := r.read(file)
		if err := json.Unmarshal(data, &d, json.MatchCaseInsensitiveNames(true)); err != nil {
			r.report(file, "%v", err)
			continue
		}
		_ = json.Unmarshal(data, &d.all) // it has just been parsed
		if _, taken := r.dashboards[d.UID]; taken || file != "dashboards/"+d.UID+".json" {
			r.report(file, "uid %q is not the file's name", d.UID)
		}
		r.dashboards[d.UID] = d
	}
}

func (r *repository) checkDashboards() {
	for _, uid := range slices.Sorted(maps.Keys(r.dashboards)) {
		d := r.dashboards[uid]
		if d.Title == "" || d.Description == "" {
			r.report(d.file, "the dashboard needs a title and a description")
		}
		r.checkRequirements(d)
		ids := map[int]bool{}
		for _, p := range d.allPanels() {
			if ids[p.ID] || p.ID < 1 {
				r.report(d.file, "panel %q: id %d is not unique", p.Title, p.ID)
			}
			ids[p.ID] = true
			if p.Type != "row" {
				r.checkPanel(d.file+": panel "+p.Title, p)
			}
		}
		for _, expr := range d.otherQueries() {
			r.reportAll(d.file, r.catalogue.analyse(expr).problems)
		}
		r.checkVariables(d)
		eachString("", d.all, func(key, text string) {
			r.reportAll(d.file, r.program.mentions(text))
			switch {
			case key == "datasource.uid" && text != "${datasource}" && text != "-- Grafana --":
				r.report(d.file, "datasource %q is not ${datasource}", text)
			case strings.HasSuffix(key, ".url") && text != "" && !strings.HasPrefix(text, "${console}/") && !strings.HasPrefix(text, runbooksURL+"#"):
				r.checkDashboardLink(d.file, text)
			}
		})
	}
}

func (r *repository) checkRequirements(d dashboard) {
	want, got := setOf("grafana grafana", "datasource prometheus"), set{}
	for _, p := range d.allPanels() {
		if p.Type != "row" {
			want["panel "+p.Type] = true
		}
	}
	for _, one := range d.Requires {
		got[one.Type+" "+one.ID] = true
	}
	if d.Inputs == nil || len(*d.Inputs) > 0 || !maps.Equal(got, want) {
		r.report(d.file, "__inputs must be there and empty, and __requires must be %s", want)
	}
}

func (d dashboard) allPanels() []panel {
	var all []panel
	for _, p := range d.Panels {
		all = append(append(all, p), p.Panels...)
	}
	return all
}

// otherQueries returns the queries of annotations and variables.
func (d dashboard) otherQueries() []string {
	var all []string
	for _, a := range d.Annotations.List {
		if a.Expr != "" {
			all = append(all, substitute(a.Expr))
		}
	}
	for _, v := range d.Templating.List {
		query := v.Query
		if object, ok := query.(map[string]any); ok {
			query = object["query"]
		}
		// The values of a label exist if the series can be grouped by it.
		if text, ok := query.(string); ok && v.Type == "query" {
			all = append(all, substitute(regexp.MustCompile(`^label_values\((.*), *(\w+)\)$`).ReplaceAllString(text, "group by ($2) ($1)")))
		}
	}
	return all
}

func (r *repository) checkPanel(place string, p panel) {
	if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
		r.report(place, "a panel needs a title, a description and a query")
	}
	columns := setOf("Time", "Value")
	for _, target := range p.Targets {
		q := r.catalogue.analyse(substitute(target.Expr))
		r.reportAll(place, q.problems)
		columns = columns.union(q.labels).union(setOf("Value #" + target.RefID))
		for _, match := range regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
			if !q.labels[match[1]] {
				r.report(place, "the legend uses the label %s, which query %s does not have", match[1], target.RefID)
			}
		}
	}
	for _, t := range p.Transformations {
		named := slices.Concat(slices.Collect(maps.Keys(t.Options.Exclude)), slices.Collect(maps.Keys(t.Options.Index)), slices.Collect(maps.Keys(t.Options.Rename)))
		if missing := setOf(named...).minus(columns); t.ID == "organize" && len(missing) > 0 {
			r.report(place, "no such columns: %s", missing)
		}
	}
}

// variable matches $name, ${name} and ${name:format}.
func variable() *regexp.Regexp { return regexp.MustCompile(`\$\{?([A-Za-z_]\w*)`) }

// substitute replaces Grafana's variables, so that the query can be parsed.
func substitute(expr string) string {
	expr = regexp.MustCompile(`\$__\w+`).ReplaceAllString(expr, "5m")
	return regexp.MustCompile(`\$\w+|\$\{[^}]*\}`).ReplaceAllString(expr, ".*")
}

func (d dashboard) declares(name string) bool {
	for _, v := range d.Templating.List {
		if v.Name == name {
			return true
		}
	}
	return false
}

func (r *repository) checkVariables(d dashboard) {
	used := set{}
	eachString("", d.all, func(_, text string) {
		for _, match := range variable().FindAllStringSubmatch(text, -1) {
			if used[match[1]] = true; !d.declares(match[1]) && !strings.HasPrefix(match[1], "__") {
				r.report(d.file, "no such variable: %s", match[1])
			}
		}
	})
	filters := 0
	for _, v := range d.Templating.List {
		if v.Type == "adhoc" {
			filters++ // Grafana adds them to every query
		} else if !used[v.Name] {
			r.report(d.file, "variable %s is not used", v.Name)
		}
	}
	if !d.declares("datasource") || filters != 1 {
		r.report(d.file, "there is no variable datasource, or not one for ad hoc filters")
	}
}

// checkDashboardLink checks links such as /d/runzero-scans?var-job=runzero.
func (r *repository) checkDashboardLink(place, link string) {
	target, query, _ := strings.Cut(link, "?")
	d, known := r.dashboards[strings.TrimPrefix(target, "/d/")]
	if !known || !strings.HasPrefix(target, "/d/") {
		r.report(place, "link to a missing dashboard: %q", link)
		return
	}
	for _, match := range regexp.MustCompile(`var-(\w+)=|\$\{(\w+):queryparam\}`).FindAllStringSubmatch(query, -1) {
		if name := match[1] + match[2]; !d.declares(name) {
			r.report(place, "link with a missing variable: %s has no %s", d.UID, name)
		}
	}
}

// eachString visits the strings of a JSON value, each with the last two keys of its path.
func eachString(key string, value any, visit func(key, text string)) {
	switch value := value.(type) {
	case string:
		visit(key, value)
	case []any:
		for _, element := range value {
			eachString(key, element, visit)
		}
	case map[string]any:
		parent := key[strings.LastIndex(key, ".")+1:]
		for _, name := range slices.Sorted(maps.Keys(value)) {
			eachString(parent+"."+name, value[name], visit)
		}
	}
}

// unused lists the metrics that no dashboard and no rule uses.
func (r *repository) unused() string {
	var queries []string
	for _, rule := range r.rules {
		queries = append(queries, rule.Expr)
	}
	for _, d := range r.dashboards {
		queries = append(queries, d.otherQueries()...)
		for _, p := range d.allPanels() {
			for _, target := range p.Targets {
				queries = append(queries, substitute(target.Expr))
			}
		}
	}
	used := set{}
	for _, query := range queries {
		used = used.union(r.catalogue.analyse(query).families)
	}
	var list strings.Builder
	for _, m := range collector.Catalogue() {
		if !used[m.Name] {
			list.WriteString("- [`" + m.Name + "`](../docs/metrics.md#" + m.Name + ")\n")
		}
	}
	return list.String()
}

func TestListOfUnusedMetrics(t *testing.T) {
	const begin, end = "<!-- Generated: cd test/shipped && go test . -update -->\n\n", "\n<!-- End of the generated list. -->\n"
	name := filepath.Join(root, "dashboards", "README.md")
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, hasBegin := strings.Cut(string(content), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		t.Fatalf("%s has no generated list between %q and %q", name, begin, end)
	}
	want := before + begin + readRepository(os.DirFS(root), program{}).unused() + end + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(content) {
		t.Errorf("%s is outdated; to update it: cd test/shipped && go test . -update", name)
	}
}
