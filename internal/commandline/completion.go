package commandline

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/alecthomas/kingpin/v2"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

//go:embed completion.*.tmpl
var completionTemplates embed.FS

func (c *program) addCompletion() {
	var shell string
	cmd := c.add("completion", "Print a script that completes commands, flags and values in bash, zsh or fish.", func(_ context.Context, env command.Env) error {
		return c.complete(env, shell)
	})
	oneOf(cmd.Arg("bash|zsh|fish", "The shell.").Required(), &shell, "bash", "zsh", "fish")
}

// completed is a command, or the program, as the scripts complete it.
type completed struct {
	Name, Help string
	Words      []string // that its argument may be
	Flags      []completedFlag
}

type completedFlag struct {
	Name, Help           string
	Words                []string // that its value may be
	Switch, File, Folder bool     // it takes no value, or the name of one
}

// complete prints the script of a shell. It is complete in itself, so that completing runs nothing.
func (c *program) complete(env command.Env, shell string) error {
	scripts, err := template.New("").Funcs(template.FuncMap{"quoted": quoted, "escape": escape}).ParseFS(completionTemplates, "*")
	if err != nil {
		return fmt.Errorf("reading the script: %w", err)
	}
	model := c.app.Model()
	all := []completed{{Name: model.Name, Flags: completedFlags(model.Flags)}}
	for _, m := range listed(model.Commands) {
		one := completed{Name: m.Name, Help: firstSentence(m.Help), Flags: completedFlags(m.Flags)}
		for _, arg := range m.Args {
			one.Words = wordsOf(arg.Value)
		}
		all = append(all, one)
	}
	return scripts.ExecuteTemplate(env.Stdout, "completion."+shell+".tmpl", map[string]any{"Program": all[0], "Commands": all[1:], "All": all})
}

func completedFlags(flags []*kingpin.FlagModel) (all []completedFlag) {
	for _, f := range flags {
		if f.Hidden && !strings.HasPrefix(f.Name, "help-") {
			continue // kingpin's own completion
		}
		one := completedFlag{
			Name: f.Name, Help: firstSentence(f.Help), Words: wordsOf(f.Value), Switch: f.IsBoolFlag(), File: f.PlaceHolder == "FILE", Folder: f.PlaceHolder == "DIR",
		}
		all = append(all, one)
		if switchedOn(f) {
			one.Name, one.Help = "no-"+one.Name, "Do not: "+one.Help
			all = append(all, one)
		}
	}
	return all
}

// quoted is text between single quotes, in any of the shells.
func quoted(text string) string { return strings.ReplaceAll(text, "'", `'\''`) }

// escape is quoted for zsh's descriptions, in which colons and brackets have a meaning.
func escape(text string) string {
	return quoted(strings.NewReplacer(":", `\:`, "[", `\[`, "]", `\]`).Replace(text))
}
