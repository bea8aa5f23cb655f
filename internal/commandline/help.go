package commandline

import (
	_ "embed"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

var (
	//go:embed help.tmpl
	helpTemplate string
	//go:embed help-long.tmpl
	longHelpTemplate string
	//go:embed man.tmpl
	manTemplate string
)

// commonFlags are those in the help of the program.
const commonFlags = "demo config.file runzero.url runzero.token-file runzero.organization cache.dir cache.interval quota.share " +
	"web.listen-address web.config.file log.level log.format help version"

// generalFlags are the flags outside of a command's own that it uses, or the beginnings of their names with a dot.
// Those of single collectors are in the long help only.
func generalFlags(command string) []string {
	flags := map[string]string{
		"serve":    "config.file runzero. cache. quota. demo demo. web. log.level",
		"check":    "config.file runzero. cache.dir quota. demo web.config.file log.level",
		"plan":     "config.file runzero.url runzero.token-file runzero.organization cache.interval cache.max-age cache.dir quota. demo log.level",
		"once":     "config.file runzero. cache. quota. demo demo. log.level",
		"scan":     "config.file runzero. demo log.level",
		"simulate": "cache.interval quota. log.level",
	}[command]
	return strings.Fields(flags + " log.format help")
}

// describe makes help that begins with what most people look for.
func (c *program) describe() {
	c.app.HelpFlag.Help("Show this help, or after a command that of the command. --help-long shows everything, --help-man is a man page.").Short('h')
	name := func(flags []*kingpin.FlagModel, get func(string) *kingpin.FlagClause) {
		for _, f := range flags {
			if !f.IsBoolFlag() && f.PlaceHolder == "" && len(f.Default) == 0 {
				get(f.Name).PlaceHolder(strings.ToUpper(f.Name[strings.LastIndexAny(f.Name, ".-")+1:]))
			}
		}
	}
	name(c.app.Model().Flags, c.app.GetFlag)
	for _, command := range c.app.Model().Commands {
		name(command.Flags, c.app.GetCommand(command.Name).GetFlag)
	}
	c.app.UsageTemplate(helpTemplate).UsageFuncs(template.FuncMap{
		"CommandsToTwoColumns": func(commands []*kingpin.CmdModel) (rows [][2]string) {
			for _, command := range listed(commands) {
				rows = append(rows, [2]string{command.Name, firstSentence(command.Help)})
			}
			return rows
		},
		"CommonFlags": func(flags []*kingpin.FlagModel) []*kingpin.FlagModel {
			return brief(flags, strings.Fields(commonFlags))
		},
		"GeneralFlags": func(flags []*kingpin.FlagModel, of string) []*kingpin.FlagModel {
			return brief(flags, generalFlags(of))
		},
		"FlagsToTwoColumns": flagRows,
		"Listed":            listed,
		"Upper":             strings.ToUpper,
		"Roff":              roff,
		"Date": func() string {
			if built, err := time.Parse("20060102-15:04:05", version.BuildDate); err == nil {
				return built.Format(time.DateOnly)
			}
			return ""
		},
		"Version": func() string { return version.Version },
		"On":      switchedOn,
	})
}

// printed prints the long help or the man page if the arguments ask for it. kingpin's own have the commands last.
func (c *program) printed(args []string) bool {
	for flag, text := range map[string]string{"--help-long": longHelpTemplate, "--help-man": manTemplate} {
		if slices.Contains(args, flag) {
			if context, err := c.app.ParseContext([]string{"--help"}); err == nil {
				return c.app.UsageForContextWithTemplate(context, 2, text) == nil
			}
		}
	}
	return false
}

// listed leaves out kingpin's command help, which is as good as a flag.
func listed(commands []*kingpin.CmdModel) []*kingpin.CmdModel {
	return slices.DeleteFunc(slices.Clone(commands), func(c *kingpin.CmdModel) bool { return c.Hidden || c.Name == "help" })
}

// brief returns the wanted flags in their order, without the details of their help.
func brief(flags []*kingpin.FlagModel, wanted []string) (found []*kingpin.FlagModel) {
	for i, name := range wanted {
		for _, f := range flags {
			if !f.Hidden && (f.Name == name || strings.HasSuffix(name, ".") && strings.HasPrefix(f.Name, name)) && !slices.Contains(wanted[:i], f.Name) {
				short := *f
				short.Help, short.Envar = firstSentence(f.Help), ""
				found = append(found, &short)
			}
		}
	}
	return found
}

// flagRows is kingpin's, but for flags that it would show as --[no-]help.
func flagRows(flags []*kingpin.FlagModel) (rows [][2]string) {
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		name := "--" + f.Name
		switch list, ok := f.Value.(interface{ IsCumulative() bool }); {
		case switchedOn(f):
			name = "--[no-]" + f.Name
		case f.Short != 0:
			name = "-" + string(f.Short) + ", " + name
		case !f.IsBoolFlag():
			name += "=" + f.FormatPlaceHolder()
			if ok && list.IsCumulative() {
				name += " ..."
			}
		}
		rows = append(rows, [2]string{name, f.HelpWithEnvar()})
	}
	return rows
}

// switchedOn is whether a flag is a switch that is on unless it is set to off.
func switchedOn(f *kingpin.FlagModel) bool {
	return f.IsBoolFlag() && slices.Equal(f.Default, []string{"true"})
}

func firstSentence(text string) string {
	first, _, cut := strings.Cut(text, ". ")
	if cut {
		first += "."
	}
	return first
}

// roff escapes text for a man page.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
