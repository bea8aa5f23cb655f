package shipped

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Boards are the dashboards, by uid.
type Boards map[string]*Dashboard

// Findings are what is wrong with a dashboard. windows lists the panels that may take
// rates over a fixed time, by title, with the reason why.
func (b Boards) Findings(uid string, r Reading, windows map[string]string) []string {
	d := b[uid]
	var f findings
	d.head(&f)
	d.annotations(&f, r)
	d.variables(&f, r)
	d.grid(&f)
	for _, p := range d.everyPanel() {
		if p.Type != "row" {
			f.at("panel "+p.Title, d.panel(p, r, windows[p.Title] != ""))
		}
	}
	for _, title := range slices.Sorted(maps.Keys(windows)) {
		if !slices.ContainsFunc(d.everyPanel(), func(p panel) bool { return p.Title == title }) {
			f.add("there is no panel %q that needs a fixed time for its rates", title)
		}
	}
	eachString("", d.all, func(key, text string) {
		switch {
		case key == "uid" && text != uid && text != source && text != grafana:
			f.add("has the uid %q: only ${datasource} is there in every Grafana", text)
		case key == "url" && text != "":
			b.url(&f, text)
		}
	})
	return f
}

// The data source of everything, and that of Grafana's own annotations.
const (
	source  = "${datasource}"
	grafana = "-- Grafana --"
)

// head checks what is said of the dashboard as a whole.
func (d *Dashboard) head(f *findings) {
	if !regexp.MustCompile(`^[a-z0-9-]{8,40}$`).MatchString(d.UID) {
		f.add("uid %q is not 8 to 40 of a-z, 0-9 and -", d.UID)
	}
	if string(d.ID) != "null" {
		f.add("id is not null: Grafana gives ids itself")
	}
	if d.Title == "" || d.Description == "" {
		f.add("has no title or no description")
	}
	if d.SchemaVersion != 42 {
		f.add("schemaVersion is %d, not 42", d.SchemaVersion)
	}
	if d.Editable == nil || *d.Editable {
		f.add("is editable: what is changed in the browser is lost with the next version")
	}
	if !slices.Contains(d.Tags, "runzero") {
		f.add("has no tag runzero, by which dashboards link to each other")
	}
	linked := func(l link) bool {
		return l.Type == "dashboards" && slices.Contains(l.Tags, "runzero") && l.IncludeVars && l.KeepTime
	}
	if !slices.ContainsFunc(d.Links, linked) {
		f.add("does not link to the dashboards with the tag runzero, with variables and time")
	}
}

// annotations checks what is marked in all panels: by Grafana itself, or by a query.
func (d *Dashboard) annotations(f *findings, r Reading) {
	for _, a := range d.Annotations.List {
		if a.Datasource != nil && a.Datasource.UID == grafana {
			continue
		}
		if !a.Datasource.prometheus() {
			f.add("annotation %s does not ask ${datasource}", a.Name)
		}
		f.at("annotation "+a.Name, r.Read(substituted(a.Expr)).Findings)
	}
}

func (s *datasource) prometheus() bool { return s != nil && s.Type == "prometheus" && s.UID == source }

// grid checks where panels are: all in 24 columns, none over another. What is in a
// collapsed row has a grid of its own.
func (d *Dashboard) grid(f *findings) {
	ids := map[int]string{}
	for _, p := range d.everyPanel() {
		if other, taken := ids[p.ID]; taken || p.ID < 1 {
			f.add("panel %s has the id %d, like %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
	}
	overlaps(f, d.Panels)
	for _, p := range d.Panels {
		overlaps(f, p.Panels)
	}
}

func overlaps(f *findings, panels []panel) {
	taken := map[[2]int]string{}
	for _, p := range panels {
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			f.add("panel %s is not within 24 columns", p.Title)
			continue
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					f.add("panel %s lies over %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}

// url checks an address that is a dashboard of ours: it is there, and knows the
// variables it is handed. What alerts have in front, the address of a Grafana, is not
// there in files.
func (b Boards) url(f *findings, address string) {
	path, query, _ := strings.Cut(address, "?")
	uid, isBoard := strings.CutPrefix(path, "/d/")
	if !isBoard {
		f.add("%s: links to something else than a dashboard", address)
		return
	}
	uid, _, _ = strings.Cut(uid, "/")
	d, known := b[uid]
	if !known {
		f.add("%s: there is no dashboard %s", address, uid)
		return
	}
	for _, match := range regexp.MustCompile(`var-(\w+)=|\$\{(\w+):queryparam\}`).FindAllStringSubmatch(query, -1) {
		name := match[1] + match[2]
		if !d.declares(name) {
			f.add("%s: %s has no variable %s", address, uid, name)
		}
	}
}
