package poller

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-kit/log/level"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// relabel adds the labels that are configured now to what is exported.
func (a *account) relabel() {
	for _, j := range a.jobs {
		if j.snapshot != nil {
			j.setSnapshot(j.snapshot)
		}
	}
}

// logUnmatchedLabels logs which labels belong to no organization that is polled, once for each change.
func (p *Poller) logUnmatchedLabels(a *account) {
	unmatched := a.Labels.Unmatched(a.names)
	if len(a.polled) == 0 || slices.Equal(unmatched, a.unmatched) {
		return
	}
	a.unmatched = unmatched
	if len(unmatched) == 0 {
		return
	}
	const most = 10
	var names []string
	for _, name := range unmatched[:min(most, len(unmatched))] {
		names = append(names, fmt.Sprintf("%q", collector.Label(name)))
	}
	level.Warn(a.logger(p.config.Logger)).Log("msg", "labels are configured for organizations that are not polled",
		"organizations", strings.Join(names, ", "), "number", len(unmatched), "do", "write the name or the id as /sd/organizations has it, or remove the labels")
}
