package commandline

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// runCommand runs the program as a user would, without a credential in the environment.
func runCommand(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code = Run(ctx, Process{Args: args, Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &log})
	return code, out.String(), log.String()
}

// everything are flags that switch on what is off by default, tags included.
func everything() []string {
	flags := []string{"--collector.assets.tags=env,location"}
	for _, spec := range collector.Specs() {
		if spec.OffByDefault {
			flags = append(flags, "--collector."+spec.Name)
		}
	}
	return flags
}

func TestDemoExportsEveryFamily(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache") // of a real account
	code, out, log := runCommand(t, t.Context(), append([]string{"once", "--demo", "--log.level=debug", "--cache.dir=" + cache, "--config.file=../../examples/discovery.yml"}, everything()...)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	if _, err := os.Lstat(cache); !os.IsNotExist(err) || strings.Count(log, "--demo ignores --cache.dir") != 1 {
		t.Errorf("the demo uses the cache (%v), or does not say that it ignores it: %s", err, log)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	// No scan may be running at the moment; the demo caches nothing, and its quota lasts. The rest takes
	// settings in a configuration file.
	rare := []string{
		"runzero_scan_running_start_timestamp_seconds", "runzero_api_usage_exhaustion_timestamp_seconds", "runzero_exporter_store_success",
		"runzero_exporter_leader", "runzero_exporter_store_up", "runzero_exporter_store_synced_timestamp_seconds",
		"runzero_api_credential_expiration_timestamp_seconds", "runzero_query_results",
	}
	for _, m := range collector.Catalogue() {
		family := families[m.Name]
		switch {
		case family == nil && !slices.Contains(rare, m.Name):
			t.Errorf("%s is missing", m.Name)
		case family != nil && (family.GetHelp() != m.HELP() || family.GetType() != m.Type):
			t.Errorf("%s is %v: %q", m.Name, family.GetType(), family.GetHelp())
		}
	}
	if planted := simulator.Planted(out + log); planted != "" {
		t.Errorf("%s of the console's responses is exposed", planted)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	code, _, log := runCommand(t, ctx, "--demo", "--web.listen-address=127.0.0.1:0")
	if !regexp.MustCompile(`msg="this is a demo.*" url=http://127\.0\.0\.1:[1-9]\d*/\n`).MatchString(log) {
		t.Errorf("the log does not say what to open: %s", log)
	}
	if deadline, _ := ctx.Deadline(); code != 0 || time.Since(deadline) > 5*time.Second {
		t.Errorf("exit code %d, %s after its context: %s", code, time.Since(deadline), log)
	}
}

func TestOnceIsQuietWhenAllIsWell(t *testing.T) {
	for level, quiet := range map[string]bool{"": true, "--log.level=debug": false} {
		code, out, stderr := runCommand(t, t.Context(), slices.DeleteFunc([]string{"once", "--demo", level}, func(arg string) bool { return arg == "" })...)
		if code != 0 || out == "" || (stderr == "") != quiet {
			t.Errorf("%s: exit code %d, logged %q", level, code, stderr)
		}
	}
}

func TestPlanWarnsOfSettingsWithoutEffect(t *testing.T) {
	code, _, stderr := runCommand(t, t.Context(), "plan", "--limit=100000", "--collector.services.interval=6h")
	if code != 0 || strings.Count(stderr, "level=warn") != 1 || !strings.Contains(stderr, "enable it with --collector.services") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Only serve has something to reload. A terminal that hung up during the start ends every other command.
func TestAHangupEndsOtherCommands(t *testing.T) {
	hangups := make(chan os.Signal, 1)
	hangups <- syscall.SIGHUP
	var out, log bytes.Buffer
	process := Process{Args: []string{"once", "--demo"}, Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &log, Hangups: hangups}
	if code := Run(t.Context(), process); code != 1 || out.Len() > 0 {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// An environment must never widen a scan, or write files.
func TestFlagsOfWhatServesHaveAnEnvironmentVariable(t *testing.T) {
	seen := map[string]string{}
	model := newProgram(io.Discard).app.Model()
	flags := model.Flags
	for _, c := range model.Commands {
		if slices.Contains([]string{"check", "plan", "simulate"}, c.Name) {
			flags = append(flags, c.Flags...)
			continue
		}
		for _, flag := range c.Flags {
			if flag.Envar != "" {
				t.Errorf("--%s of %s is read from %s", flag.Name, c.Name, flag.Envar)
			}
		}
	}
	for _, flag := range flags {
		if flag.Name == "help" || flag.Name == "version" || flag.Hidden {
			if flag.Envar != "" {
				t.Errorf("%s ends the program for $%s", flag.Name, flag.Envar)
			}
			continue
		}
		if !strings.HasPrefix(flag.Envar, "RUNZERO_") || seen[flag.Envar] != "" {
			t.Errorf("--%s has the variable %q, as has %q", flag.Name, flag.Envar, seen[flag.Envar])
		}
		seen[flag.Envar] = flag.Name
	}
	if seen["RUNZERO_URL"] != "runzero.url" || seen["RUNZERO_CACHE_INTERVAL"] != "cache.interval" || seen["RUNZERO_TOKEN"] != "" {
		t.Errorf("variables: %v", seen)
	}
}

func TestVariablesSetFlags(t *testing.T) {
	t.Setenv("RUNZERO_VERSION", "1.2.3") // of another program
	t.Setenv("RUNZERO_COLLECTOR_ASSETS_TOP", "0")
	_, _, stderr := runCommand(t, t.Context(), "once", "--demo")
	if !strings.Contains(stderr, "--collector.assets.top") {
		t.Errorf("the variable has no effect: %q", stderr)
	}
	t.Setenv("RUNZERO_QUOTA_SHARE", "50%")
	_, _, stderr = runCommand(t, t.Context(), "once", "--demo")
	if !strings.Contains(stderr, `--quota.share (set by RUNZERO_QUOTA_SHARE): invalid value "50%": write a number like 0.5;`) {
		t.Errorf("the variable is not named: %q", stderr)
	}
}

// TestRefusesSettingsOfBothFileAndFlag checks that it is known which flags users set, by whatever means.
func TestRefusesSettingsOfBothFileAndFlag(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yml")
	text := "collectors:\n  assets: {enabled: true, top: 7}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, variable, value string
		args                  []string
		code                  int
		wants                 string
	}{
		{"the file alone", "", "", nil, 0, ""},
		{"the flag", "", "", []string{"--collector.assets.top=100"}, 1, path + ":2: --collector.assets.top (or its environment variable) sets this too"},
		{"the variable", "RUNZERO_COLLECTOR_ASSETS_TOP", "100", nil, 1, path + ":2: --collector.assets.top (or its environment variable) sets this too"},
		{"the switch", "", "", []string{"--no-collector.assets"}, 1, path + ":2: --collector.assets (or its environment variable) sets this too"},
		{"an empty variable", "RUNZERO_COLLECTOR_ASSETS_TOP", "", nil, 0, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.variable != "" {
				t.Setenv(c.variable, c.value)
			}
			t.Setenv("RUNZERO_CONFIG_FILE", path)
			code, _, stderr := runCommand(t, t.Context(), append([]string{"plan", "--limit=100000"}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.wants) {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", code, c.code, stderr, c.wants)
			}
		})
	}
}

func TestDemoHonoursTheIntervalVariable(t *testing.T) {
	t.Setenv("RUNZERO_CACHE_INTERVAL", "7m")
	code, out, stderr := runCommand(t, t.Context(), "once", "--demo")
	if code != 0 || !regexp.MustCompile(`runzero_collector_interval_seconds\{collector="sites".*\} 420\n`).MatchString(out) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
