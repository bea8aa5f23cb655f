//go:build e2e

package e2e

import (
	"flag"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var prometheusFolders = flag.String("prometheus", "", "folders with `versions` of prometheus and promtool, separated as in PATH; by default the ones that PATH has")

// version is a version of Prometheus.
type version struct {
	folder, name string
}

// versions are those with which a test runs that depends on Prometheus.
func versions(t *testing.T) []version {
	t.Helper()
	folders := filepath.SplitList(*prometheusFolders)
	if len(folders) == 0 {
		path, err := exec.LookPath("prometheus")
		if err != nil {
			t.Fatal(err)
		}
		folders = []string{filepath.Dir(path)}
	}
	var all []version
	for _, folder := range folders {
		// One that was built from its module does not know its version.
		v := version{folder: folder, name: "version 3"}
		if found := regexp.MustCompile(`version \d[.\d]+`).FindString(run(t, v.program("prometheus"), "--version")); found != "" {
			v.name = found
		}
		all = append(all, v)
	}
	return all
}

func (v version) program(name string) string { return filepath.Join(v.folder, name) }

// nativeHistograms is a configuration with which Prometheus stores histograms as native ones. Version 2 has a flag instead.
func (v version) nativeHistograms(config string) string {
	if strings.HasPrefix(v.name, "version 2.") {
		return config
	}
	return strings.Replace(config, "global: {", "global: {scrape_native_histograms: true, ", 1)
}

func (v version) start(t *testing.T, config, data string, flags ...string) *prometheus {
	t.Helper()
	flags = append(flags, "--config.file="+writeFile(t, "prometheus.yml", config), "--storage.tsdb.path="+data, anyPort)
	p := &prometheus{process: startProgram(t, v.program("prometheus"), nil, flags...)}
	p.url = p.process.url()
	waitForOK(t, p.process, p.url+"/-/ready")
	return p
}
