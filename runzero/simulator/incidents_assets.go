package simulator

// shareOf is a share of the assets of a place for a time.
type shareOf struct {
	span
	permille int64
}

// has is whether the share includes an asset at t. Different kinds of shares include different assets.
func (s shareOf) has(asset key, kind uint64, t int64) bool {
	return s.holds(t) && asset.sub(drawIncident).sub(kind).below(1000) < s.permille
}

// Kinds of shares.
const (
	ofRisen uint64 = iota + 1
	ofUnsupported
)

// drop removes assets of a site, little by little for a time of length over.
type drop struct {
	shareOf

	over int64 // 0: at once
}

// missing is whether a drop removes the asset of a slot.
func (s *site) missing(slot key, obs int64) bool {
	for _, d := range s.drops {
		permille := d.permille
		if d.over > 0 {
			permille = d.permille * max(0, min(obs-d.from, d.over)) / d.over
		}
		if d.holds(obs) && slot.sub(drawIncident).below(1000) < permille {
			return true
		}
	}
	return false
}

// addition adds assets to a site for a time, in slots after those of the organization.
type addition struct {
	span
	site     *site
	more     int
	fresh    bool // the assets appear when the time begins
	imported bool // an integration finds them, and no scan
}

// addAssets adds share of the organization's assets.
func (o *org) addAssets(a addition, share float64) {
	a.more = int(share * float64(o.slots))
	o.additions = append(o.additions, a)
	o.extra += a.more
}

// additionOf is the addition that a slot belongs to; nil for ordinary slots.
func (o *org) additionOf(slot int) *addition {
	slot -= o.slots
	for i := range o.additions {
		if slot >= 0 && slot < o.additions[i].more {
			return &o.additions[i]
		}
		slot -= o.additions[i].more
	}
	return nil
}

// unsupportedSince is when an incident ended the support of the asset's operating system; false if none has.
func (a *asset) unsupportedSince() (int64, bool) {
	for _, s := range a.f.org.unsupported {
		if s.has(a.key, ofUnsupported, a.f.v.now) {
			return s.from, !a.sparse
		}
	}
	return 0, false
}

// risen is whether an incident has put the asset at critical risk.
func (a *asset) risen() bool {
	for _, s := range a.f.org.risen {
		if s.has(a.key, ofRisen, a.f.v.now) {
			return true
		}
	}
	return false
}
