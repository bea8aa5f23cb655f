package simulator

import "iter"

// fleet computes the assets of an organization at one moment.
type fleet struct {
	v      *view
	org    *org
	sites  []siteView
	synced int64 // when the connector last ran
}

// siteView is a site at one moment. runZero reports assets as its last scan found them, so
// the assets of a site are computed for the time of that scan, not for now.
type siteView struct {
	*site
	began, observed int64 // the last good scan
	task            key
	known           bool // whether there was one
}

// assets lists the assets of an organization; their positions are their slots. Each asset overwrites the one before.
func (v *view) assets(o *org, from int) iter.Seq2[int, *asset] {
	return func(yield func(int, *asset) bool) {
		f := v.fleet(o)
		var a asset
		for slot := from; slot < o.slots+o.extra; slot++ {
			if f.at(slot, &a) && !yield(slot, &a) {
				return
			}
		}
	}
}

func (v *view) fleet(o *org) *fleet {
	f := &fleet{v: v, org: o, sites: make([]siteView, len(o.sites)), synced: o.syncs.lastGoodEnd(v.now)}
	for i, s := range o.sites {
		f.sites[i] = v.observe(s)
	}
	return f
}

// observe finds the last good scan of a site, scheduled or started by a caller.
func (v *view) observe(s *site) siteView {
	sv := siteView{site: s}
	if !s.exists.holds(v.now) {
		return sv
	}
	if r, ok := s.schedule.lastGood(v.now); ok {
		sv.began, sv.observed, sv.task, sv.known = r.scanStart, r.scanEnd, r.key, true
	}
	for _, m := range v.started {
		if m.site == s && m.run.end <= v.now && m.run.scanEnd > sv.observed {
			sv.began, sv.observed, sv.task, sv.known = m.run.scanStart, m.run.scanEnd, m.run.key, true
		}
	}
	return sv
}

// at computes the asset in a slot and returns false when the slot is empty. A slot holds
// one device after the other: each appears, lives, goes silent and is removed as stale.
func (f *fleet) at(slot int, a *asset) bool {
	sk := f.org.key.sub(drawAsset).sub(uint64(slot))
	cl := f.v.c.classOf[sk.sub(drawClass)>>56]
	added := f.org.additionOf(slot)
	home := f.org.siteOf(sk.sub(drawSite))
	if added != nil {
		home = added.site
	}
	site := &f.sites[home.index]
	if !site.known || site.missing(sk, site.observed) {
		return false
	}
	observed := site.observed
	sparse := site.role != rolePassive && sk.sub(drawIntegration).below(100) < 6
	if added != nil && added.fresh {
		sparse = added.imported
	}
	if sparse {
		observed = f.synced
	}
	if added != nil && !added.holds(observed) {
		return false
	}
	life := day * sk.sub(drawLife).between(cl.lifeDays[0], cl.lifeDays[1])
	cycle := life + staleDays*day
	if slot >= 100 {
		// Small fleets have exactly the size of the options, larger ones vary.
		cycle += sk.sub(drawGap).below(20 * day)
	}
	phase := sk.sub(drawPhase).below(cycle)
	generation := floorDiv(observed-phase, cycle)
	born := generation*cycle + phase
	if added != nil && added.fresh {
		generation, born = 0, added.from
	}
	age := observed - born
	if age >= life+staleDays*day {
		return false
	}
	k := sk.sub(drawBirth).sub(uint64(generation))
	*a = asset{f: f, slot: slot, key: k, class: cl, site: site, born: born, updated: observed, sparse: sparse}
	a.sys = pick(cl.oses, k.sub(drawOS), func(s *system) int64 { return s.weight })
	if ended, unsupported := a.unsupportedSince(); unsupported {
		sys := *a.sys
		sys.eol, sys.eolExt = ended, ended
		a.sys = &sys
	}
	if a.sys.model {
		// The product of two draws makes a few models common and many rare.
		a.model = 1 + k.sub(drawModel).below(1+k.sub(drawModel).sub(1).below(f.org.models))
	}
	switch {
	case sparse:
		a.alive = age < life && k.sub(drawDock).below(10) < 7
		a.seen = max(born, min(observed, born+life)-k.sub(drawJitter).below(day))
		if a.alive {
			a.seen = max(born, observed)
		}
	case age < life && cl.online(k, observed):
		a.alive = site.role != rolePassive
		a.seen = max(born, observed-k.sub(drawJitter).below(observed-site.began+1))
	default:
		a.seen = max(born, cl.lastOnline(k, min(observed, born+life)))
	}
	return true
}
