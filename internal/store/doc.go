// Package store keeps answers and each account's ledger on disk, so that a restart
// costs no API call.
//
// A kept answer, called a snapshot, is a file in Prometheus text exposition. What else
// there is to know stands in comments before it, and a checksum after it:
//
//	# runzero_exporter snapshot 1
//	# account "default"
//	# organization "…"
//	# collector "sites"
//	# shape …
//	# success 2026-01-02T03:04:05.678Z
//	# sites 1
//	# site "…" "Headquarters"
//	# HELP runzero_sites Sites.
//	# TYPE runzero_sites gauge
//	runzero_sites{org_name="Acme"} 1
//	# sha256 …
//
// A ledger is a file of the same kind with its owner's bytes in place of the samples.
// A file is replaced whole or not at all, and one that is not whole, or not ours, is
// never believed.
package store
