package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// A change of the file invalidates the cached results that it shapes, and no others.
func TestFingerprints(t *testing.T) {
	const file = account + `
collectors:
  console: {interval: 1h}
  findings: {enabled: true}
  wireless: {enabled: true}
  directory: {enabled: true}
  certificates: {enabled: true}
  services: {enabled: true}
  software: {enabled: true}
  vulnerabilities: {enabled: true}
  assets: {labels: [os, alive], top: 50, search: "alive:t"}
  tasks: {scan_max_age: 7d, scan_max_age_by_site: [{site: A, max_age: 1d}]}
queries:
- {name: one, of: assets, search: "os:linux"}
- {name: two, of: services}
discovery:
- {name: three, search: snmp, port: 161}
`
	before, _ := fingerprints(t, file)
	for _, c := range []struct{ from, to, invalidates string }{
		{"", "", ""},
		{"{credentials_file: et}", "{credentials: ETother}", ""},
		{"name: a", "name: a\n  organizations: {include: [North], exclude: [South]}", ""},
		{"name: a", "name: a\n  organizations: {labels: [{organization: North, labels: {customer: N}}]}", ""},
		{"name: a", "name: a\n  quota: {share: 1}\n  timeout: 1m", ""},
		{"interval: 1h", "interval: 2h", ""},
		{"name: a", "name: a\n  url: https://console.example.com", "account"},
		{"[os, alive]", "[os]", "assets"},
		{"[os, alive]", "[alive, os]", "assets"},
		{"top: 50", "top: 51", "findings wireless directory assets services software discovery/three"},
		{"alive:t", "alive:f", "assets"},
		{"top: 50", "top: 50, tags: []", ""},
		{"top: 50", "top: 50, tags: [env]", "assets"},
		{"scan_max_age: 7d", "scan_max_age: 8d", "tasks"},
		{"max_age: 1d}", "max_age: 2d}", "tasks"},
		{"site: A", "site: B", "tasks"},
		{"os:linux", "os:windows", "queries/one"},
		{"of: services", "of: software", "queries/two"},
		{"search: snmp", "search: ssh", "discovery/three"},
		{"port: 161", "port: 22", "discovery/three"},
		{"port: 161", "port: 161, max_targets: 10", "discovery/three"},
		{"port: 161", "port: 161, interval: 2h, weight: 2, refresh: interval", ""},
	} {
		if !strings.Contains(file, c.from) {
			t.Fatalf("%q is not in the file", c.from)
		}
		after, names := fingerprints(t, strings.Replace(file, c.from, c.to, 1))
		var invalidated []string
		for _, name := range names {
			if before[name] != after[name] {
				invalidated = append(invalidated, name)
			}
		}
		if got := strings.Join(invalidated, " "); got != c.invalidates {
			t.Errorf("%s for %s invalidates %q, want %q", c.to, c.from, got, c.invalidates)
		}
	}
	// Those of a version without tags are as they were: otherwise an upgrade would poll the assets again.
	for _, word := range append(collector.TagFamilies(), "tags=") {
		if strings.Contains(before["assets"], word) {
			t.Errorf("%s is in the fingerprint of assets without tags", word)
		}
	}
	for name, fingerprint := range before {
		if strings.Contains(fingerprint, "secret") {
			t.Errorf("%s contains a secret: %s", name, fingerprint)
		}
	}
	if help := "runzero_assets_by_risk"; !strings.Contains(before["assets"], help) || strings.Contains(before["tasks"], help) {
		t.Error("a collector's fingerprint must have the help texts of its own metrics alone")
	}
}

// fingerprints are those of a file by what they belong to, and the names of that.
func fingerprints(t *testing.T, text string) (map[string]string, []string) {
	t.Helper()
	c, err := load(t, text, func(f *config.Flags) { f.CacheMaxAge = 0 })
	if err != nil {
		t.Fatal(err)
	}
	all, names := map[string]string{"account": c.Fingerprint(c.Accounts[0])}, []string{"account"}
	for _, each := range c.Collectors {
		all[each.Name] = each.Fingerprint
		names = append(names, each.Name)
	}
	if slices.Contains(names, "") || len(all) != len(names) {
		t.Errorf("names: %q", names)
	}
	return all, names
}
