//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/alerts"
)

// run runs a program to its end, and returns what it prints.
func run(t *testing.T, path string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), path, args...)
	command.Env = []string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=dumb", "LC_ALL=C.UTF-8"}
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", path, strings.Join(args, " "), err, output)
	}
	return string(output)
}

// Each shell loads its script, and completes what somebody has typed.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "token.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	shells := map[string]func(script, typed string) string{
		"bash": func(script, typed string) string {
			words := strings.Fields(strings.ReplaceAll(typed, "=", " = ")) // as bash splits them
			const complete = `source "$0"; COMP_WORDS=(runzero_exporter "$@"); COMP_CWORD=$#
				_runzero_exporter 2>/dev/null; printf '%s\n' "${COMPREPLY[@]}"`
			return run(t, "bash", append([]string{"-c", complete, script}, words...)...)
		},
		"fish": func(script, typed string) string {
			return run(t, "fish", "-c", "source $argv[1]; complete -C $argv[2]", script, "runzero_exporter "+typed)
		},
		// zsh completes on a terminal only. The end of what is expected is read from there: it is what zsh adds.
		"zsh": func(script, typed string) string {
			const complete = `zmodload zsh/zpty
				zpty shell zsh -f -i
				zpty -w shell "PROMPT=; autoload -Uz compinit; compinit -u -D; source $1; echo RE''ADY"
				zpty -r -m shell text '*READY*'
				zpty -w -n shell "runzero_exporter $2"$'\t\C-a: \C-e; echo DO\'\'NE\n'
				zpty -r -m shell text '*DONE*'
				print -r -- "${text##*READY}"
				zpty -d shell`
			return run(t, "zsh", "-f", "-c", complete, "zsh", script, typed)
		},
	}
	for shell, complete := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			script := writeFile(t, "script", run(t, binary, "completion", shell))
			for typed, want := range map[string]string{
				"comp":                          "completion",
				"scan --si":                     "--site",
				"scan --runzero.orga":           "--runzero.organization",
				"--no-collector.lic":            "--no-collector.license",
				"--log.format=js":               "json",
				"--collector.assets.refresh ch": "changes",
				"completion f":                  "fish",
				"dashboards runzero-s":          "runzero-scans",
				"--runzero.token-file=" + folder + "/tok": "token.txt",
				"rules --output " + folder + "/c":         "cache",
			} {
				if got := complete(script, typed); !strings.Contains(got, want) {
					t.Errorf("%q is completed to %q, want %s", typed, got, want)
				}
			}
		})
	}
}

func TestManPageHasNoMistake(t *testing.T) {
	t.Parallel()
	page := writeFile(t, "runzero_exporter.1", run(t, binary, "--help-man"))
	// Lines may be long: nobody edits them.
	for line := range strings.Lines(run(t, "sh", "-c", `mandoc -T lint "$0" || true`, page)) {
		if !strings.Contains(line, "longer than 80 bytes") {
			t.Error(line)
		}
	}
	text := run(t, "mandoc", "-T", "ascii", page)
	if !strings.Contains(text, "2026-01-02") || !strings.Contains(text, "0.0.0-e2e") {
		t.Errorf("the page does not say of which version it is: %.300s", text)
	}
}

// promtool accepts the rules, whatever is filled in.
func TestFilledInRulesAreValid(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		nil,
		{"--job=runzero"},
		{`--job=a "quoted" # job: {{x}}\n`},
		{"--grafana-url=https://grafana.example.com/sub/"},
		{"--label=team=netops"},
		{"--label=team=yes", "--label=tier=1", "--label=note=a: b # 'c' \"d\""},
		{"--job=runzero-eu", "--grafana-url=https://grafana.example.com/%7B%7Bx%7D%7D", "--label=team=netops", "--label=region=eu"},
	} {
		folder := t.TempDir()
		run(t, binary, append([]string{"rules", "--output=" + folder}, flags...)...)
		for _, file := range alerts.Files() {
			got, want := run(t, "promtool", "check", "rules", filepath.Join(folder, file.Name)), run(t, "promtool", "check", "rules", "../../alerts/"+file.Name)
			count := regexp.MustCompile(`SUCCESS: \d+ rules found`).FindString
			if count(got) == "" || count(got) != count(want) {
				t.Errorf("%s, %q: %s, want %s", file.Name, flags, got, want)
			}
		}
	}
}
