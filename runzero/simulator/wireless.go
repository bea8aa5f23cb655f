package simulator

import "iter"

// wireless is the network of an access point that an Explorer received. Each site has a
// few, more where there are more assets.
type wireless struct {
	site *siteView
	org  *org
	key  key
	*network
}

// network is the name of a wireless network and its protection.
type network struct{ essid, authentication, encryption string }

// networks are those of the organization, then those of neighbours.
var networks = []network{
	{"PLANTED Corporate", "wpa2-enterprise", "aes"}, {"PLANTED Guest", "open", "none"}, {"PLANTED Things", "wpa2-psk", "aes"},
	{"PLANTED Next", "wpa3-sae", "aes"}, {"", "wpa2-psk", "aes"}, // hidden ones have no name
	{"PLANTED Neighbour", "wpa2-psk", "aes"}, {"PLANTED Printer setup", "open", "none"}, {"PLANTED Old", "wep", "wep"},
}

func (v *view) wireless(o *org, from int) iter.Seq2[int, *wireless] {
	return func(yield func(int, *wireless) bool) {
		f := v.fleet(o)
		position := 0
		for i := range f.sites {
			s := &f.sites[i]
			n := 0
			if s.known && o.slots > 0 {
				n = 4 + int(s.share*float64(o.slots))/40
			}
			for j := range n {
				w := wireless{org: o, site: s, key: s.key.sub(drawWireless).sub(uint64(j)), network: &networks[j%len(networks)]}
				if position >= from && !yield(position, &w) {
					return
				}
				position++
			}
		}
	}
}

func wirelessFields() []field[*wireless] {
	return table(fixed[*wireless](`{"bssid":"PLANTED:66:06:66","channels":"11, 36+1","data":{"location":"PLANTED"},"family":"0a1b2c","interface":"wlan0","signal":50,
		"type":"infrastructure","vendor":"PLANTED hardware"}`), []field[*wireless]{
		{"agent_name", text(func(w *wireless) string { return w.site.schedule.explorer.name })},
		{"authentication", text(func(w *wireless) string { return w.authentication })},
		{"created_at", number(func(w *wireless) int64 { return w.site.began })},
		{"encryption", text(func(w *wireless) string { return w.encryption })},
		{"essid", text(func(w *wireless) string { return w.essid })},
		{"id", uuid(func(w *wireless) key { return w.key })},
		{"last_agent_id", text(func(w *wireless) string { return w.site.schedule.explorer.id })},
		{"last_seen", number(func(w *wireless) int64 { return w.site.observed })},
		{"last_task_id", uuid(func(w *wireless) key { return w.site.task })},
		{"org_name", text(func(w *wireless) string { return w.org.name })},
		{"organization_id", text(func(w *wireless) string { return w.org.id })},
		{"site_id", text(func(w *wireless) string { return w.site.id })},
		{"site_name", text(func(w *wireless) string { return w.site.name })},
	})
}
