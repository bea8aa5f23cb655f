package exposition

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Organization is an organization as its series name it.
type Organization struct {
	Account string // account_name; empty if accounts have no names
	Name    string // org_name; empty for what belongs to no organization
}

// owner says whose series they are within a family. Two polls must never expose series of the same owner.
type owner struct {
	Organization
	family, collector string
	entry             string // of the configuration file: a query or a discovery
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
		case "query", "discovery":
			o.entry = label.GetValue()
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
	again   bool // the owner has an earlier run in the same family
	metrics []*dto.Metric
}

// NewPart prepares the families of a snapshot for merging. They must not change any more, no two may have the same
// name, and names of labels must be valid in every version of Prometheus.
func NewPart(families []*dto.MetricFamily) *Part {
	p := &Part{families: families}
	seen := map[Organization]bool{}
	for _, f := range families {
		var runs []run
		begin, owners := 0, map[owner]bool{}
		for i, m := range f.Metric {
			o := ownerOf(f.GetName(), m)
			if last := len(runs) - 1; last < 0 || o != runs[last].owner {
				runs, begin = append(runs, run{owner: o, again: owners[o]}), i
				owners[o] = true
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
