// Package store keeps snapshots of polls and the state of each account, so that a restart costs no API call: in a [Folder],
// or for several replicas in a Redis or Valkey, as [Shared]. It knows nothing of polling: what a snapshot or a state means, and when it is saved, is up to the caller.
//
// A snapshot is a file in Prometheus text exposition. Metadata precedes it in a comment, and a checksum follows:
//
//	# runzero_exporter snapshot 1
//	# {"Account":"default","Organization":"…","Collector":"sites",…,"Sites":{"…":"Headquarters"}}
//	# HELP runzero_sites Sites.
//	# TYPE runzero_sites gauge
//	runzero_sites{org_name="Acme"} 1
//	# sha256 …
//
// Each account has a folder, whose name depends on the account's name and fingerprint. The states of its polls, and its own,
// are in a log there: lines of JSON, each with a checksum. The last of a name counts. To save one adds a line to the file,
// whatever their number; it is rewritten when it has grown.
//
// The folder of all accounts is locked by the store that writes to it. Any other file is replaced as a whole or not at
// all. Only the goroutine of [Store.Run] changes the folder, so nobody else ever waits for a slow disk.
//
// In Redis, snapshots and states are entries with the content of files. Beside them are the lease of the replica that leads, and
// the versions of all entries, which only increase. Each write carries the lease; the server refuses it when the lease has
// passed to another replica, or a later write of the same entry has come first.
package store
