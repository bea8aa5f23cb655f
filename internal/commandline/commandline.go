// Package commandline turns flags and environment variables into the options of one command, and runs it. Only it knows
// kingpin.
package commandline

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/command/serve"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Process is what the operating system gives the program.
type Process struct {
	Args           []string // without the program's name
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	Terminal       bool             // Stderr is a terminal: commands show their progress there
	Hangups        <-chan os.Signal // receives each SIGHUP since the process began
}

// Run runs the command that the arguments select. It returns the exit code: 1 when the command fails, 2 when the
// arguments are wrong.
func Run(ctx context.Context, p Process) int {
	// The first word, as a flag, gets the same explanations as everything else.
	if i := slices.IndexFunc(p.Args, func(arg string) bool { return !strings.HasPrefix(arg, "-") }); i >= 0 && p.Args[i] == "help" {
		p.Args = append(slices.Delete(slices.Clone(p.Args), i, i+1), "--help")
	}
	c := newProgram(p.Stdout)
	// kingpin's own have the commands last.
	for flag, text := range map[string]string{"--help-long": longHelpTemplate, "--help-man": manTemplate} {
		if slices.Contains(p.Args, flag) && c.print(text) == nil {
			return 0
		}
	}
	ended := false
	c.app.Terminate(func(int) { ended = true }) // after --help and --version
	selected, err := "", c.missingValue(p.Args)
	if err == nil {
		selected, err = c.app.Parse(p.Args)
	}
	switch {
	case ended:
		return 0
	case err != nil:
		if wantsJSON(p) {
			c.logFormat = "json"
		}
		c.report(p.Stderr, fmt.Sprintf("%s; see %s --help", c.explain(p.Args, err), strings.TrimSpace(exporter.Name+" "+c.named(p.Args))))
		return 2
	}
	c.flags.TakeToken(p.Getenv)
	c.flags.Collectors, c.flags.Set = c.collectors(), c.set()
	if selected == "once" && !c.flags.Set["log.level"] {
		c.logLevel = "warn" // what runs from cron must be quiet when all is well
	}
	if selected != "serve" {
		signal.Reset(syscall.SIGHUP) // there is nothing to reload: it ends the command, as its terminal is gone
		if len(p.Hangups) > 0 {
			return 1
		}
	}
	c.serve.Hangups = p.Hangups
	env := command.Env{}
	if p.Terminal && p.Getenv("TERM") != "dumb" {
		env.Progress = command.NewProgress(p.Stderr)
	}
	stderr := env.Progress.Beside(p.Stderr)
	env.Stdout, env.Logger = env.Progress.Beside(p.Stdout), newLogger(stderr, c.logLevel, c.logFormat)
	if err := c.run[selected](ctx, env); err != nil {
		c.report(stderr, err.Error())
		return 1
	}
	return 0
}

// program is the definition of the command line and, once that is parsed, what the user set.
type program struct {
	app                 *kingpin.Application
	run                 map[string]func(context.Context, command.Env) error // by command
	flags               config.Flags
	collectors          func() map[string]config.CollectorFlags // once all flags are parsed
	set                 func() map[string]bool                  // likewise: the names of flags that the user set
	demo                command.Demo
	serve               serve.Options
	logLevel, logFormat string
}

// newProgram defines the command line. Help goes to stdout.
func newProgram(stdout io.Writer) *program {
	app := kingpin.New(exporter.Name, "Prometheus exporter for runZero. It polls the runZero API in the background and answers scrapes from memory.")
	app.Version(version.Print(exporter.Name)).UsageWriter(stdout).ErrorWriter(stdout)
	c := &program{app: app, run: map[string]func(context.Context, command.Env) error{}}
	c.collectors = addFlags(app, &c.flags)
	c.addServeFlags()
	oneOf(app.Flag("log.level", "Only log messages of at least this severity: debug, info, warn, error. The command once logs only warnings and errors unless this is set.").Default("info"), &c.logLevel, "debug", "info", "warn", "error")
	oneOf(app.Flag("log.format", "Format of log lines: logfmt or json.").Default("logfmt"), &c.logFormat, "logfmt", "json")
	c.addServe()
	c.addCheck()
	c.addPlan()
	c.addOnce()
	c.addScan()
	c.addRules()
	c.addDashboards()
	c.addSimulate()
	c.addCompletion()
	addEnvironment(app)
	nameFlags(app)
	c.set = setFlags(app)
	c.describe()
	return c
}

// report prints an error, in the format of the log where that is for machines. A token on the command line is never
// repeated, wherever it was put.
func (c *program) report(w io.Writer, text string) {
	text = runzero.Redact(text)
	if c.logFormat == "json" {
		level.Error(newLogger(w, "error", "json")).Log("msg", exporter.Name+" failed", "err", text)
	} else {
		_, _ = fmt.Fprintf(w, "%s: %s\n", exporter.Name, text)
	}
}

// wantsJSON looks for --log.format=json in arguments that cannot be parsed.
func wantsJSON(p Process) bool {
	format := p.Getenv("RUNZERO_LOG_FORMAT")
	if found := regexp.MustCompile(`--log\.format[= ](\w+)`).FindStringSubmatch(strings.Join(p.Args, " ")); found != nil {
		format = found[1]
	}
	return format == "json"
}

func newLogger(w io.Writer, allowed, format string) log.Logger {
	logger := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if format == "json" {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	logger = log.With(logger, "ts", log.DefaultTimestampUTC)
	return level.NewFilter(logger, level.Allow(level.ParseDefault(allowed, level.InfoValue())))
}
