package runzero

import (
	"net/http"
	"strconv"
	"strings"
)

// Count is a number that may be unknown. The zero Count is unknown, not 0.
type Count struct {
	n     int64
	known bool
}

// Known makes a Count of n.
func Known(n int64) Count { return Count{n: n, known: true} }

// Get returns the number and whether it is known.
func (c Count) Get() (n int64, known bool) { return c.n, c.known }

// Usage is what the X-API-Usage headers of an answer say. Each is optional: public
// endpoints and some self-hosted consoles send none.
type Usage struct {
	// Total is the calls ever made with the credential.
	Total Count
	// Today is the calls made today; whether by the credential or by the account is
	// not documented, so it is never used to work out what remains.
	Today Count
	// Limit is the calls a day, shared by all credentials of the account.
	Limit Count
	// Remaining is the calls left today.
	Remaining Count
}

// parseUsage reads each header by itself: one that is missing or absurd says
// nothing about the others.
func parseUsage(h http.Header) Usage {
	return Usage{
		Total:     usageHeader(h, "X-API-Usage-Total"),
		Today:     usageHeader(h, "X-API-Usage-Today"),
		Limit:     usageHeader(h, "X-API-Usage-Limit"),
		Remaining: usageHeader(h, "X-API-Usage-Remaining"),
	}
}

// No licence comes near this; what is above is a broken counter, not a quota.
const absurdUsage = 1e12

func usageHeader(h http.Header, name string) Count {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
	if err != nil || n < 0 || n > absurdUsage {
		return Count{}
	}
	return Known(n)
}
