package collector

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// countEach calls count for each record of an export. An error becomes that of the samples.
func countEach[T any](out *samples, rows iter.Seq2[T, error], what string, count func(row T) error) {
	for row, err := range rows {
		if err == nil {
			err = count(row)
		}
		if err != nil {
			out.err = unsupportedExport(err, what)
			return
		}
	}
}

// collectFindings counts the organization's findings and their instances.
func collectFindings(ctx context.Context, poll Poll) (Snapshot, error) {
	out := newSamples("findings")
	category, risk := newDimension("category", true), newDimension("risk", false)
	// Both share the dimensions, so that both keep the same categories.
	kinds, instances := newTally(category, risk), newTally(category, risk)
	countEach(out, poll.API.Findings(ctx, poll.Organization.ID), "findings", func(row runzero.Finding) error {
		values := []string{row.Category, risks().clean(row.Risk)}
		if n, known := row.Instances.Get(); known {
			if err := instances.addMany(values, n); err != nil {
				return err
			}
		}
		return kinds.add(values)
	})
	out.tally("runzero_findings", poll, kinds, nil)
	out.tally("runzero_finding_instances", poll, instances, nil)
	out.folded(poll, "findings", category)
	return out.snapshot(nil)
}

// collectWireless counts the wireless networks near the organization's sites by how they are protected. Their names are
// not labels: anybody nearby can choose them, and many contain people's names.
func collectWireless(ctx context.Context, poll Poll) (Snapshot, error) {
	out := newSamples("wireless")
	networks := newTally(newDimension(siteLabel, false), newDimension("authentication", true), newDimension("encryption", true))
	seen := newSeenSites(poll.Sites)
	countEach(out, poll.API.Wireless(ctx, poll.Organization.ID), "wireless networks", func(row runzero.Wireless) error {
		id, err := seen.note(row.SiteID, row.SiteName)
		if err != nil {
			return err
		}
		return networks.add([]string{id, row.Authentication, row.Encryption})
	})
	names := nameSites(poll.Sites, seen.names)
	out.tally("runzero_wireless_networks", poll, networks, names)
	out.folded(poll, "wireless", networks.dimensions...)
	return out.snapshot(names)
}

// collectDirectory counts the users and groups of the organization's directories by directory, and by nothing that
// identifies a person.
func collectDirectory(ctx context.Context, poll Poll) (Snapshot, error) {
	out := newSamples("directory")
	source := newDimension("source_id", true)
	// Both share the dimension, so that both keep the same directories.
	users, groups := newTally(source), newTally(source)
	into := func(t *tally) func(runzero.DirectoryEntry) error {
		return func(entry runzero.DirectoryEntry) error { return t.add([]string{entry.SourceID}) }
	}
	countEach(out, poll.API.DirectoryUsers(ctx, poll.Organization.ID), "directory users", into(users))
	if out.err == nil {
		countEach(out, poll.API.DirectoryGroups(ctx, poll.Organization.ID), "directory groups", into(groups))
	}
	out.tally("runzero_directory_users", poll, users, nil)
	out.tally("runzero_directory_groups", poll, groups, nil)
	out.folded(poll, "directory", source)
	return out.snapshot(nil)
}

// collectServices counts the services of the organization's assets.
func collectServices(ctx context.Context, poll Poll) (Snapshot, error) {
	out := newSamples("services")
	protocols := newTally(newDimension("protocol", true))
	ports := newTally(newDimension("transport", true), newDimension("port", true))
	var values []string // reused for each record
	countEach(out, poll.API.Services(ctx, poll.Organization.ID), "services", func(row runzero.Service) error {
		values = values[:0]
		for protocol := range strings.FieldsSeq(cmp.Or(strings.TrimSpace(row.Protocol), unknown)) {
			values = append(values, protocol)
		}
		return cmp.Or(protocols.addEach(values), ports.add([]string{row.Transport, row.Port}))
	})
	out.tally("runzero_services_by_protocol", poll, protocols, nil)
	out.tally("runzero_services_by_port", poll, ports, nil)
	out.folded(poll, "services", append(ports.dimensions, protocols.dimensions...)...)
	return out.snapshot(nil)
}

// collectSoftware counts the software installed on the organization's assets.
func collectSoftware(ctx context.Context, poll Poll) (Snapshot, error) {
	out := newSamples("software")
	products := newTally(newDimension("software_vendor", true), newDimension("software_product", true))
	countEach(out, poll.API.Software(ctx, poll.Organization.ID), "software", func(row runzero.Software) error {
		return products.add([]string{row.Vendor, row.Product})
	})
	out.tally("runzero_software_by_product", poll, products, nil)
	out.folded(poll, "software", products.dimensions...)
	return out.snapshot(nil)
}
