package commandline

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMistakesAreReportedInOneLine(t *testing.T) {
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token := file("token", "ET0123456789")
	for _, c := range []struct {
		what  string
		args  []string
		code  int
		wants string
	}{
		{"no token", nil, 1, "--runzero.token-file"},
		{"no folder that is required", []string{"--cache.required"}, 1, "--cache.dir"},
		{"a download token", []string{"--runzero.token-file", file("download", "DT0123")}, 1, "make an export token"},
		{"a missing token file", []string{"--runzero.token-file", folder + "/none"}, 1, "cannot be read"},
		{"no console", []string{"--runzero.token-file", token, "--runzero.url=console"}, 1, "write it like https://"},
		{"a missing CA file", []string{"--runzero.token-file", token, "--runzero.ca-file", folder + "/none"}, 1, "none"},
		{"an unknown flag", []string{"--runzero.tokn-file=x"}, 2, "unknown flag --runzero.tokn-file; perhaps you mean --runzero.token-file; see runzero_exporter --help"},
		{"an unknown flag like no other", []string{"--nonsense"}, 2, "unknown flag --nonsense; see"},
		{"a flag cut short", []string{"--web.listen=:1"}, 2, "unknown flag --web.listen; perhaps you mean --web.listen-address; see"},
		{"a flag without its first part", []string{"--url=x"}, 2, "perhaps you mean --runzero.url; see"},
		{"a general name", []string{"--config=x"}, 2, "perhaps you mean --config.file; see"},
		{"a misspelt switch", []string{"--vrsion"}, 2, "perhaps you mean --version; see"},
		{"a flag of another command", []string{"--limit=100"}, 2, "unknown flag --limit; it is a flag of the command plan; see"},
		{"a misspelt flag of a command", []string{"scan", "--sit=x"}, 2, "perhaps you mean --site; see runzero_exporter scan --help"},
		{"one dash", []string{"-web.listen-address=:1"}, 2, "flags begin with two dashes, like --web.listen-address; see"},
		{"another program's flag", []string{"--port=1"}, 2, "such as --web.listen-address=:10026; see"},
		{"another program's switch", []string{"-v"}, 2, "unknown flag -v; set --log.level=debug to log more, or show the version with --version; see"},
		{"no verification", []string{"--insecure"}, 2, "--runzero.ca-file; see"},
		{"no value", []string{"--cache.dir"}, 2, "--cache.dir needs a value: write --cache.dir=DIR; see"},
		{"no value before a flag", []string{"--cache.dir", "--demo"}, 2, "--cache.dir needs a value"},
		{"a flag twice", []string{"--cache.interval=1h", "--cache.interval=2h"}, 2, "--cache.interval is set more than once; see"},
		{"no site", []string{"scan"}, 2, "scan needs --site; see runzero_exporter scan --help"},
		{"no shell", []string{"completion"}, 2, "completion needs bash|zsh|fish; see"},
		{"an unknown shell", []string{"completion", "tcsh"}, 2, "it is one of bash, zsh, fish; see"},
		{"an unknown dashboard", []string{"dashboards", "runzero"}, 2, "it is one of runzero-exporter, runzero-inventory, runzero-organization, runzero-scans; see"},
		{"an invalid label", []string{"rules", "--label=team"}, 2, "--label=team must be KEY=VALUE"},
		{"help on an unknown command", []string{"help", "chek"}, 2, "perhaps you mean check; see"},
		{"an unknown command", []string{"chek"}, 2, "unexpected argument chek; perhaps you mean check; see"},
		{"a second command", []string{"plan", "once"}, 2, "unexpected argument once; see"},
		{"a duration without a unit", []string{"--cache.interval=15"}, 2, `--cache.interval: invalid duration "15": write it like 90s`},
		{"a percentage", []string{"--quota.share=50%"}, 2, `--quota.share: invalid value "50%": write a number like 0.5; see`},
		{"a word for a limit", []string{"--quota.limit=all"}, 2, `runzero_exporter: --quota.limit: invalid value "all": write a number of API calls a day, such as 1000; see`},
		{"a word for a number", []string{"--web.max-requests=many"}, 2, `--web.max-requests: invalid value "many": write a whole number; see`},
		{"a fraction for a whole number", []string{"--collector.assets.top=1.5"}, 2, `--collector.assets.top: invalid value "1.5": write a whole number; see`},
		{"a number that is too large", []string{"plan", "--limit=99999999999999999999"}, 2, `--limit: invalid value "99999999999999999999": write a whole number; see`},
		{"a negative number", []string{"simulate", "--simulate.seed=-1"}, 2, `--simulate.seed: invalid value "-1": write a whole number that is not negative; see`},
		{"a value for a switch", []string{"--collector.services=true"}, 2, "--collector.services takes no value: write --collector.services or --no-collector.services; see"},
		{"an unknown word", []string{"--log.format=xml"}, 2, `--log.format: invalid value "xml": it is one of logfmt, json; see`},
		{"a mistake in the file, and no token", []string{"--config.file", file("typo.yml", "collectors: {asets: {}}")}, 1, `unknown collector "asets"`},
		{"a token in quotes", []string{"--runzero.token-file", file("quoted", "\"ET11226D9EEEA2B035D42569585900\"\n")}, 1, "the token is in quotes"},
		{"an invalid path", []string{"--demo", "--web.telemetry-path={x}"}, 1, "--web.telemetry-path"},
		{"a path that is taken", []string{"--demo", "--web.telemetry-path=/-/ready"}, 1, "--web.telemetry-path"},
		{"an invalid address", []string{"--demo", "--web.listen-address=nowhere:x"}, 1, "--web.listen-address"},
	} {
		t.Run(c.what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			code, _, stderr := runCommand(t, ctx, append([]string{"--log.level=error"}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.wants) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, want %d; stderr %q, want one line with %q", code, c.code, stderr, c.wants)
			}
		})
	}
}

// A token that somebody types is never repeated, wherever it was put.
func TestTypedTokensAreNotRepeated(t *testing.T) {
	const token = "ET0123456789ABCDEF0123456789ABCDEF"
	for _, args := range []string{
		"--runzero.token=" + token, "--runzero.token " + token, "--token=" + token, "--runzero.api-key=" + token, "--runzero.client-secret=" + token,
		token, "check " + token, "--" + token, "--quota.share=" + token, "--config.file=" + token, "check --runzero.token-file=" + token,
		"--runzero.url=" + token, "--cache.interval " + token, "dashboards " + token, "rules --grafana-url=" + token,
	} {
		code, out, stderr := runCommand(t, t.Context(), strings.Fields(args)...)
		if code == 0 || stderr == "" || strings.Contains(out+stderr, token) {
			t.Errorf("%s: exit code %d: %s%s", strings.ReplaceAll(args, token, "TOKEN"), code, out, stderr)
		}
		if secret := strings.Contains(args, "token=") || strings.Contains(args, "token "); secret && !strings.Contains(stderr, "set RUNZERO_TOKEN") {
			t.Errorf("%s: no advice: %s", args, stderr)
		}
	}
}

// So that whoever reads the log as JSON can read why the program did not start, too.
func TestErrorsHaveTheFormatOfTheLog(t *testing.T) {
	for _, c := range []struct {
		args, variable string
		code           int
		err            string
	}{
		{"--log.format=json --log.level=error", "", 1, "no runZero token"},
		{"--log.format=json --cache.intervall=1h", "", 2, "unknown flag --cache.intervall"},
		{"--cache.intervall=1h --log.format json", "", 2, "unknown flag --cache.intervall"},
		{"plan --quota.share=all", "json", 2, "--quota.share: invalid value"},
	} {
		var log bytes.Buffer
		process := Process{Args: strings.Fields(c.args), Stdout: &log, Stderr: &log, Getenv: func(name string) string {
			return map[string]string{"RUNZERO_LOG_FORMAT": c.variable}[name]
		}}
		code := Run(t.Context(), process)
		var line struct{ Level, Msg, Err, TS string }
		if err := json.Unmarshal(log.Bytes(), &line); err != nil || code != c.code || line.Level != "error" || !strings.HasPrefix(line.Err, c.err) || line.TS == "" {
			t.Errorf("%s: exit code %d, error %v: %s", c.args, code, err, log.String())
		}
	}
}
