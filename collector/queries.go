package collector

import (
	"context"
	"fmt"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Query is a search whose results are counted, from the configuration file.
type Query struct {
	Name   string // label value, unique
	Of     string // what is searched: one of runzero.CountOf
	Search string // in runZero's query language; empty: count all
}

// QuerySpec describes the collector of a query. Queries are not in Specs, because they are not enabled by flags.
func QuerySpec(q Query) Spec {
	return Spec{
		Name: "queries/" + q.Name, Help: "number of " + q.Of + " matching the query " + q.Name, Query: q,
		Needs: runzero.ExportToken, Collect: guarded(q.collect),
	}
}

// collect counts what the query finds.
func (q Query) collect(ctx context.Context, poll Poll) (Snapshot, error) {
	n, err := poll.API.Count(ctx, poll.Organization.ID, q.Of, q.Search)
	if err != nil {
		return Snapshot{}, fmt.Errorf("query %s: %w", q.Name, unsupportedExport(err, q.Of))
	}
	out := newSamples("queries")
	out.gauge("runzero_query_results", float64(n), poll.Organization.Name, Label(q.Name))
	return out.snapshot(nil)
}
