package main

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// oldest is the oldest Grafana whose panels have everything that is used.
const oldestGrafana = "10.0.0"

type buildable interface{ build(*board) dashboard.Panel }

// board is a dashboard. Its rows are laid out from left to right and top to bottom.
type board struct {
	g                       *generator
	uid, title, about, from string
	variables               []dashboard.VariableModel
	annotations             []dashboard.AnnotationQuery
	panels                  []dashboard.PanelOrRowPanel
	alerts                  string      // matchers of the alerts that concern the dashboard
	linked                  [][2]string // dashboard and title of panels that links lead to

	y uint32
}

// row adds a row of panels. A collapsed one sends no queries until it is opened.
func (b *board) row(title string, collapsed bool, panels ...buildable) {
	r := dashboard.RowPanel{
		Type: "row", Title: &title, Id: panelID("row " + title), Collapsed: collapsed,
		GridPos: &dashboard.GridPos{W: 24, H: 1, Y: b.y}, Panels: []dashboard.Panel{},
	}
	b.y++
	var x, height uint32
	var rest []dashboard.PanelOrRowPanel
	for _, spec := range panels {
		p := spec.build(b)
		if x+p.GridPos.W > 24 {
			x, b.y, height = 0, b.y+height, 0
		}
		p.GridPos.X, p.GridPos.Y = x, b.y
		x += p.GridPos.W
		height = max(height, p.GridPos.H)
		if collapsed {
			r.Panels = append(r.Panels, p)
		} else {
			rest = append(rest, dashboard.PanelOrRowPanel{Panel: &p})
		}
	}
	b.y += height
	b.panels = append(append(b.panels, dashboard.PanelOrRowPanel{RowPanel: &r}), rest...)
}

func (b *board) allPanels() []dashboard.Panel {
	var all []dashboard.Panel
	for _, p := range b.panels {
		if p.Panel != nil {
			all = append(all, *p.Panel)
		} else {
			all = append(all, p.RowPanel.Panels...)
		}
	}
	return all
}

// requirement is what grafana.com wants to know of an upload.
type requirement struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (b *board) requirements() []requirement {
	names := map[string]string{"bargauge": "Bar gauge", "stat": "Stat", "table": "Table", "timeseries": "Time series"}
	all := []requirement{{"grafana", "grafana", "Grafana", oldestGrafana}, {"datasource", "prometheus", "Prometheus", "1.0.0"}}
	var kinds []string
	for _, p := range b.allPanels() {
		kinds = append(kinds, p.Type)
	}
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		all = append(all, requirement{"panel", kind, names[kind], ""})
	}
	return all
}

// encode returns the file's text. The data source is a variable, not an input: inputs are not
// filled in when dashboards are provisioned as files.
func (b *board) encode() []byte {
	d := struct {
		Inputs   []struct{}    `json:"__inputs"`
		Requires []requirement `json:"__requires"`
		dashboard.Dashboard
	}{
		Inputs: []struct{}{}, Requires: b.requirements(),
		Dashboard: dashboard.Dashboard{ //nolint:staticcheck // its successor cannot be imported before Grafana 13
			Uid: &b.uid, Title: &b.title, Description: &b.about, Tags: []string{"runzero"}, SchemaVersion: 42, Version: ptr(uint32(1)),
			Editable: ptr(false), GraphTooltip: ptr(dashboard.DashboardCursorSyncCrosshair), Refresh: ptr("5m"), Timezone: ptr("browser"),
			Time:        &dashboard.DashboardDashboardTime{From: b.from, To: "now"},
			Annotations: dashboard.AnnotationContainer{List: b.annotations},
			Templating:  dashboard.DashboardDashboardTemplating{List: b.variables},
			Panels:      b.panels,
			Links: []dashboard.DashboardLink{{
				Type: dashboard.DashboardLinkTypeDashboards, Title: "runZero dashboards", Tags: []string{"runzero"}, Icon: "dashboard",
				IncludeVars: true, KeepTime: true, Url: ptr(""),
			}},
		},
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(d); err != nil {
		b.g.fail("%s: %w", b.uid, err)
	}
	return text.Bytes()
}

// check finds titles that are used twice, and links to panels that do not exist.
func (g *generator) check(boards []*board) {
	titles := map[[2]string]bool{}
	ids := map[string]map[uint32]string{}
	for _, b := range boards {
		ids[b.uid] = map[uint32]string{}
		for _, p := range b.panels {
			if p.RowPanel != nil {
				ids[b.uid][p.RowPanel.Id] = *p.RowPanel.Title
			}
		}
		for _, p := range b.allPanels() {
			if other, taken := ids[b.uid][*p.Id]; taken {
				g.fail("%s: the panels %q and %q have the same id; change a title", b.uid, other, *p.Title)
			}
			ids[b.uid][*p.Id] = *p.Title
			titles[[2]string{b.uid, *p.Title}] = true
		}
	}
	for _, b := range boards {
		for _, target := range b.linked {
			if !titles[target] {
				g.fail("%s links to the panel %q of %s, which does not exist", b.uid, target[1], target[0])
			}
		}
	}
}
