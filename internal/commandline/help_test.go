package commandline

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func help(t *testing.T, args ...string) string {
	t.Helper()
	t.Setenv("COLUMNS", "80")
	code, out, stderr := runCommand(t, t.Context(), args...)
	if code != 0 || stderr != "" {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
	for line := range strings.Lines(out) {
		if len(line) > 81 && !strings.Contains(line, "https://") && args[0] != "--help-man" {
			t.Errorf("%v: a line is longer than 80 characters: %s", args, line)
		}
	}
	return out
}

// allFlagNames are the flags that users may set.
func allFlagNames() (names []string) {
	c := newProgram(io.Discard)
	for _, f := range c.allFlags(c.app.Model().Commands) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestHelpBeginsWithTheCommandsAndIsShort(t *testing.T) {
	text := help(t, "--help")
	if other := help(t, "help"); other != text {
		t.Errorf("help and --help differ: %s", other)
	}
	commands, flags := strings.Index(text, "Commands:"), strings.Index(text, "flags:")
	if commands < 0 || flags < commands || strings.Count(text, "\n") > 70 || strings.Contains(text, "--collector.") {
		t.Error(text)
	}
	for name := range newProgram(io.Discard).run {
		if !strings.Contains(text, "\n  "+name+" ") {
			t.Errorf("%s is not among the commands: %s", name, text)
		}
	}
}

// A command's help has its own flags, and those others that it uses.
func TestHelpOfACommandHasItsFlags(t *testing.T) {
	for name, c := range map[string]struct{ has, lacks string }{
		"serve":      {"--web.listen-address --cache.dir --quota.share --demo.incidents", "--collector.assets --limit --site"},
		"check":      {"--show-config --runzero.token-file --web.config.file --demo", "--web.listen-address --cache.interval --site"},
		"plan":       {"--limit --quota.share --cache.dir", "--web.listen-address --runzero.timeout"},
		"once":       {"--runzero.token-file --cache.dir --demo", "--web.listen-address --limit"},
		"scan":       {"--site --option --runzero.organization", "--web.listen-address --cache.dir --quota.share"},
		"simulate":   {"--simulate.history --cache.interval", "--web.listen-address --runzero.token-file"},
		"rules":      {"--label --job --grafana-url --output", "--runzero.url --cache.dir collector"},
		"dashboards": {"<name> --job --grafana-url --output", "--label --runzero.url"},
		"completion": {"<bash|zsh|fish>", "--runzero.url"},
	} {
		text := help(t, name, "--help")
		if strings.Count(text, "\n") > 85 {
			t.Errorf("the help of %s is long: %s", name, text)
		}
		words := strings.FieldsFunc(text, func(r rune) bool {
			return r != '-' && r != '.' && r != '<' && r != '>' && r != '|' && (r < 'a' || r > 'z')
		})
		for _, want := range strings.Fields(c.has) {
			if !slices.Contains(words, want) {
				t.Errorf("the help of %s lacks %s: %s", name, want, text)
			}
		}
		for _, flag := range strings.Fields(c.lacks) {
			if strings.Contains(text, "\n  "+flag) || strings.Contains(text, "\n  --[no-]"+flag[2:]) {
				t.Errorf("the help of %s has %s: %s", name, flag, text)
			}
		}
	}
}

func TestLongHelpAndManPageHaveEveryFlag(t *testing.T) {
	long, man := help(t, "--help-long"), help(t, "--help-man")
	for _, name := range allFlagNames() {
		if !strings.Contains(long, "--"+name) && !strings.Contains(long, "--[no-]"+name) {
			t.Errorf("--help-long lacks --%s", name)
		}
		roffed := strings.ReplaceAll(name, "-", `\-`)
		if !strings.Contains(man, `\-\-`+roffed+`\fR`) && !strings.Contains(man, `[\fBno\-\fR]\fB`+roffed+`\fR`) {
			t.Errorf("the man page lacks --%s", name)
		}
	}
	before := 0
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES", "SEE ALSO"} {
		at := strings.Index(man, "\n.SH "+section+"\n")
		if at <= before {
			t.Errorf("the man page has no section %s, or not where it belongs", section)
		}
		before = at
	}
	if !strings.HasPrefix(man, ".TH RUNZERO_EXPORTER 1 ") || man != help(t, "--help-man") {
		t.Errorf("the head of the man page is wrong, or it is another one each time: %.100s", man)
	}
}
