package shipped

import (
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v3"
)

// What the jobs of examples/prometheus/discovery.yml make of targets that the exporter lists.
func TestDiscoveryExampleRelabelsTargets(t *testing.T) {
	const v4, v6, blackbox, snmp = "10.0.0.1", "2001:db8::1", "blackbox_exporter:9115", "snmp_exporter:9116"
	jobs := discoveryJobs(t)
	for _, tt := range []struct{ job, target, address, name, protocol, scraped, param, instance string }{
		{"icmp", v4, v4, "srv-1; a", "", blackbox, v4, "srv-1; a (061786a4)"},
		{"icmp", "[2001:db8::1]", v6, "", "", blackbox, v6, "2001:db8::1 (061786a4)"},
		{"tls", "10.0.0.1:443", v4, "srv-1; a", "tls", blackbox, "10.0.0.1:443", "srv-1; a 10.0.0.1:443 (061786a4)"},
		{"tls", "[2001:db8::1]:443", v6, "", "tls", blackbox, "[2001:db8::1]:443", "[2001:db8::1]:443 (061786a4)"},
		{"http", "10.0.0.1:80", v4, "srv-1; a", "http", blackbox, "http://10.0.0.1:80", "srv-1; a 10.0.0.1:80 (061786a4)"},
		{"http", "10.0.0.1:443", v4, "srv-1; a", "http tls", blackbox, "https://10.0.0.1:443", "srv-1; a 10.0.0.1:443 (061786a4)"},
		{"http", "[2001:db8::1]:8443", v6, "", "tls, http", blackbox, "https://[2001:db8::1]:8443", "[2001:db8::1]:8443 (061786a4)"},
		{"http", "[2001:db8::1]:8080", v6, "", "", blackbox, "http://[2001:db8::1]:8080", "[2001:db8::1]:8080 (061786a4)"},
		{"snmp", "10.0.0.1:161", v4, "sw-1", "", snmp, "10.0.0.1:161", "sw-1 (061786a4)"},
		{"snmp", "[2001:db8::1]:161", v6, "", "", snmp, "[2001:db8::1]:161", "2001:db8::1 (061786a4)"},
		{"node", "10.0.0.1:9100", v4, "srv-1; a", "", "10.0.0.1:9100", "", "srv-1; a (061786a4)"},
		{"node", "[2001:db8::1]:9100", v6, "", "", "[2001:db8::1]:9100", "", "2001:db8::1 (061786a4)"},
	} {
		listed := labels.FromStrings(model.AddressLabel, tt.target,
			"__meta_runzero_discovery", "entry", "__meta_runzero_org_name", "Example", "__meta_runzero_account_name", "main",
			"__meta_runzero_site_name", "HQ", "__meta_runzero_asset_id", "061786a4-0000-4000-8000-000000000001",
			"__meta_runzero_name", tt.name, "__meta_runzero_type", "Server", "__meta_runzero_os", "Linux",
			"__meta_runzero_address", tt.address, "__meta_runzero_protocol", tt.protocol,
			"__meta_runzero_tag_env", "production", "__meta_runzero_tag_other", "true")
		want := map[string]string{
			"discovery": "entry", "org_name": "Example", "account_name": "main", "site_name": "HQ",
			"asset_id": "061786a4-0000-4000-8000-000000000001", "asset_name": tt.name, "asset_type": "Server", "env": "production",
			"instance": tt.instance, model.AddressLabel: tt.scraped, "__param_target": tt.param,
		}
		maps.DeleteFunc(want, func(_, value string) bool { return value == "" })

		b := labels.NewBuilder(listed.WithoutEmpty())
		if !relabel.ProcessBuilder(b, jobs[tt.job]...) {
			t.Errorf("job %s drops %s", tt.job, tt.target)
		}
		got := b.Labels().Map()
		maps.DeleteFunc(got, func(name, _ string) bool { return strings.HasPrefix(name, model.MetaLabelPrefix) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("job %s makes of %s\n%v\nwant\n%v", tt.job, tt.target, got, want)
		}
	}
}

// discoveryJobs returns the relabelling of the example by job.
func discoveryJobs(t *testing.T) map[string][]*relabel.Config {
	t.Helper()
	var file struct {
		ScrapeConfigs []struct {
			JobName string            `yaml:"job_name"`
			Relabel []*relabel.Config `yaml:"relabel_configs"`
		} `yaml:"scrape_configs"`
	}
	r := &repository{files: os.DirFS(root)}
	if err := yaml.Unmarshal(r.read("examples/prometheus/discovery.yml"), &file); err != nil {
		t.Fatal(err)
	}
	jobs := map[string][]*relabel.Config{}
	for _, job := range file.ScrapeConfigs {
		for _, rule := range job.Relabel {
			if err := rule.Validate(model.LegacyValidation); err != nil { // that of Prometheus 2
				t.Fatalf("job %s: %v", job.JobName, err)
			}
		}
		jobs[job.JobName] = job.Relabel
	}
	return jobs
}
