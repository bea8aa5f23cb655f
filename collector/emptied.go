package collector

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// EmptiedError means that lists which had rows at the last successful poll have none now. A console that fails can
// respond like that, so it fails the poll unless the poll before failed because of the same.
type EmptiedError struct{ Lists []string } // their endpoints

func (e *EmptiedError) Error() string {
	return strings.Join(e.Lists, ", ") + ": the list was not empty at the last poll and now is: it counts as empty when the next poll finds the same"
}

// guarded is the collector with this check.
func guarded(collect Collector) Collector {
	if collect == nil {
		return nil
	}
	return func(ctx context.Context, poll Poll) (Snapshot, error) {
		listed := runzero.Listed{}
		var before runzero.Listed
		if poll.Previous != nil {
			before = poll.Previous.Listed
		}
		snapshot, err := collect(runzero.WithListed(ctx, before, listed), poll)
		if err == nil {
			err = emptied(before, listed, poll.LastError)
		}
		if err != nil {
			return Snapshot{}, err
		}
		snapshot.Listed = listed
		return snapshot, nil
	}
}

// emptied returns an EmptiedError of the lists that had rows before, unless the last error was one of them, too.
func emptied(before, listed runzero.Listed, last error) error {
	var confirmed []string
	if known := (*EmptiedError)(nil); errors.As(last, &known) {
		confirmed = known.Lists
	}
	var lists []string
	for _, list := range slices.Sorted(maps.Keys(listed)) {
		if listed[list] == 0 && before[list] > 0 && !slices.Contains(confirmed, list) {
			lists = append(lists, list)
		}
	}
	if lists == nil {
		return nil
	}
	return &EmptiedError{lists}
}
