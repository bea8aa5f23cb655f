// Package runzero reads the runZero API: credentials, requests, errors, usage
// headers, and exports as streams of typed records. It only ever reads, but where a Config
// permits to start a scan.
//
// What it believes of the API comes from runZero's documentation and published
// OpenAPI specification, and where those are silent or contradicted by consoles in
// the field, from the field: decoding is lenient about how a value is written and
// strict about whether the answer is whole.
package runzero
