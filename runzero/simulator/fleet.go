package simulator

import "iter"

// fleet computes an organization's assets as of one moment.
type fleet struct {
	v       *view
	org     *org
	sites   []siteView
	synced  int64 // when the connector last brought news
	strings bool
}

// siteView is a site as of one moment: when it was last observed and by what.
// What runZero says of an asset is what its last look found, so everything
// about a site's assets is computed for that moment, not for now.
type siteView struct {
	*site
	from, obs int64
	task      key
	known     bool
}

// assets walks an organization's assets, which are at the positions of their
// slots. Each is the one before it, overwritten.
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
	f := &fleet{v: v, org: o, strings: v.c.opts.StringCounts, sites: make([]siteView, len(o.sites))}
	for i, s := range o.sites {
		f.sites[i] = v.observe(s)
	}
	f.synced = v.now
	if r, ok := o.syncs.lastGood(v.now); ok {
		f.synced = r.scanEnd
	}
	return f
}

// observe finds the last good scan of a site, started by a schedule or by hand.
func (v *view) observe(s *site) siteView {
	sv := siteView{site: s}
	if r, ok := s.schedule.lastGood(v.now); ok {
		sv.from, sv.obs, sv.task, sv.known = r.scanStart, r.scanEnd, r.key, true
	}
	for _, m := range v.started {
		if m.site == s && m.run.end <= v.now && m.run.scanEnd > sv.obs {
			sv.from, sv.obs, sv.task, sv.known = m.run.scanStart, m.run.scanEnd, m.run.key, true
		}
	}
	return sv
}

// at computes the asset in a slot. A slot holds one device after the other:
// each appears, lives, goes silent, and is dropped as stale, when the next one
// may already be there. It reports false where there is none.
func (f *fleet) at(slot int, a *asset) bool {
	sk := f.org.key.sub(drawAsset).sub(uint64(slot))
	cl := &classes[f.v.c.classOf[sk.sub(drawClass)>>56]]
	more := f.org.jumpOf(slot)
	home := f.org.siteOf(sk.sub(drawSite))
	if more != nil {
		home = more.site
	}
	site := &f.sites[home.index]
	if !site.known || site.missing(sk, site.obs) || more != nil && !more.holds(site.obs) {
		return false
	}
	obs := site.obs
	sparse := site.role != rolePassive && sk.sub(drawIntegration).below(100) < 6
	if sparse {
		obs = f.synced
	}
	life := day * sk.sub(drawLife).between(cl.lifeDays[0], cl.lifeDays[1])
	cycle := life + staleDays*day
	if slot >= 100 {
		// Small fleets are as large as asked for; large ones breathe.
		cycle += sk.sub(drawGap).below(20 * day)
	}
	gen := floorDiv(obs-sk.sub(drawPhase).below(cycle), cycle)
	born := gen*cycle + sk.sub(drawPhase).below(cycle)
	if more != nil {
		gen, born, sparse, obs = 0, more.from, false, site.obs
	}
	age := obs - born
	if age >= life+staleDays*day {
		return false
	}
	k := sk.sub(drawBirth).sub(uint64(gen))
	*a = asset{f: f, slot: slot, key: k, class: cl, site: site, born: born, sparse: sparse}
	a.sys = pickSystem(cl.oses, k.sub(drawOS))
	if a.sys.model {
		// The product of two draws leaves a few common models and a long tail.
		a.model = 1 + k.sub(drawModel).below(1+k.sub(drawModel).sub(1).below(f.org.models))
	}
	switch {
	case sparse:
		a.alive = age < life && k.sub(drawDock).below(10) < 7
		a.seen = max(born, min(obs, born+life)-k.sub(drawJitter).below(day))
		if a.alive {
			a.seen = max(born, obs)
		}
	case age < life && cl.online(k, obs):
		a.alive = site.role != rolePassive
		a.seen = max(born, obs-k.sub(drawJitter).below(obs-site.from+1))
	default:
		a.seen = max(born, cl.lastOnline(k, min(obs, born+life)))
	}
	a.updated = obs
	return true
}
