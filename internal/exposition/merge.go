package exposition

import (
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Merger merges families as the catalogue defines them.
type Merger struct {
	catalogue map[string]definition
	ageOf     map[string]string
}

// definition is what the catalogue says of a family.
type definition struct {
	help string
	typ  dto.MetricType
	live bool
}

// NewMerger makes a Merger of the catalogue. ageOf names, by families of instants, the
// families of ages that are derived from them at each scrape.
func NewMerger(catalogue []collector.Metric, ageOf map[string]string) *Merger {
	m := &Merger{catalogue: map[string]definition{}, ageOf: ageOf}
	for _, metric := range catalogue {
		m.catalogue[metric.Name] = definition{help: metric.HELP(), typ: metric.Type, live: metric.Live}
	}
	return m
}

// Organization is an organization as its series name it.
type Organization struct {
	Account string // account_name; empty if accounts have no names
	Name    string // org_name; empty for what belongs to no organization
}

// owner says whose series they are within a family. Two polls must never expose series of the same owner.
type owner struct {
	Organization
	family, collector, query string
}

func ownerOf(family string, m *dto.Metric) owner {
	o := owner{family: family}
	for _, label := range m.Label {
		switch label.GetName() {
		case collector.AccountLabel:
			o.Account = label.GetValue()
		case "org_name":
			o.Name = label.GetValue()
		case "collector":
			o.collector = label.GetValue()
		case "query":
			o.query = label.GetValue()
		}
	}
	return o
}

// Part is the families of one snapshot, with the owners of their series. Owners are worked
// out once, because series are many and owners few.
type Part struct {
	families      []*dto.MetricFamily
	runs          [][]run // by family
	organizations []Organization
}

// run is a number of successive series of one owner.
type run struct {
	owner   owner
	metrics []*dto.Metric
}

// NewPart prepares the families of a snapshot for merging. They must not change any more.
func NewPart(families []*dto.MetricFamily) *Part {
	p := &Part{families: families}
	seen := map[Organization]bool{}
	for _, f := range families {
		var runs []run
		begin := 0
		for i, m := range f.Metric {
			o := ownerOf(f.GetName(), m)
			if last := len(runs) - 1; last < 0 || o != runs[last].owner {
				runs, begin = append(runs, run{owner: o}), i
			}
			runs[len(runs)-1].metrics = f.Metric[begin : i+1]
			if !seen[o.Organization] {
				seen[o.Organization] = true
				p.organizations = append(p.organizations, o.Organization)
			}
		}
		p.runs = append(p.runs, runs)
	}
	return p
}

// Merge puts the families of all polls together: health, which describes the polls
// themselves, and the parts, which are their results.
//
// Every part is valid by itself, and may hold anything all the same: a cached snapshot may come from another version
// or from an editor, and while organizations are being renamed, two polls may speak of the same name. So families
// that no poll can have produced are left out, and of two parts with series of one owner the first wins: no series is
// exposed twice.
func (m *Merger) Merge(health, parts []*Part) *View {
	return m.merge(health, parts, func(Organization) bool { return true })
}

// merge is Merge of the series whose organization is wanted.
func (m *Merger) merge(health, parts []*Part, wanted func(Organization) bool) *View {
	merged := map[string]*dto.MetricFamily{}
	family := func(name string) *dto.MetricFamily {
		if merged[name] == nil {
			d := m.catalogue[name]
			merged[name] = &dto.MetricFamily{Name: &name, Help: &d.help, Type: &d.typ}
		}
		return merged[name]
	}
	add := func(r run) {
		if wanted(r.owner.Organization) {
			to := family(r.owner.family)
			to.Metric = append(to.Metric, r.metrics...)
		}
	}
	for _, p := range health {
		for _, runs := range p.runs {
			for _, r := range runs {
				add(r)
			}
		}
	}
	claimed := map[owner]*Part{}
	for _, p := range parts {
		for i, f := range p.families {
			if d, known := m.catalogue[f.GetName()]; !known || d.live || d.typ != f.GetType() {
				continue
			}
			for _, r := range p.runs[i] {
				if claimed[r.owner] == nil {
					claimed[r.owner] = p
				}
				if claimed[r.owner] == p {
					add(r)
				}
			}
		}
	}
	v := &View{merger: m, health: health, parts: parts}
	for name, ageName := range m.ageOf {
		if of := merged[name]; of != nil {
			v.ages = append(v.ages, age{of: of, name: ageName})
			family(ageName)
		}
	}
	for i, name := range slices.Sorted(maps.Keys(merged)) {
		v.families = append(v.families, merged[name])
		for a := range v.ages {
			if v.ages[a].name == name {
				v.ages[a].at = i
			}
		}
	}
	return v
}
