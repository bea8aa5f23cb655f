package runzero

import (
	"context"
	"slices"
)

// Listed holds how many rows the lists of a poll had, by endpoint. Lists that failed or were not read to their end are
// left out.
type Listed map[string]int64

type (
	listedKey     struct{}
	readBeforeKey struct{}
	confirmedKey  struct{}
)

// WithListed returns a context in which every list that is read counts its rows into listed, which requests of this
// context must not read or change at the same time. The lists of before were there at the last poll: a 404 is then no
// reason to read another instead. A response without data is ErrNoData, unless that list was empty before or is in
// confirmed: then it is an empty list.
func WithListed(ctx context.Context, before, listed Listed, confirmed []string) context.Context {
	ctx = context.WithValue(context.WithValue(ctx, readBeforeKey{}, before), listedKey{}, listed)
	return context.WithValue(ctx, confirmedKey{}, confirmed)
}

// knownEmpty reports whether a list is known to have no rows.
func knownEmpty(ctx context.Context, endpoint string) bool {
	before, _ := ctx.Value(readBeforeKey{}).(Listed)
	rows, known := before[endpoint]
	confirmed, _ := ctx.Value(confirmedKey{}).([]string)
	return known && rows == 0 || slices.Contains(confirmed, endpoint)
}

func countListed(ctx context.Context, endpoint string, rows int64) {
	if listed, ok := ctx.Value(listedKey{}).(Listed); ok {
		listed[endpoint] += rows
	}
}

func readBefore(ctx context.Context, endpoint string) bool {
	before, _ := ctx.Value(readBeforeKey{}).(Listed)
	_, known := before[endpoint]
	return known
}
