package collector

import (
	"context"
	"iter"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type directory struct{ top int }

// Collect counts the users and groups of the organization's directories by directory, and
// by nothing that identifies a person.
func (d directory) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	source := newDimension("source_id", true)
	// Both share the dimension, so that both keep the same directories.
	users, groups := newTally(source), newTally(source)
	for _, export := range []struct {
		what    string
		entries iter.Seq2[runzero.DirectoryEntry, error]
		counts  *tally
	}{
		{"directory users", poll.API.DirectoryUsers(ctx, poll.Organization.ID), users},
		{"directory groups", poll.API.DirectoryGroups(ctx, poll.Organization.ID), groups},
	} {
		for entry, err := range export.entries {
			if err == nil {
				err = export.counts.add([]string{entry.SourceID})
			}
			if err != nil {
				return Snapshot{}, unsupportedExport(err, export.what)
			}
		}
	}
	org := poll.Organization.Name
	out := newSamples("directory")
	out.tally("runzero_directory_users", org, users, d.top, nil)
	out.tally("runzero_directory_groups", org, groups, d.top, nil)
	out.folded(org, "directory", d.top, source)
	return out.snapshot(nil)
}
