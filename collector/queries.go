package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Query is a search whose results are counted, as the configuration file gives it.
type Query struct {
	Name   string // its label, and no other query's
	Of     string // what is searched: one of runzero.CountOf
	Search string // in runZero's query language; empty counts all
}

// QuerySpec describes the collector of a query to those who schedule it. Queries are
// not among Specs: no flag makes or switches them.
func QuerySpec(q Query, interval time.Duration) Spec {
	return Spec{
		Name:     "queries/" + q.Name,
		Help:     "number of " + q.Of + " matching the query " + q.Name,
		Needs:    runzero.ExportToken,
		Interval: interval,
		Query:    q,
		New:      func(Settings) Collector { return NewQuery(q) },
	}
}

// NewQuery makes the collector of a query.
func NewQuery(q Query) Collector { return query{q} }

type query struct{ Query }

// Collect exports how much of the organization matches the query.
func (q query) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	n, err := poll.API.Count(ctx, poll.Organization.ID, q.Of, q.Search)
	if err != nil {
		return Snapshot{}, fmt.Errorf("query %s: %w", q.Name, unsupportedExport(err, q.Of))
	}
	out := samples{descs: Descs("queries")}
	out.gauge("runzero_query_results", float64(n), poll.Organization.Name, Label(q.Name))
	families, err := out.families()
	return Snapshot{Families: families}, err
}
