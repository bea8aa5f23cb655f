package runzero

import "context"

// Listed holds how many rows the lists of a poll had, by endpoint. Lists that failed or were not read to their end are
// left out.
type Listed map[string]int64

type (
	listedKey     struct{}
	readBeforeKey struct{}
)

// WithListed returns a context in which every list that is read counts its rows into listed, which requests of this
// context must not read or change at the same time. The lists of before were there at the last poll: a 404 is then no
// reason to read another instead.
func WithListed(ctx context.Context, before, listed Listed) context.Context {
	return context.WithValue(context.WithValue(ctx, readBeforeKey{}, before), listedKey{}, listed)
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
