package runzero

import (
	"context"
	"iter"
	"time"
)

// Certificate is what services identify themselves by, as far as it is counted.
type Certificate struct {
	Type string // documented: x509, ssh
	// ValidFrom and ValidUntil are zero where the API gave none. An SSH key that is no
	// certificate has neither; that is inferred.
	ValidFrom  time.Time
	ValidUntil time.Time
	// Hidden tells that somebody took it out of the console's view of certificates. That
	// the export leaves such out by itself is seen, and not documented.
	Hidden Truth
}

// Certificates streams an organization's certificates in one call. The export is not
// documented to honour fields: a record has some kilobytes.
func (c *Client) Certificates(ctx context.Context, organizationID string) iter.Seq2[Certificate, error] {
	return inventory[Certificate](ctx, c, "certificates", organizationID, "")
}

func (c *Certificate) set(s *scanner, name []byte) {
	switch string(name) {
	case "type":
		c.Type = s.text()
	case "validity_start":
		c.ValidFrom = s.validity()
	case "validity_end":
		c.ValidUntil = s.validity()
	case "hidden":
		c.Hidden = s.boolean()
	}
}

// validityLast is the end of the year 9999, in seconds: what devices write into
// certificates that are never to expire, and the last instant that X.509 knows.
const validityLast = 253402300799

// validity reads an instant that may be so late that time takes it for milliseconds.
func (s *scanner) validity() time.Time {
	if n, ok := whole(s.bytes()); ok && 0 < n && n <= validityLast {
		return time.Unix(n, 0)
	}
	return s.time()
}
