package runzero

import (
	"context"
	"iter"
	"strings"
)

// Finding is one kind of thing that is wrong in an organization, as far as it is
// counted. There is a row for each kind and not for each asset that has it. Texts may
// be empty.
type Finding struct {
	Category string // an open set of which none is documented
	// Risk is in lower case. It is documented to be a text, beside a rank from 0 = info to
	// 4 = critical; info, low, medium, high and critical are inferred from that.
	Risk      string
	Instances Count // how often it was found
}

// Findings streams an organization's findings in one call. The export is not documented
// to honour fields, and older consoles do not have it.
func (c *Client) Findings(ctx context.Context, organizationID string) iter.Seq2[Finding, error] {
	return inventory[Finding](ctx, c, "findings", organizationID, "")
}

func (f *Finding) set(s *scanner, name []byte) {
	switch string(name) {
	case "category":
		f.Category = s.text()
	case "risk_rank":
		f.Risk = strings.ToLower(s.text())
	case "instance_count":
		f.Instances = s.count()
	}
}
