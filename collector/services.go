package collector

import (
	"context"
	"strings"
)

type services struct{ top int }

// Collect counts the services of the organization's assets.
func (s services) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	protocols := newMultiCounter("protocol")
	ports := newTally(newDimension("transport", true), newDimension("port", true))
	for row, err := range poll.API.Services(ctx, poll.Organization.ID) {
		if err == nil {
			err = ports.add([]string{row.Transport, row.Port})
		}
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "services")
		}
		protocols.next()
		if strings.TrimSpace(row.Protocol) == "" {
			protocols.add(unknown)
		}
		for protocol := range strings.FieldsSeq(row.Protocol) {
			protocols.add(protocol)
		}
	}
	org := poll.Organization.Name
	out := newSamples("services")
	for protocol, n := range protocols.folded(s.top) {
		out.gauge("runzero_services_by_protocol", float64(n), org, protocol)
	}
	out.tally("runzero_services_by_port", org, ports, s.top, nil)
	out.folded(org, "services", s.top, protocols.dimension)
	out.folded(org, "services", s.top, ports.dimensions...)
	return out.snapshot(nil)
}
