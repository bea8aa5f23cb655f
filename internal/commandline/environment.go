package commandline

import (
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

// addEnvironment gives every flag an environment variable: RUNZERO_URL for --runzero.url, RUNZERO_CACHE_INTERVAL for
// --cache.interval. Not kingpin's own: a RUNZERO_VERSION that is set for other reasons would end the program. And
// only those of commands that read or serve: an environment must never widen a scan or write files.
func addEnvironment(app *kingpin.Application) {
	eachFlag(app, func(command string, f *kingpin.FlagModel, flag *kingpin.FlagClause) {
		if slices.Contains([]string{"", "check", "plan", "simulate"}, command) && !f.Hidden && f.Name != "help" && f.Name != "version" {
			variable := strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(f.Name))
			flag.Envar("RUNZERO_" + strings.TrimPrefix(variable, "RUNZERO_"))
		}
	})
}

// eachFlag calls do with every flag and its command, which is empty for general flags.
func eachFlag(app *kingpin.Application, do func(command string, f *kingpin.FlagModel, flag *kingpin.FlagClause)) {
	for _, f := range app.Model().Flags {
		do("", f, app.GetFlag(f.Name))
	}
	for _, c := range app.Model().Commands {
		for _, f := range c.Flags {
			do(c.Name, f, app.GetCommand(c.Name).GetFlag(f.Name))
		}
	}
}

// setFlags returns, once all flags are parsed, those that the user set on the command line
// or by their environment variables; kingpin's IsSetByUser knows the former only.
func setFlags(app *kingpin.Application) func() map[string]bool {
	given := map[string]*bool{}
	for _, flag := range app.Model().Flags {
		given[flag.Name] = new(bool)
		app.GetFlag(flag.Name).IsSetByUser(given[flag.Name])
	}
	return func() map[string]bool {
		set := map[string]bool{}
		for name, given := range given {
			set[name] = *given || app.GetFlag(name).HasEnvarValue()
		}
		return set
	}
}
