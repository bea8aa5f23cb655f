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
	add := func(flags []*kingpin.FlagModel, get func(string) *kingpin.FlagClause) {
		for _, flag := range flags {
			if flag.Hidden || flag.Name == "help" || flag.Name == "version" {
				continue
			}
			variable := strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(flag.Name))
			get(flag.Name).Envar("RUNZERO_" + strings.TrimPrefix(variable, "RUNZERO_"))
		}
	}
	add(app.Model().Flags, app.GetFlag)
	for _, c := range app.Model().Commands {
		if slices.Contains([]string{"check", "plan", "simulate"}, c.Name) {
			add(c.Flags, app.GetCommand(c.Name).GetFlag)
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
