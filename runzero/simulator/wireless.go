package simulator

import "iter"

// wireless is an access point's network as an Explorer heard it. There are a
// few at every site, more where there are more assets.
type wireless struct {
	site *siteView
	org  *org
	key  key
	*network
}

// network is a wireless network's name and how it is protected.
type network struct{ essid, authentication, encryption, family string }

// networks are those of the organization and, at the end, of its neighbours.
var networks = []network{
	{"PLANTED Corporate", "wpa2-enterprise", "aes", "0a1b2c"}, {"PLANTED Guest", "open", "none", "0a1b2c"}, {"PLANTED Things", "wpa2-psk", "aes", "0a1b2c"},
	{"PLANTED Next", "wpa3-sae", "aes", "0a1b2c"}, {"", "wpa2-psk", "aes", "0a1b2c"}, // hidden ones have no name
	{"PLANTED Neighbour", "wpa2-psk", "aes", "334455"}, {"PLANTED Printer setup", "open", "none", "667788"}, {"PLANTED Old", "wep", "wep", "99aabb"},
}

func (v *view) wireless(o *org, from int) iter.Seq2[int, *wireless] {
	return func(yield func(int, *wireless) bool) {
		f := v.fleet(o)
		first := 0 // position of the site's first
		w := wireless{org: o}
		for i := range f.sites {
			s := &f.sites[i]
			n := 0
			if s.known && o.slots > 0 {
				n = 4 + int(s.share*float64(o.slots))/40
			}
			for at := max(from, first); at < first+n; at++ {
				index := at - first
				w.site, w.key, w.network = s, s.key.sub(drawWireless).sub(uint64(index)), &networks[index%len(networks)]
				if !yield(at, &w) {
					return
				}
			}
			first += n
		}
	}
}

// lastSeen is at the last scan for most, up to a month ago for the others.
func (w *wireless) lastSeen() int64 {
	if k := w.key.sub(1); k&7 == 0 {
		return w.site.obs - k.sub(1).below(30*day)
	}
	return w.site.obs
}

func (w *wireless) signal() int64 { return 5 + w.key.sub(2).below(95) }

func (w *wireless) explorer() *explorer { return w.site.schedule.explorer }

func wirelessFields() []field[*wireless] {
	return sorted([]field[*wireless]{
		{"agent_name", text(func(w *wireless) string { return w.explorer().name })},
		{"authentication", text(func(w *wireless) string { return w.authentication })},
		{"bssid", raw[*wireless](`"PLANTED:66:06:66"`)},
		{"channels", raw[*wireless](`"11, 36+1"`)},
		{"created_at", number(func(w *wireless) int64 { return w.lastSeen() - w.key.sub(3).below(200*day) })},
		{"data", raw[*wireless](`{"location":"PLANTED"}`)},
		{"encryption", text(func(w *wireless) string { return w.encryption })},
		{"essid", text(func(w *wireless) string { return w.essid })},
		{"family", text(func(w *wireless) string { return w.family })},
		{"id", uuid(func(w *wireless) key { return w.key })},
		{"interface", raw[*wireless](`"wlan0"`)},
		{"last_agent_id", text(func(w *wireless) string { return w.explorer().id })},
		{"last_seen", number((*wireless).lastSeen)},
		{"last_task_id", uuid(func(w *wireless) key { return w.site.task })},
		{"org_name", text(func(w *wireless) string { return w.org.name })},
		{"organization_id", text(func(w *wireless) string { return w.org.id })},
		{"signal", number((*wireless).signal)},
		{"site_id", text(func(w *wireless) string { return w.site.id })},
		{"site_name", text(func(w *wireless) string { return w.site.name })},
		{"type", raw[*wireless](`"infrastructure"`)},
		{"vendor", raw[*wireless](`"PLANTED hardware"`)},
	})
}

func wirelessKeywords() keywords[*wireless] {
	name := byText(func(w *wireless) string { return w.essid })
	site := bySite(func(w *wireless) *site { return w.site.site })
	return keywords[*wireless]{
		"": name, "essid": name,
		"id":              byText(func(w *wireless) string { return w.key.uuid() }),
		"organization_id": byText(func(w *wireless) string { return w.org.id }),
		"site":            site, "site_id": site, "site_name": site,
		"authentication": byText(func(w *wireless) string { return w.authentication }),
		"encryption":     byText(func(w *wireless) string { return w.encryption }),
		"type":           byText(func(*wireless) string { return "infrastructure" }),
		"signal":         byNumber((*wireless).signal),
		"last_seen":      bySince((*wireless).lastSeen),
	}
}
