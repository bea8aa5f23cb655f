// Package runzero is a client of the runZero API: credentials, requests, errors, usage headers, and exports as
// streams of typed records. It reads only; the one exception is StartScan, which the transport refuses unless
// Config.Write is set.
//
// It knows the API from runZero's documentation and OpenAPI specification, and from consoles in the field where those
// are silent or wrong: decoding is lenient about how a value is written and strict about whether a response is
// complete. No error shows a secret. The package must not know about quotas, schedules, metrics or configuration
// files: those use it.
package runzero
