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

// usedFlags are the general flags that a command uses, or the beginnings of their names with a dot; without a command
// the most used ones. Those of single collectors are in the long help only.
func usedFlags(command string) []string {
	return strings.Fields(map[string]string{
		"":         "demo config.file runzero.url runzero.token-file runzero.organization cache.dir cache.interval quota.share web.listen-address web.config.file log.level version",
		"serve":    "config.file runzero. cache. quota. demo demo. web. log.level",
		"check":    "config.file runzero. cache.dir cache.url cache.password-file cache.ca-file cache.cert-file cache.key-file quota. demo web.config.file log.level",
		"plan":     "config.file runzero.url runzero.token-file runzero.organization cache.interval cache.max-age cache.dir cache.url cache.password-file cache.ca-file cache.cert-file cache.key-file quota. demo log.level",
		"once":     "config.file runzero. cache.dir cache.interval cache.max-age cache.required quota. demo demo. log.level",
		"scan":     "config.file runzero. demo log.level",
		"simulate": "cache.interval quota. log.level",
	}[command] + " log.format help")
}

// describe makes help that begins with what most people look for.
func (c *program) describe() {
	c.app.HelpFlag.Help("Show this help, or after a command that of the command. --help-long shows everything, --help-man is a man page.").Short('h')
	eachFlag(c.app, func(_ string, f *kingpin.FlagModel, flag *kingpin.FlagClause) {
		if !f.IsBoolFlag() && f.PlaceHolder == "" && len(f.Default) == 0 {
			flag.PlaceHolder(strings.ToUpper(f.Name[strings.LastIndexAny(f.Name, ".-")+1:]))
		}
	})
	c.app.UsageTemplate(helpTemplate).UsageFuncs(template.FuncMap{
		"CommandsToTwoColumns": func(commands []*kingpin.CmdModel) (rows [][2]string) {
			for _, command := range listed(commands) {
				rows = append(rows, [2]string{command.Name, firstSentence(command.Help)})
			}
			return rows
		},
		"FlagsToTwoColumns": flagRows,
		"Used":              func(flags []*kingpin.FlagModel, by string) []*kingpin.FlagModel { return brief(flags, usedFlags(by)) },
		"Listed":            listed,
		"Shown":             shown,
		"On":                switchedOn,
		"First":             firstSentence,
		"Words":             func(v kingpin.Value) string { return strings.Join(wordsOf(v), " ") },
		"Quoted":            quoted,
		"Escape":            escape,
		"Upper":             strings.ToUpper,
		"Roff":              roff,
		"Version":           func() string { return version.Version },
		"Date": func() string {
			built, err := time.Parse("20060102-15:04:05", version.BuildDate)
			if err != nil {
				return ""
			}
			return built.Format(time.DateOnly)
		},
	})
}

// print prints a template about everything.
func (c *program) print(text string) error {
	parsed, err := c.app.ParseContext([]string{"--help"})
	if err != nil {
		return err
	}
	return c.app.UsageForContextWithTemplate(parsed, 2, text)
}

// listed leaves out kingpin's command help, which is as good as a flag.
func listed(commands []*kingpin.CmdModel) []*kingpin.CmdModel {
	return slices.DeleteFunc(slices.Clone(commands), func(c *kingpin.CmdModel) bool { return c.Hidden || c.Name == "help" })
}

func shown(flags []*kingpin.FlagModel) []*kingpin.FlagModel {
	return slices.DeleteFunc(slices.Clone(flags), func(f *kingpin.FlagModel) bool { return f.Hidden })
}

// brief returns the wanted flags in their order, without the details of their help.
func brief(flags []*kingpin.FlagModel, wanted []string) (found []*kingpin.FlagModel) {
	for i, name := range wanted {
		for _, f := range shown(flags) {
			if (f.Name == name || strings.HasSuffix(name, ".") && strings.HasPrefix(f.Name, name)) && !slices.Contains(wanted[:i], f.Name) {
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
	for _, f := range shown(flags) {
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
