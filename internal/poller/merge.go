package poller

import (
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// known is what the catalogue says of a family.
type known struct {
	help string
	of   dto.MetricType
	live bool
}

// catalogue is what is known, by name.
func catalogue() map[string]known {
	all := map[string]known{}
	for _, m := range collector.Catalogue() {
		all[m.Name] = known{help: m.HELP(), of: m.Type, live: m.Live}
	}
	return all
}

func (k known) family(name string) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Help: &k.help, Type: &k.of}
}

// owner tells the series of one job from those of all others.
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

// part is what a job found, and the owners of the series of each of its families. They
// are worked out once, because series are many, and owners few.
type part struct {
	of     *collector.Snapshot
	owners [][]owner
}

func newPart(of *collector.Snapshot) *part {
	p := &part{of: of}
	for _, f := range of.Families {
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

// merge puts families of many jobs together, each once and as the catalogue has it:
// what the poller tells of the jobs, and what they found. A part is valid by itself,
// and may say anything all the same: the store keeps what another version made, or
// somebody's hand, and while organizations are renamed two jobs may speak of one name.
// So what no job can have found is left out, and of two parts that speak of the same
// the first is heard: no series comes twice.
func merge(health [][]*dto.MetricFamily, found []*part, all map[string]known) *view {
	merged := map[string]*dto.MetricFamily{}
	family := func(name string) *dto.MetricFamily {
		if merged[name] == nil {
			merged[name] = all[name].family(name)
		}
		return merged[name]
	}
	for _, families := range health {
		for _, f := range families {
			m := family(f.GetName())
			m.Metric = append(m.Metric, f.Metric...)
		}
	}
	spoke := map[owner]*part{}
	for _, p := range found {
		for i, f := range p.of.Families {
			k, ok := all[f.GetName()]
			if !ok || k.live || k.of != f.GetType() {
				continue
			}
			alone := true
			for _, o := range p.owners[i] {
				if first := spoke[o]; first == nil {
					spoke[o] = p
				} else if first != p {
					alone = false
				}
			}
			m := family(f.GetName())
			if alone {
				m.Metric = append(m.Metric, f.Metric...)
				continue
			}
			for _, metric := range f.Metric {
				if spoke[ownerOf(f.GetName(), metric)] == p {
					m.Metric = append(m.Metric, metric)
				}
			}
		}
	}
	v := &view{}
	for name, ageName := range collector.AgeOf() {
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
