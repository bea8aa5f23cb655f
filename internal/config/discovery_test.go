package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

func discoveries(t *testing.T, text string, set ...func(*config.Flags)) map[string]schedule.Collector {
	t.Helper()
	loaded, err := load(t, text, append(set, func(f *config.Flags) { f.Token = "ET1" })...)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]schedule.Collector{}
	for _, each := range loaded.Collectors {
		if name, ok := strings.CutPrefix(each.Name, "discovery/"); ok {
			found[name] = each
		}
	}
	return found
}

func TestDiscovery(t *testing.T) {
	found := discoveries(t, `
discovery:
- {name: hosts}
- {name: snmp, of: assets, search: "type:switch", port: 161, max_targets: 10, interval: 1h, max_interval: 2h, weight: 2}
- {name: web-1, of: services, search: "protocol:http", refresh: interval}
collectors:
  assets: {top: 7}
`)
	for name, want := range map[string]collector.Discovery{
		"hosts": {Name: "hosts", Of: "assets", MaxTargets: 5000},
		"snmp":  {Name: "snmp", Of: "assets", Search: "type:switch", Port: 161, MaxTargets: 10},
		"web-1": {Name: "web-1", Of: "services", Search: "protocol:http", MaxTargets: 5000},
	} {
		c := found[name]
		if c.Discovery != want || c.Scope != collector.PerOrganization || c.Settings.AssetTop != 7 {
			t.Errorf("%+v, want %+v", c, want)
		}
	}
	for name, want := range map[string][3]any{
		"hosts": {15 * time.Minute, 6 * time.Hour, 4.0},
		"snmp":  {time.Hour, 2 * time.Hour, 2.0},
		"web-1": {15 * time.Minute, time.Duration(0), 4.0},
	} {
		if c := found[name]; [3]any{c.Interval, c.MaxInterval, c.Weight} != want {
			t.Errorf("%s: %v, %v, %v, want %v", name, c.Interval, c.MaxInterval, c.Weight, want)
		}
	}
}

// Discoveries are refreshed like the assets, unless they have settings of their own.
func TestDiscoveriesAreRefreshedLikeTheAssets(t *testing.T) {
	for name, c := range map[string]struct {
		collectors, entry string
		want              time.Duration
	}{
		"by interval":                   {"assets: {refresh: interval}", "", 0},
		"by interval, but for this one": {"assets: {refresh: interval}", "refresh: changes", 6 * time.Hour},
		"at most so long":               {"assets: {max_interval: 3h}", "", 3 * time.Hour},
		"longer":                        {"assets: {max_interval: 3h}", "max_interval: 4h", 4 * time.Hour},
		"at an interval that is longer": {"assets: {max_interval: 3h}", "interval: 5h", 5 * time.Hour},
		"without assets":                {"assets: {enabled: false}", "", 6 * time.Hour},
		"without tasks":                 {"tasks: {enabled: false}", "", 0},
	} {
		found := discoveries(t, "collectors: {"+c.collectors+"}\ndiscovery: [{name: a, "+c.entry+"}]")
		if got := found["a"].MaxInterval; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestRefusesInvalidDiscoveries(t *testing.T) {
	entry := func(text string) string { return "discovery:\n- {" + text + "}" }
	const name = "config.yml:2: name must be 1 to 64 letters, digits, underscores, dots or hyphens, and begin with a letter or digit"
	testMistakes(t, []mistake{
		{"no name", entry("search: a"), "config.yml:2: the discovery has no name"},
		{"same name", "discovery:\n- {name: a}\n- {name: a}", "config.yml:3: duplicate discovery name: already used in line 2"},
		{"name with a slash", entry("name: a/b"), name},
		{"name of dots", entry("name: .."), name},
		{"name that is too long", entry("name: " + strings.Repeat("a", 65)), name},
		{"name that is taken", entry("name: organizations"), "config.yml:2: name must not be organizations: /sd/organizations lists the organizations"},
		{"unknown kind", entry("name: a, of: hosts"), "config.yml:2: of must be assets or services"},
		{"port of services", entry("name: a, of: services, port: 80"), "config.yml:2: port is for assets only: each service has its own"},
		{"port 0", entry("name: a, port: 0"), "config.yml:2: port must be a whole number from 1 to 65535"},
		{"port too large", entry("name: a, port: 65536"), "config.yml:2: port must be a whole number from 1 to 65535"},
		{"half a port", entry("name: a, port: 80.5"), "config.yml:2: port must be a whole number from 1 to 65535"},
		{"no targets", entry("name: a, max_targets: 0"), "config.yml:2: max_targets must be a whole number from 1 to 100000"},
		{"no number of targets", entry("name: a, max_targets: .nan"), "config.yml:2: max_targets must be a whole number from 1 to 100000"},
		{"unknown refresh", entry("name: a, refresh: never"), "config.yml:2: refresh must be changes or interval"},
		{"maximum that is too short", entry("name: a, interval: 2h, max_interval: 1h"), "config.yml:2: max_interval is 1h, shorter than the interval of the discovery a, 2h: raise it, or set the refresh of the discovery a to interval"},
		{"interval longer than the maximum age", entry("name: a, interval: 30d"), "config.yml:2: interval is 30d, but --cache.max-age is 3d by default: results would be withdrawn before the next poll; shorten the interval or raise --cache.max-age"},
		{"weight of zero", entry("name: a, weight: 0"), "config.yml:2: weight must be more than 0 and at most 1000: it is how much longer than others the interval may become when the quota is short"},
		{"unknown key", entry("name: a, ports: 80"), "config.yml:2: …"},
	})
}
