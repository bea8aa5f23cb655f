package collector

import (
	"cmp"
	"context"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// maxAPIKeys is how many keys are exported: those with the most calls today.
const maxAPIKeys = 500

// collectAPIKeys exports the calls of the account's API keys.
func collectAPIKeys(ctx context.Context, poll Poll) (Snapshot, error) {
	names := map[string]string{} // of all keys, so that a label does not depend on which of them are exported
	var keys []runzero.APIKey
	read := 0
	for row, err := range poll.API.APIKeys(ctx) {
		if err != nil {
			return Snapshot{}, unsupported(err, poll.API.Kind(), "the account's API keys", needsAccount)
		}
		if read++; read > maxAccountRows {
			return Snapshot{}, errTooMany("API keys", maxAccountRows)
		}
		if _, duplicate := names[row.ID]; duplicate {
			continue
		}
		names[row.ID] = keyName(row.Comment)
		if calls, _ := row.UsageToday.Get(); row.Inactive != runzero.True || calls > 0 {
			// Texts can be long: keep only label values.
			row.Comment, row.Type = "", documented(row.Type, "org", "client", "export")
			keys = append(keys, row)
		}
	}
	names = Distinguish(names)
	slices.SortFunc(keys, func(a, b runzero.APIKey) int {
		more, _ := b.UsageToday.Get()
		calls, _ := a.UsageToday.Get()
		return cmp.Or(cmp.Compare(more, calls), cmp.Compare(names[a.ID], names[b.ID]))
	})
	exported := keys[:min(maxAPIKeys, len(keys))]
	out := newSamples("api_keys")
	for _, key := range exported {
		org := "" // the key is the account's
		if key.OrganizationID != "" {
			org = cmp.Or(poll.Organizations[key.OrganizationID], other)
		}
		out.count("runzero_api_key_calls_today", key.UsageToday, names[key.ID], key.Type, org)
		out.timestamp("runzero_api_key_last_used_timestamp_seconds", key.LastUsed, names[key.ID], key.Type, org)
	}
	out.gauge("runzero_collector_folded_values", float64(len(keys)-len(exported)), "", "api_keys", "key")
	return out.snapshot(nil)
}

// keyName returns the comment as a label, unless it identifies a person or a machine or seems to be a secret.
func keyName(comment string) string {
	label := Label(comment)
	if hasAddress(comment) || runzero.Redact(label) != label {
		return unknown
	}
	return label
}
