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

// owner says whose series they are within a family. Two polls must never expose series of the same owner.
type owner struct{ family, account, organization, collector, query string }

func ownerOf(family string, m *dto.Metric) owner {
	o := owner{family: family}
	for _, label := range m.Label {
		switch label.GetName() {
		case collector.AccountLabel:
			o.account = label.GetValue()
		case "org_name":
			o.organization = label.GetValue()
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
	families []*dto.MetricFamily
	owners   [][]owner
}

// NewPart prepares the families of a snapshot for merging. They must not change any more.
func NewPart(families []*dto.MetricFamily) *Part {
	p := &Part{families: families}
	for _, f := range families {
		var owners []owner
		for _, m := range f.Metric {
			if o := ownerOf(f.GetName(), m); len(owners) == 0 || o != owners[len(owners)-1] {
				owners = append(owners, o)
			}
		}
		p.owners = append(p.owners, owners)
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
func (m *Merger) Merge(health [][]*dto.MetricFamily, parts []*Part) *View {
	merged := map[string]*dto.MetricFamily{}
	family := func(name string) *dto.MetricFamily {
		if merged[name] == nil {
			d := m.catalogue[name]
			merged[name] = &dto.MetricFamily{Name: &name, Help: &d.help, Type: &d.typ}
		}
		return merged[name]
	}
	for _, families := range health {
		for _, f := range families {
			to := family(f.GetName())
			to.Metric = append(to.Metric, f.Metric...)
		}
	}
	claimed := map[owner]*Part{}
	for _, p := range parts {
		for i, f := range p.families {
			if d, known := m.catalogue[f.GetName()]; !known || d.live || d.typ != f.GetType() {
				continue
			}
			contested := false
			for _, o := range p.owners[i] {
				if claimed[o] == nil {
					claimed[o] = p
				}
				contested = contested || claimed[o] != p
			}
			to := family(f.GetName())
			if !contested {
				to.Metric = append(to.Metric, f.Metric...)
				continue
			}
			for _, metric := range f.Metric {
				if claimed[ownerOf(f.GetName(), metric)] == p {
					to.Metric = append(to.Metric, metric)
				}
			}
		}
	}
	v := &View{}
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
