package collector

import "testing"

func TestLiveAssets(t *testing.T) {
	counts := func(name string, add func(out *samples)) int64 {
		out := newSamples(name, "alive")
		add(out)
		s, err := out.snapshot(nil)
		if err != nil {
			t.Fatal(err)
		}
		return LiveAssets(s.Families)
	}
	for name, c := range map[string]struct {
		got, want int64
	}{
		"sites": {counts("sites", func(out *samples) {
			for i, site := range []string{"HQ", "Branch"} {
				out.gauge("runzero_site_assets", 500, "Acme", site, "all")
				out.gauge("runzero_site_assets", float64(96+i), "Acme", site, "live")
			}
		}), 193},
		"sites without counts": {counts("sites", func(*samples) {}), 0},
		"organizations":        {counts("organizations", func(out *samples) { out.gauge("runzero_organization_assets", 40, "Acme", "live") }), 40},
		"assets": {counts("assets", func(out *samples) {
			out.gauge("runzero_assets", 30, "Acme", "true")
			out.gauge("runzero_assets", 70, "Acme", "false")
		}), 30},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}
