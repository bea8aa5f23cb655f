package shipped

import (
	"io/fs"
	"maps"
	"path"
	"slices"
)

// Where things are in the repository.
const (
	RulesFile    = "alerts/runzero.rules.yml"
	RunbooksPage = "docs/runbooks.md"
	examples     = "examples"
)

// Shipped is what is shipped beside the program, as far as it can be read.
type Shipped struct {
	files    fs.FS
	families Families // with what the rules record
	exported Families
	boards   Boards
	rules    *Rules
	text     []byte // of the rules
	tests    []*RuleTests
	pages    []Page
}

// ReadShipped reads the repository's files, and says which of them are not what they
// should be.
func ReadShipped(files fs.FS, exported Families) (*Shipped, []string) {
	var f findings
	s := &Shipped{files: files, exported: exported, boards: Boards{}, rules: &Rules{}}
	s.text = s.read(&f, RulesFile)
	if rules, err := ReadRules(s.text); err != nil {
		f.add("%s: %v", RulesFile, err)
	} else {
		s.rules = rules
	}
	s.families = exported.With(s.rules)
	for _, name := range s.glob(&f, "alerts/*_test.yml") {
		tests, err := ReadRuleTests(s.read(&f, name))
		if err != nil {
			f.add("%s: %v", name, err)
			continue
		}
		s.tests = append(s.tests, tests)
	}
	for _, name := range s.glob(&f, "dashboards/*.json") {
		d, err := ReadDashboard(s.read(&f, name))
		if err != nil {
			f.add("%s: %v", name, err)
			continue
		}
		if name != "dashboards/"+d.UID+".json" {
			f.add("%s: is not called like its uid, %q", name, d.UID)
		}
		s.boards[d.UID] = d
	}
	for _, pattern := range []string{"README.md", "docs/*.md", "dashboards/README.md", "examples/README.md"} {
		for _, name := range s.glob(&f, pattern) {
			s.pages = append(s.pages, Page{Name: name, Text: string(s.read(&f, name))})
		}
	}
	return s, f
}

func (s *Shipped) read(f *findings, name string) []byte {
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		f.add("cannot be read: %v", err)
	}
	return data
}

func (s *Shipped) glob(f *findings, pattern string) []string {
	names, err := fs.Glob(s.files, pattern)
	if err != nil || len(names) == 0 {
		f.add("there are no %s", pattern)
	}
	return names
}

// Windows says of which dashboard's panels the rates may be taken over a fixed time, by
// uid and title, and why.
type Windows map[string]map[string]string

// Findings are what is wrong with what is shipped.
func (s *Shipped) Findings(p Program, windows Windows) []string {
	var f findings
	reading := Reading{Families: s.families, Replicas: true}
	for _, uid := range slices.Sorted(maps.Keys(s.boards)) {
		f.at("dashboards/"+uid+".json", s.boards.Findings(uid, reading, windows[uid]))
	}
	for uid := range windows {
		if s.boards[uid] == nil {
			f.add("there is no dashboard %s, whose rates may be taken over a fixed time", uid)
		}
	}
	f.at(RulesFile, s.rules.Findings(Reading{Families: s.exported, Replicas: true}, s.boards, s.page(RunbooksPage)))
	f.at(RulesFile, s.rules.Tested(s.exported, s.tests...))
	for _, page := range s.pages {
		f.at(page.Name, p.Page(page))
		for _, query := range page.queries() {
			f.at(page.Name+": "+query, Reading{Families: s.families}.Read(query).Findings)
		}
	}
	f = append(f, p.Examples(s.files, examples, s.text)...)
	s.names(&f, p)
	return f
}

// names checks what all files call metrics and alerts, and dashboards and rules flags.
func (s *Shipped) names(f *findings, p Program) {
	alerts := set{}
	for _, rule := range s.rules.Alerts() {
		alerts[rule.Alert] = true
	}
	for _, folder := range []string{"README.md", "docs", "dashboards", "alerts", examples} {
		err := fs.WalkDir(s.files, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) == ".go" {
				return err
			}
			text := string(s.read(f, name))
			f.at(name, s.families.Named(text, alerts))
			if name == RulesFile || folder == "dashboards" {
				f.at(name, p.Mentioned(text))
			}
			return nil
		})
		if err != nil {
			f.add("cannot be searched for names: %v", err)
		}
	}
}

// page is one of the pages, empty where it is missing.
func (s *Shipped) page(name string) Page {
	for _, page := range s.pages {
		if page.Name == name {
			return page
		}
	}
	return Page{Name: name}
}
