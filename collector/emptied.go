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
		confirmed := emptyLists(poll.LastError)
		snapshot, err := collect(runzero.WithListed(ctx, before, listed, confirmed), poll)
		if err == nil {
			err = emptied(before, listed, confirmed)
		}
		if err != nil {
			return Snapshot{}, err
		}
		snapshot.Listed = listed
		return snapshot, nil
	}
}

// emptyLists are those because of which the poll before failed: they had no rows, or their response had no data.
func emptyLists(last error) []string {
	if known, ok := errors.AsType[*EmptiedError](last); ok {
		return known.Lists
	}
	if body, ok := errors.AsType[*runzero.BodyError](last); ok && errors.Is(last, runzero.ErrNoData) {
		return []string{body.Endpoint}
	}
	return nil
}

// emptied returns an EmptiedError of the lists that had rows before and are not confirmed.
func emptied(before, listed runzero.Listed, confirmed []string) error {
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
