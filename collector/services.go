package collector

import (
	"context"
	"strings"
)

type services struct{ top int }

func newServices(s Settings) Collector { return services{s.AssetTop} }

// Collect counts the services of the organization's assets as they stream by.
func (s services) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	protocol, transport, port := newSeveral(), newDimension(true), newDimension(true)
	ports := newTally(transport, port)
	for row, err := range poll.API.Services(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedExport(err, "services")
		}
		if err := ports.add([]string{row.Transport, row.Port}); err != nil {
			return Snapshot{}, err
		}
		protocol.next()
		if strings.TrimSpace(row.Protocol) == "" {
			protocol.has(unknown)
		}
		for spoken := range strings.FieldsSeq(row.Protocol) {
			protocol.has(spoken)
		}
	}
	org := poll.Organization.Name
	out := &samples{descs: Descs("services")}
	for spoken, n := range protocol.folded(s.top) {
		out.gauge("runzero_services_by_protocol", float64(n), org, spoken)
	}
	out.tally("runzero_services_by_port", org, ports, s.top)
	out.folded(org, "services", "protocol", protocol.foldedValues(s.top))
	out.folded(org, "services", "transport", transport.foldedValues(s.top))
	out.folded(org, "services", "port", port.foldedValues(s.top))
	families, err := out.families()
	return Snapshot{Families: families}, err
}
