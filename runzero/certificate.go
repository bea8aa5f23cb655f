package runzero

import (
	"context"
	"iter"
	"time"
)

// Certificate is a certificate or key of a service, with the attributes that are counted.
type Certificate struct {
	Type string // documented: x509, ssh
	// ValidFrom and ValidUntil are zero when the API sent none. An SSH key that is not a
	// certificate has neither; that is inferred.
	ValidFrom  time.Time
	ValidUntil time.Time
	// Hidden means that somebody removed it from the console's list of certificates. The
	// export was seen to leave these out, which is not documented.
	Hidden Truth
}

// Certificates streams an organization's certificates in one call. The export is not
// documented to support fields, and a record has some kilobytes.
func (c *Client) Certificates(ctx context.Context, organizationID string) iter.Seq2[Certificate, error] {
	return inventory[Certificate](ctx, c, "certificates", organizationID, "")
}

func (c *Certificate) fields() fields {
	return fields{
		"type":           text(&c.Type),
		"validity_start": validity(&c.ValidFrom),
		"validity_end":   validity(&c.ValidUntil),
		"hidden":         truth(&c.Hidden),
	}
}

// validityLast is the end of the year 9999 in seconds: the last time that X.509 can express,
// which devices write into certificates that never expire.
const validityLast = 253402300799

// validity reads an instant that may be so late that lexer.time would read it as milliseconds.
func validity(to *time.Time) func(*lexer) {
	return func(lex *lexer) {
		if n, ok := integer(lex.bytes()); ok && 0 < n && n <= validityLast {
			*to = time.Unix(n, 0)
		} else {
			*to = lex.time()
		}
	}
}
