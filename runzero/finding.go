package runzero

import (
	"context"
	"iter"
)

// Finding is one kind of problem in an organization, with the attributes that are counted.
// There is one row for each kind, not for each affected asset. Texts may be empty.
type Finding struct {
	Category string // an open set; no value is documented
	// Risk is in lower case. It is documented as a text, beside a rank from 0 = info to
	// 4 = critical; info, low, medium, high and critical are inferred from that.
	Risk      string
	Instances Count // number of times it was found
}

// Findings streams an organization's findings in one call. The export is not documented to
// support fields, and older consoles do not have it.
func (c *Client) Findings(ctx context.Context, organizationID string) iter.Seq2[Finding, error] {
	return inventory[Finding](ctx, c, "findings", organizationID, "")
}

func (f *Finding) fields() fields {
	return fields{
		"category":       text(&f.Category),
		"risk_rank":      lowerCase(&f.Risk),
		"instance_count": count(&f.Instances),
	}
}
