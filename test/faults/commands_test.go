package faults

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/command/check"
	"github.com/runzero-exporter/runzero_exporter/internal/command/once"
	"github.com/runzero-exporter/runzero_exporter/internal/command/scan"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestCommandsFailWithOneSentence(t *testing.T) {
	for i, f := range faults() {
		if f.bulky && !bulk {
			continue
		}
		for name, run := range map[string]func(*testing.T, command.Env, config.Flags, simulator.Site) error{
			"once": func(t *testing.T, env command.Env, flags config.Flags, _ simulator.Site) error {
				return once.Run(t.Context(), env, once.Options{Flags: flags})
			},
			"check": func(t *testing.T, env command.Env, flags config.Flags, _ simulator.Site) error {
				return check.Run(t.Context(), env, check.Options{Flags: flags})
			},
			"scan": func(t *testing.T, env command.Env, flags config.Flags, site simulator.Site) error {
				return scan.Run(t.Context(), env, scan.Options{Flags: flags, Site: site.ID, Zone: "auto", Targets: []string{"example.com"}, Further: scan.Further{}})
			},
		} {
			if f.exportsOnly && name != "once" {
				continue // the others read no export
			}
			if everyThird && !f.exportsOnly && name != []string{"once", "check", "scan"}[i%3] {
				continue
			}
			t.Run(f.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					console := simulator.New(simulator.Options{Organizations: 1, Sites: 2, Assets: 20})
					network := harness.NewTLSNetwork(t, console)
					flags := harness.DefaultFlags()
					flags.URL, flags.CAFile, flags.Token, flags.Timeout = network.URL, network.CAFile, console.AccountToken(), timeout
					flags.Collectors["tasks"] = config.CollectorFlags{} // its export is long
					var output bytes.Buffer
					network.Break(f.Fault)

					began := time.Now()
					err := run(t, command.Env{Logger: log.NewLogfmtLogger(&output), Stdout: &output, Dial: network.Dial}, flags, console.Organizations()[0].Sites[0])

					if err == nil || strings.Contains(err.Error(), "\n") {
						t.Fatalf("the error is not one sentence: %v", err)
					}
					text := output.String() + err.Error()
					if !regexp.MustCompile(f.message).MatchString(text) || strings.Contains(text, planted) || strings.Contains(text, flags.Token) {
						t.Errorf("reports no %q, or repeats a response or the token: %.1500s", f.message, text)
					}
					if took := time.Since(began); took > 15*time.Minute {
						t.Errorf("took %s", took)
					}
					for _, call := range console.Calls() {
						if call.Method == http.MethodPut {
							t.Errorf("requested a scan: %+v", call)
						}
					}
				})
			})
		}
	}
}
