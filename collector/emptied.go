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
		snapshot, err := collect(runzero.WithListed(ctx, listed), poll)
		if err == nil {
			err = poll.emptied(listed)
		}
		if err != nil {
			return Snapshot{}, err
		}
		snapshot.Listed = listed
		return snapshot, nil
	}
}

func (p Poll) emptied(listed runzero.Listed) error {
	if p.Previous == nil {
		return nil
	}
	var seen []string
	if before := (*EmptiedError)(nil); errors.As(p.LastError, &before) {
		seen = before.Lists
	}
	var lists []string
	for _, list := range slices.Sorted(maps.Keys(listed)) {
		if listed[list] == 0 && p.Previous.Listed[list] > 0 && !slices.Contains(seen, list) {
			lists = append(lists, list)
		}
	}
	if lists == nil {
		return nil
	}
	return &EmptiedError{lists}
}
