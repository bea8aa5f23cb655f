package collector

import (
	"context"
	"iter"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

type directory struct{ top int }

func newDirectory(s Settings) Collector { return directory{s.AssetTop} }

// directoryCalls is what a poll takes: users and groups are two exports.
const directoryCalls = 2

// Collect counts the users and groups of the organization's directories by which
// directory that is, and by nothing that tells who they are.
func (d directory) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	source := newDimension(true)
	// Of the same dimension, so that the same directories are kept in both.
	users, groups := newTally(source), newTally(source)
	for _, export := range []struct {
		what    string
		entries iter.Seq2[runzero.DirectoryEntry, error]
		count   *tally
	}{
		{"directory users", poll.API.DirectoryUsers(ctx, poll.Organization.ID), users},
		{"directory groups", poll.API.DirectoryGroups(ctx, poll.Organization.ID), groups},
	} {
		for entry, err := range export.entries {
			if err != nil {
				return Snapshot{}, unsupportedExport(err, export.what)
			}
			if err := export.count.add([]string{entry.SourceID}); err != nil {
				return Snapshot{}, err
			}
		}
	}
	org := poll.Organization.Name
	out := &samples{descs: Descs("directory")}
	out.tally("runzero_directory_users", org, users, d.top)
	out.tally("runzero_directory_groups", org, groups, d.top)
	out.folded(org, "directory", "source_id", source.foldedValues(d.top))
	families, err := out.families()
	return Snapshot{Families: families}, err
}
