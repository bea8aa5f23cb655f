package replay

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// store is what replicas share: one that reaches it leads and polls, and the others that reach it have the same.
type store struct {
	members []*exporter
	away    bool // from all
	lost    bool // nobody is let lead
}

// share makes replicas of exporters.
func share(members ...*exporter) {
	s := &store{members: members}
	for _, e := range members {
		e.store = s
	}
}

func (e *exporter) reaches() bool { return e.store != nil && !e.store.away && !e.cutOff }

// follow returns whether the exporter is a replica that does not lead. It has what the leader has then, if it can.
func (e *exporter) follow(now time.Time) bool {
	if e.store == nil {
		return false
	}
	may := func(m *exporter) bool { return m.running(now) && m.reaches() && !e.store.lost }
	for _, m := range e.store.members {
		m.leads = m.leads && may(m)
	}
	leads := slices.IndexFunc(e.store.members, func(m *exporter) bool { return m.leads })
	if leads < 0 {
		leads = slices.IndexFunc(e.store.members, may)
	}
	if leads < 0 {
		return true
	}
	leader := e.store.members[leads]
	leader.leads = true
	if leader == e {
		return false
	}
	if e.reaches() {
		e.copy(leader)
	}
	return true
}

// copy takes over what another exporter knows.
func (e *exporter) copy(from *exporter) {
	e.spent, e.left, e.asOf, e.paused, e.readings = from.spent, from.left, from.asOf, from.paused, slices.Clone(from.readings)
	e.organizations, e.sites, e.jobs = maps.Clone(from.organizations), maps.Clone(from.sites), map[job]*state{}
	e.connected = e.connected || from.connected // by what it heard itself, it is as before
	for j, s := range from.jobs {
		copied := *s
		copied.samples = make([]sample, len(s.samples))
		for i, each := range s.samples {
			copied.samples[i] = sample{series: e.own(each.series), value: each.value}
		}
		e.jobs[j] = &copied
	}
}

// own is a series of another exporter with the labels of this one.
func (e *exporter) own(series labels.Labels) labels.Labels {
	key := series.String()
	own, known := e.series[key]
	if !known {
		builder := labels.NewBuilder(series)
		for i := 0; i < len(e.target); i += 2 {
			builder.Set(e.target[i], e.target[i+1])
		}
		own = builder.Labels()
		e.series[key] = own
	}
	return own
}
