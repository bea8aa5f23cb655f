package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

const organizationsPath = "/sd/organizations"

// organizations serves a target for each organization that is polled: this exporter, by the address by which it was
// asked, with the organization as a parameter.
func (c Config) organizations(w http.ResponseWriter, r *http.Request) {
	organizations := slices.Clone(c.Organizations())
	slices.SortFunc(organizations, func(a, b poller.Organization) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	targets := []collector.TargetGroup{}
	for _, o := range organizations {
		labels := map[string]string{"__param_organization": cmp.Or(o.ID, o.Name), "__meta_runzero_org_name": o.Name}
		set := func(name, value string) {
			if value != "" {
				labels[name] = value
			}
		}
		set("__meta_runzero_org_id", o.ID)
		set("__meta_runzero_account_name", o.Account)
		if c.TelemetryPath != "/metrics" { // Prometheus's default
			labels["__metrics_path__"] = c.TelemetryPath
		}
		if r.TLS != nil {
			labels["__scheme__"] = "https"
		}
		targets = append(targets, collector.TargetGroup{Targets: []string{r.Host}, Labels: labels})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(targets) // texts cannot fail, and a client that is gone is no error
}
