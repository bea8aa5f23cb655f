//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// devices are what the simulated console has found, as a proxy through which Prometheus scrapes them. Some are dead.
type devices struct {
	*httptest.Server
	mu   sync.Mutex
	dead map[string]bool // by target
}

func startDevices(t *testing.T) *devices {
	t.Helper()
	d := &devices{dead: map[string]bool{}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.dead[r.Host] {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = fmt.Fprintln(w, "node_boot_time_seconds 1")
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *devices) kill(target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead[target] = true
}

// restricted has the console find those alone that a search finds, too; "": all.
type restricted struct {
	mu     sync.Mutex
	search string
}

func (r *restricted) to(search string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.search = search
}

func (r *restricted) fault() simulator.Fault {
	return simulator.Fault{Path: "/export/org/assets.jsonl", Serve: func(w http.ResponseWriter, request *http.Request, respond func(http.ResponseWriter)) {
		r.mu.Lock()
		search := r.search
		r.mu.Unlock()
		if params := request.URL.Query(); search != "" && params.Get("search") != "" {
			params.Set("search", params.Get("search")+" and "+search)
			request.URL.RawQuery = params.Encode()
		}
		respond(w)
	}}
}

// nodeJob is the job of the example for node_exporter, at once and through the proxy.
func nodeJob(t *testing.T, exporter, proxy string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/prometheus/discovery.yml")
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		Jobs []map[string]any `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(text), "http://runzero_exporter:10026", exporter)), &example); err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(example.Jobs, func(job map[string]any) bool { return job["job_name"] == "node" })
	job := example.Jobs[at]
	job["proxy_url"] = proxy
	for _, sd := range job["http_sd_configs"].([]any) {
		sd.(map[string]any)["refresh_interval"] = "1s"
	}
	encoded, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	return "  - " + string(encoded) + "\n" // JSON is YAML
}

// targetsAt are those that the exporter lists, with their sites.
func targetsAt(url string) (map[string]string, error) {
	r, err := send(client, http.MethodGet, url)
	if err != nil || r.code != http.StatusOK {
		return nil, fmt.Errorf("%d, %w: %s", r.code, err, r.body)
	}
	var groups []struct {
		Targets []string
		Labels  map[string]string
	}
	if err := json.Unmarshal(r.body, &groups); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, g := range groups {
		found[g.Targets[0]] = g.Labels["__meta_runzero_site_name"]
	}
	return found, nil
}

// Prometheus scrapes what the console finds, follows what comes and goes, and loses nothing while the console is away or
// the exporter starts again. What does not respond is reported, by site.
func TestPrometheusMonitorsWhatIsDiscovered(t *testing.T) {
	t.Parallel()
	for _, v := range versions(t) {
		t.Run(v.name, func(t *testing.T) { monitorsWhatIsDiscovered(t, v) })
	}
}

func monitorsWhatIsDiscovered(t *testing.T, v version) {
	t.Parallel()
	// Given: an exporter with one organization, and Prometheus with the job of the example and the rules.
	console := simulator.New(simulator.Options{Seed: 7, Organizations: 1, Assets: 300, Limit: unlimited})
	server := httptest.NewServer(console)
	t.Cleanup(server.Close)
	only := &restricted{}
	unrestrict := console.Inject(only.fault())
	file := writeFile(t, "discovery.yml", "discovery: [{name: linux, search: 'os:linux', port: 9100, interval: 1s, refresh: interval}]")
	env := []string{"RUNZERO_TOKEN=" + console.AccountToken()}
	args := []string{"--runzero.url=" + server.URL, "--config.file=" + file}
	cache := "--cache.dir=" + t.TempDir()
	p, exporter := startReady(t, env, append(args, cache)...)
	list := exporter + "/sd/linux"
	devices := startDevices(t)
	rules := shortened(t, "runzero.discovery.rules.yml", map[string]string{"for": "1s", "keep_firing_for": "1s"}, "[10m]", "[2s]")
	prometheus := v.start(t, scrapeConfig(exporter, fmt.Sprintf("rule_files: [%q]", rules))+nodeJob(t, exporter, devices.URL), filepath.Join(t.TempDir(), "data"))

	// monitored are the targets that Prometheus scrapes, by the address that each has in its labels before relabelling.
	monitored := func() (map[string]string, error) {
		r, err := send(client, http.MethodGet, prometheus.url+"/api/v1/targets?state=active&scrapePool=node")
		if err != nil {
			return nil, err
		}
		var response struct {
			Data struct {
				ActiveTargets []struct{ DiscoveredLabels, Labels map[string]string }
			}
		}
		decode(t, r.body, &response)
		found := map[string]string{}
		for _, target := range response.Data.ActiveTargets {
			found[target.DiscoveredLabels["__address__"]] = target.Labels["site_name"]
		}
		return found, nil
	}
	follows := func() map[string]string {
		t.Helper()
		var found map[string]string
		eventually(t, func() error {
			listed, err := targetsAt(list)
			if err != nil {
				return err
			}
			if found, err = monitored(); err == nil && !maps.Equal(found, listed) {
				err = fmt.Errorf("%d targets are monitored, %d are listed", len(found), len(listed))
			}
			return err
		})
		return found
	}
	up := func(targets map[string]string) {
		t.Helper()
		prometheus.by("", fmt.Sprintf(`count(up{job="node",discovery="linux",org_name!="",asset_id!=""} == 1) == %d`, len(targets)))
	}

	// Then: all are scraped, and nothing is reported.
	all := follows()
	up(all)
	if len(all) < 10 {
		t.Fatalf("only %d targets", len(all))
	}

	// When hosts disappear from runZero, and appear again, Prometheus follows.
	only.to("type:server")
	eventually(t, func() error {
		if listed, err := targetsAt(list); err != nil || len(listed) == len(all) {
			return fmt.Errorf("%d are listed, %w", len(listed), err)
		}
		return nil
	})
	if fewer := follows(); len(fewer) == 0 || len(fewer) >= len(all) {
		t.Errorf("%d of %d are left", len(fewer), len(all))
	}
	only.to("")
	eventually(t, func() error {
		if listed, err := targetsAt(list); err != nil || !maps.Equal(listed, all) {
			return fmt.Errorf("%d are listed, %w", len(listed), err)
		}
		return nil
	})
	up(follows())

	// When the console is away, and the exporter is killed and starts again, with its cache and without, nothing is lost.
	const fewest = `min_over_time(count(up{job="node"})[15s:1s])`
	unrestrict() // of several faults, the first counts
	repair := console.Inject(simulator.Fault{Drop: true})
	p.waitForMetrics(exporter, func(f families) error {
		if up := f.values("runzero_up"); up["[]"] == 0 {
			return nil
		}
		return errors.New("polls still succeed")
	})
	address := "--web.listen-address=" + strings.TrimPrefix(exporter, "http://")
	p.signal(syscall.SIGKILL)
	<-p.done
	for _, with := range [][]string{{cache}, nil} {
		p = start(t, env, slices.Concat(args, with, []string{address})...)
		p.url()
		eventually(t, func() error {
			listed, err := targetsAt(list)
			if with != nil && !maps.Equal(listed, all) {
				return fmt.Errorf("with its cache the exporter lists %d targets, %w", len(listed), err)
			}
			if with == nil && (err == nil || !strings.Contains(err.Error(), "503")) {
				return fmt.Errorf("without its cache the exporter lists %d targets, %w", len(listed), err)
			}
			return nil
		})
		prometheus.by("", fmt.Sprintf(`count_over_time(count(up{job="node"})[15s:1s]) > 10 and %s == %d`, fewest, len(all)))
		p.signal(syscall.SIGKILL)
		<-p.done
	}
	if found, err := monitored(); err != nil || !maps.Equal(found, all) {
		t.Errorf("%d targets are left, %v, want %d", len(found), err, len(all))
	}
	repair()
	start(t, env, slices.Concat(args, []string{cache, address})...).url()
	up(follows())

	// When a host does not respond, its site is reported, and no other.
	target := slices.Sorted(maps.Keys(all))[0]
	devices.kill(target)
	reported := prometheus.by("site_name", `ALERTS{alertname="RunZeroDiscoveredNotMonitored",alertstate="firing"}`)
	if _, ok := reported[all[target]]; !ok || len(reported) != 1 {
		t.Errorf("%v are reported, want %q", reported, all[target])
	}
}
