package runzero

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Count is an integer that may be unknown. The zero Count is unknown, not 0.
type Count struct {
	n     int64
	known bool
}

// Known returns a Count of n.
func Known(n int64) Count { return Count{n: n, known: true} }

// Get returns the number and whether it is known.
func (c Count) Get() (n int64, known bool) { return c.n, c.known }

// MarshalJSON encodes the number, or null if it is unknown.
func (c Count) MarshalJSON() ([]byte, error) {
	if !c.known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, c.n, 10), nil
}

// UnmarshalJSON decodes what MarshalJSON encoded.
func (c *Count) UnmarshalJSON(data []byte) error {
	*c = Count{known: string(data) != "null"}
	return json.Unmarshal(data, &c.n)
}

// Usage holds the X-API-Usage headers of a response. Each is optional: public endpoints and some self-hosted consoles
// send none.
type Usage struct {
	Total Count // calls ever made with the credential
	// Today is the number of calls made today. Whether by the credential or the account is not documented, so it is
	// never used to compute what remains.
	Today     Count
	Limit     Count // calls a day, shared by all credentials of the account
	Remaining Count // calls left today
}

// parseUsage reads each header on its own: one that is missing or invalid does not affect the others.
func parseUsage(h http.Header) Usage {
	return Usage{
		Total:     usageHeader(h, "X-API-Usage-Total"),
		Today:     usageHeader(h, "X-API-Usage-Today"),
		Limit:     usageHeader(h, "X-API-Usage-Limit"),
		Remaining: usageHeader(h, "X-API-Usage-Remaining"),
	}
}

// mostUsage is more than any licence has; a larger number is a broken counter.
const mostUsage = 1e12

func usageHeader(h http.Header, name string) Count {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Get(name)), 10, 64)
	if err != nil || n < 0 || n > mostUsage {
		return Count{}
	}
	return Known(n)
}
