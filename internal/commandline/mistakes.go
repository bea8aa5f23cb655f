package commandline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
)

// hint says what to do instead of using a flag that other programs have, and that this one does not.
func hint(flag string) string {
	const instead = "a secret is never a flag, because every user of this machine can read those: "
	last := flag[strings.LastIndexAny(flag, ".-")+1:]
	for _, known := range []struct{ names, text string }{
		{"secret", instead + "put it into a file, and name that with --runzero.client-secret-file"},
		{"token key apikey password", instead + "set RUNZERO_TOKEN, or put it into a file, and name that with --runzero.token-file"},
		{"port p address host bind l", "set address and port with --web.listen-address, such as --web.listen-address=:10026"},
		{"insecure k verify", "trust the console's own CA with --runzero.ca-file"},
		{"verbose debug v", "set --log.level=debug to log more, or show the version with --version"},
		{"quiet q", "set --log.level=error to log less"},
		{"V", "perhaps you mean --version"},
		{"c f", "perhaps you mean --config.file"},
	} {
		if slices.Contains(strings.Fields(known.names), last) {
			return "; " + known.text
		}
	}
	return ""
}

// named returns the command that the arguments name, if any.
func (c *program) named(args []string) string {
	for _, arg := range args {
		if c.run[arg] != nil {
			return arg
		}
	}
	return ""
}

// missingValue finds a flag without the value that it needs. kingpin ignores such a flag before the default command.
func (c *program) missingValue(args []string) error {
	for i, arg := range args {
		if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			continue
		}
		for _, f := range c.allFlags(c.app.Model().Commands) {
			if "--"+f.Name == arg && !f.IsBoolFlag() {
				return fmt.Errorf("%s needs a value: write %[1]s=%s", arg, f.FormatPlaceHolder())
			}
		}
	}
	return nil
}

// allFlags returns the flags of the program, and those of commands.
func (c *program) allFlags(commands []*kingpin.CmdModel) []*kingpin.FlagModel {
	flags := c.app.Model().Flags
	for _, command := range commands {
		flags = append(flags, command.Flags...)
	}
	return flags
}

// explain says what is wrong with a command line where kingpin does not, and what was probably meant. It repeats no
// value of an unknown flag, which may be a secret.
func (c *program) explain(args []string, err error) string {
	text := err.Error()
	_, quoted, _ := strings.Cut(text, "'")
	quoted, _, _ = strings.Cut(quoted, "'")
	switch {
	case strings.HasPrefix(text, "unknown long flag"):
		return "unknown flag " + quoted + c.meant(args, strings.TrimPrefix(quoted, "--"))
	case strings.HasPrefix(text, "unknown short flag"):
		for _, arg := range args {
			if name, _, _ := strings.Cut(arg, "="); len(name) > 3 && name[0] == '-' && name[1] != '-' {
				return fmt.Sprintf("unknown flag %s; flags begin with two dashes, like -%[1]s", name)
			}
		}
		return "unknown flag " + quoted + hint(quoted[1:])
	case strings.HasSuffix(text, "cannot be repeated"):
		return "--" + quoted + " is set more than once"
	case strings.HasPrefix(text, "required "):
		return c.named(args) + " needs " + strings.TrimPrefix(quoted, "argument ")
	}
	wrong, found := strings.CutPrefix(text, "unexpected ")
	if !found {
		return text
	}
	for _, flag := range c.allFlags(c.app.Model().Commands) {
		if flag.IsBoolFlag() && (slices.Contains(args, "--"+flag.Name+"="+wrong) || slices.Contains(args, "--no-"+flag.Name+"="+wrong)) {
			return fmt.Sprintf("--%s takes no value: write --%[1]s or --no-%[1]s", flag.Name)
		}
	}
	if nearest := command.Nearest(wrong, slices.Sorted(maps.Keys(c.run))); nearest != "" && nearest != wrong {
		wrong += "; perhaps you mean " + nearest
	}
	return "unexpected argument " + wrong
}

// meant says what was probably meant by a flag that does not exist, or not for this command.
func (c *program) meant(args []string, wrong string) string {
	commands := c.app.Model().Commands
	for _, other := range commands {
		if slices.ContainsFunc(other.Flags, func(f *kingpin.FlagModel) bool { return f.Name == wrong }) {
			return "; it is a flag of the command " + other.Name
		}
	}
	if text := hint(wrong); text != "" {
		return text
	}
	var names, begin, end []string
	commands = slices.DeleteFunc(commands, func(other *kingpin.CmdModel) bool { return other.Name != c.named(args) })
	for _, f := range c.allFlags(commands) {
		names = append(names, f.Name)
		if strings.HasPrefix(f.Name, wrong) {
			begin = append(begin, f.Name)
		}
		if strings.HasSuffix(f.Name, "."+wrong) {
			end = append(end, f.Name)
		}
	}
	switch nearest := command.Nearest(wrong, names); {
	case len(begin) == 1:
		return "; perhaps you mean --" + begin[0]
	case nearest != "":
		return "; perhaps you mean --" + nearest
	case len(end) > 0:
		return "; perhaps you mean --" + end[0] // the most general is first
	}
	return ""
}
