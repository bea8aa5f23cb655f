package commandline

import (
	"context"
	_ "embed"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// Each script is complete in itself, so that completing runs nothing.
var (
	//go:embed completion.bash.tmpl
	bashTemplate string
	//go:embed completion.zsh.tmpl
	zshTemplate string
	//go:embed completion.fish.tmpl
	fishTemplate string
)

func (c *program) addCompletion() {
	var shell string
	scripts := map[string]string{"bash": bashTemplate, "zsh": zshTemplate, "fish": fishTemplate}
	cmd := c.add("completion", "Print a script that completes commands, flags and values in bash, zsh or fish.", func(context.Context, command.Env) error {
		return c.print(scripts[shell])
	})
	oneOf(cmd.Arg("bash|zsh|fish", "The shell.").Required(), &shell, "bash", "zsh", "fish")
}

// quoted is text between single quotes, in any of the shells.
func quoted(text string) string { return strings.ReplaceAll(text, "'", `'\''`) }

// escape is quoted for zsh's descriptions, in which colons and brackets have a meaning.
func escape(text string) string {
	return quoted(strings.NewReplacer(":", `\:`, "[", `\[`, "]", `\]`).Replace(text))
}
