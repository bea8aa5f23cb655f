package shipped_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCompose(t *testing.T) {
	const file = "examples/compose/compose.yml"
	finds(t, []change{
		{file, "services:", "services: [", "examples/compose/compose.yml: is no YAML"},
		{file, "volumes:\n  cache:", "volumes:\n  cache:\n  cache:", "is no YAML"},
		{file, "[serve, --demo]", "[serve, --demonstrate]", "there is no flag --demonstrate of serve"},
		{file, "[serve, --demo]", "serves --demo", "there is no command serves"},
		{file, "{RUNZERO_CACHE_INTERVAL: 1h}", "[RUNZERO_CACHE_INTERVALL=1h]", "there is no variable RUNZERO_CACHE_INTERVALL"},
		{file, "runzero_exporter:1.0.0", "runzero_exporter:latest", `service exporter: the image "runzero_exporter:latest" has no version`},
		{file, "/prometheus:v3.5.0", "/prometheus", "service prometheus: the image"},
		{file, "- cache:/cache", "- caches:/cache", "service exporter: there is no volume caches"},
		{file, "configs: [limits]", "configs: [limit]", "service exporter: there is no limit of configs"},
		{file, "depends_on: [exporter]", "depends_on: [exporters]", "service prometheus: there is no service exporters"},
		{file, "- ../prometheus/prometheus.yml", "- ../prometheus/prometheus.yaml", "service prometheus: there is no ../prometheus/prometheus.yaml"},
		{file, "source: ../../dashboards", "source: ../dashboards", "service prometheus: there is no ../dashboards"},
		{file, "{file: ../README.md}", "{file: README.md}", "configs limits: there is no README.md"},
		{"examples/prometheus/prometheus.yml", "../../alerts/", "../alerts/", "there are no rules ../alerts/*.rules.yml"},
	})
}

func TestSystemd(t *testing.T) {
	const file = "examples/systemd/runzero_exporter.service"
	finds(t, []change{
		{file, "--no-collector.tasks", "--no-collector.task", "there is no flag --no-collector.task"},
		{file, "Environment=RUNZERO_CACHE", "Environment=RUNZERO_CASH", "there is no variable RUNZERO_CASH_INTERVAL"},
		{file, "ExecStart=", "ExecStop=", "does not start runzero_exporter"},
	})
}

func TestKubernetes(t *testing.T) {
	const file = "examples/kubernetes/runzero_exporter.yml"
	finds(t, []change{
		{file, "--cache.interval=1h", "--cache.intervall=1h", "there is no flag --cache.intervall"},
		{file, "name: RUNZERO_COLLECTOR_TASKS", "name: RUNZERO_COLLECTOR_TASK", "there is no variable RUNZERO_COLLECTOR_TASK"},
		{file, "runzero_exporter:1.0.0", "runzero_exporter", "Deployment runzero-exporter: the image"},
		{file, "{matchLabels: {app: runzero-exporter}}", "{matchLabels: {app: runzero}}", "Deployment runzero-exporter: does not select its own pods"},
		{file, "{name: token, mountPath", "{name: tokens, mountPath", "mounts the volume tokens"},
		{file, "port: metrics}}", "port: http}}", "livenessProbe asks the port http"},
		{file, "selector: {app: runzero-exporter}", "selector: {app: runzero}", "Service runzero-exporter: selects no pods"},
		{file, "targetPort: metrics", "targetPort: http", "Service runzero-exporter: no pod has the port http"},
		{file, "endpoints: [{port: http}]", "endpoints: [{port: metrics}]", "ServiceMonitor runzero-exporter: no Service that it selects has the port metrics"},
		{file, "labels: {app: runzero-exporter}}\nspec:\n  selector: {app", "labels: {app: x}}\nspec:\n  selector: {app", "ServiceMonitor runzero-exporter: no Service"},
		{file, "---", "---\nkind: [", "is no YAML"},
		{file, "claimName: cache", "claimName: caches", "Deployment runzero-exporter: there is no PersistentVolumeClaim caches"},
		{"examples/kubernetes/kustomization.yml", "[rules.yml", "[rule.yml", "there is no rule.yml"},
		{"examples/kubernetes/rules.yml", "for: 1h", "for: 2h", "its groups are not those of alerts/runzero.rules.yml"},
		inRules("description: Nobody scans it.", "description: Nobody does.", "examples/kubernetes/rules.yml: its groups are not those of"),
	})
}

// What is missing altogether is found too.
func TestNothingThere(t *testing.T) {
	found := strings.Join(foundIn(t, fstest.MapFS{}, nil), "\n")
	for _, want := range []string{
		"cannot be read: open alerts/runzero.rules.yml", "there are no alerts/*_test.yml", "there are no dashboards/*.json",
		"there are no docs/*.md", "cannot be searched for names: open alerts", "cannot be checked: open examples",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not in:\n%s", want, found)
		}
	}
}
