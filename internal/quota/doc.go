// Package quota decides when a request to a runZero console may be sent.
//
// A Quota is the daily API quota of one account: it counts the calls that this exporter makes, learns from the usage
// headers of every response what the account has left and when the day's count starts again, and admits requests only
// within the configured Share. A Gate is the burst limit of one console, which all accounts on that console share.
//
// The package knows calls and response headers. It knows no jobs, collectors or
// intervals: how often something is polled is decided from its State by the caller. It
// does no I/O, and it reads the time only from the clock given to the Gate.
package quota
