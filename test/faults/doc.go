// Package faults holds one fault of each class against the whole exporter and its commands: of the network, of TLS,
// of HTTP and of response bodies. The exporter must keep the last good result, report the failure and recover by
// itself; a command must fail with one sentence.
//
// What can be wrong with a response body in detail is tested in package runzero, on the
// stream that all collectors share.
package faults
