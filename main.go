// runzero_exporter exports what runZero knows of networks to Prometheus. It asks the
// runZero API in the background, at a pace the account's daily quota can bear, and
// answers scrapes from memory.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const name = "runzero_exporter"

func main() {
	// Releases are stamped by the linker; what go install builds knows its version too.
	if info, ok := debug.ReadBuildInfo(); ok && version.Version == "" {
		version.Version = info.Main.Version
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: flags -> config -> command. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	app := kingpin.New(name, "Prometheus exporter for runZero. It asks the runZero API in the background and answers scrapes from memory.")
	app.Version(version.Print(name)).UsageWriter(stdout).ErrorWriter(stderr)
	app.HelpFlag.Short('h')

	var flags config.Flags
	collectorFlags := addFlags(app, &flags)
	options := addServeFlags(app)
	logLevel := app.Flag("log.level", "Only log what is at least this severe: debug, info, warn, error.").Default("info").Enum("debug", "info", "warn", "error")
	logFormat := app.Flag("log.format", "Format of log lines: logfmt or json.").Default("logfmt").Enum("logfmt", "json")

	serveCommand := app.Command("serve", "Serve metrics; the default.").Default()
	onceCommand := app.Command("once", "Poll everything once, print the metrics and exit: for the textfile collector, or cron.")
	planCommand := app.Command("plan", "Show, without asking, how many API calls a day the intervals take, and whether they fit. Exit code 1 when they do not.")
	plan := addPlanFlags(planCommand)
	checkCommand := app.Command("check", "Try the configuration out, with a few API calls: what each credential reaches, the quota, the clock, TLS. Exit code 1 when something is wrong.")
	check := addCheckFlags(checkCommand)
	scanCommand := app.Command("scan", "Start a scan of a site. It takes an organization token or an account credential; nothing else here ever changes anything.")
	scan := addScanFlags(scanCommand)
	simulateCommand := app.Command("simulate", "Serve a simulated runZero console.")
	simulation := addSimulateFlags(simulateCommand)
	nameEnvironment(app)
	set := setFlags(app)

	command, err := app.Parse(args)
	if err != nil {
		// A token on the command line is not repeated, wherever it was put.
		_, _ = fmt.Fprintf(stderr, "%s: %s; see %s --help\n", name, runzero.Redact(err.Error()), name)
		return 2
	}
	logger := newLogger(stderr, *logLevel, *logFormat)
	flags.Token = getenv("RUNZERO_TOKEN")
	flags.Collectors, flags.Set = collectorFlags(), set()

	switch command {
	case serveCommand.FullCommand():
		err = serve(ctx, logger, flags, options)
	case onceCommand.FullCommand():
		err = once(ctx, logger, flags, options, stdout)
	case planCommand.FullCommand():
		err = plan.run(logger, flags, stdout)
	case checkCommand.FullCommand():
		err = check.run(ctx, flags, options, stdout)
	case scanCommand.FullCommand():
		err = scan.run(ctx, flags, options, stdout)
	case simulateCommand.FullCommand():
		err = simulate(ctx, logger, flags, simulation, stdout)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}

// addFlags adds the flags that say what is asked and how it is counted. The function
// it returns gives the collectors' flags once all are parsed.
func addFlags(app *kingpin.Application, f *config.Flags) func() map[string]config.CollectorFlags {
	app.Flag("config.file", "YAML file, for what flags cannot say: several accounts or credentials, queries, scan ages by site.").StringVar(&f.File)
	app.Flag("runzero.url", "The console, with or without /api/v1.0, a port, a path prefix.").Default(runzero.DefaultURL).StringVar(&f.URL)
	app.Flag("runzero.token-file", "File that holds an export (ET), organization (OT) or account (CT) token. It is read again on use. Instead, the token may be in RUNZERO_TOKEN.").StringVar(&f.TokenFile)
	app.Flag("runzero.client-id", "Id of an OAuth2 API client, instead of a token.").StringVar(&f.ClientID)
	app.Flag("runzero.client-secret-file", "File that holds the secret of the OAuth2 API client. It is read again on use.").StringVar(&f.ClientSecretFile)
	app.Flag("runzero.organization", "Name or id of an organization to poll; repeatable. Default: all that the credential reaches but demo and inactive ones.").StringsVar(&f.Organizations)
	app.Flag("runzero.ca-file", "CA certificates to trust instead of this machine's.").StringVar(&f.CAFile)
	duration(app.Flag("runzero.timeout", "Longest time for one request and its answer.").Default("10m"), &f.Timeout)
	app.Flag("runzero.allow-http", "Allow plain http to a console that is not on this machine. The token goes over the network unencrypted.").BoolVar(&f.AllowHTTP)

	duration(app.Flag("cache.interval", "How long an answer is served before the API is asked again.").Default("15m"), &f.CacheInterval)
	duration(app.Flag("cache.max-age", "Older answers are withdrawn; 0 keeps them.").Default("72h"), &f.CacheMaxAge)

	app.Flag("cache.dir", "Folder to keep answers and the calls spent in, so that a restart costs no call. Default: nothing is kept.").StringVar(&f.CacheDir)

	app.Flag("quota.share", "Part of the account's daily API calls that this exporter may spend.").Default("0.5").Float64Var(&f.QuotaShare)
	app.Flag("quota.reserve", "Part of the account's daily API calls that is left to others: below it, asking stops.").Default("0.1").Float64Var(&f.QuotaReserve)

	app.Flag("collector.assets.labels", "Labels of runzero_assets beside org_name: "+strings.Join(collector.AssetLabels(), ", ")+".").Default("site_name,asset_type,os,alive").StringVar(&f.AssetLabels)
	app.Flag("collector.assets.top", "Values kept for each open-ended label, of any collector, by count; the rest become other.").Default("100").IntVar(&f.AssetTop)
	app.Flag("collector.assets.search", "runZero search query that limits which assets are counted.").StringVar(&f.AssetSearch)
	duration(app.Flag("collector.tasks.scan-max-age", "How old a site's last good scan may get: runzero_scan_max_age_seconds.").Default("7d"), &f.ScanMaxAge)

	type parsed struct {
		enabled  *bool
		interval time.Duration
	}
	collectors := map[string]*parsed{}
	for _, spec := range collector.Specs() {
		p := &parsed{enabled: app.Flag("collector."+spec.Name, "Export "+spec.Help+".").Default(strconv.FormatBool(!spec.OffByDefault)).Bool()}
		if spec.Scope != collector.HeadersOnly {
			text := "Instead of --cache.interval."
			if spec.Interval != 0 {
				text = "Instead of " + model.Duration(spec.Interval).String() + "."
			}
			duration(app.Flag("collector."+spec.Name+".interval", text), &p.interval)
		}
		collectors[spec.Name] = p
	}
	return func() map[string]config.CollectorFlags {
		flags := map[string]config.CollectorFlags{}
		for name, p := range collectors {
			flags[name] = config.CollectorFlags{Enabled: *p.enabled, Interval: p.interval}
		}
		return flags
	}
}

func addServeFlags(app *kingpin.Application) *serveOptions {
	o := &serveOptions{}
	app.Flag("demo", "Export a simulated console in this process: no account, no network. Polls each minute unless --cache.interval is set.").
		BoolVar(&o.demo)
	app.Flag("demo.incidents", "Let things go wrong in the simulated console of --demo, as simulate --simulate.incidents does.").BoolVar(&o.demoIncidents)
	app.Flag("web.telemetry-path", "Path under which to expose metrics.").Default("/metrics").StringVar(&o.telemetryPath)
	app.Flag("web.max-requests", "Scrapes that may go on at once; 0 is no limit.").Default("40").IntVar(&o.maxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out metrics of the exporter itself: go_*, process_*, promhttp_*.").BoolVar(&o.withoutExporterMetrics)
	app.Flag("web.enable-lifecycle", "Reload --config.file at POST /-/reload, as at SIGHUP.").BoolVar(&o.lifecycle)
	app.Flag("web.enable-pprof", "Serve profiles under /debug/pprof/.").BoolVar(&o.pprof)
	o.web = kingpinflag.AddFlags(app, ":10026")
	return o
}

// nameEnvironment gives every flag an environment variable of a name that says whose
// it is: RUNZERO_URL for --runzero.url, RUNZERO_CACHE_INTERVAL for --cache.interval.
// It leaves out what kingpin adds itself, where a variable such as RUNZERO_VERSION,
// set for other reasons, would end the program.
func nameEnvironment(app *kingpin.Application) {
	set := func(flags []*kingpin.FlagModel, get func(string) *kingpin.FlagClause) {
		for _, flag := range flags {
			if flag.Hidden || flag.Name == "help" || flag.Name == "version" {
				continue
			}
			variable := strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(flag.Name))
			get(flag.Name).Envar("RUNZERO_" + strings.TrimPrefix(variable, "RUNZERO_"))
		}
	}
	set(app.Model().Flags, app.GetFlag)
	for _, command := range app.Model().Commands {
		set(command.Flags, app.GetCommand(command.Name).GetFlag)
	}
}

// setFlags gives, once all are parsed, the flags that the user set, on the command line
// or by their environment variables; kingpin's IsSetByUser knows the former alone.
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

// duration reads Prometheus' durations, which know days and weeks.
func duration(flag *kingpin.FlagClause, d *time.Duration) {
	flag.SetValue(durationValue{flag: flag.Model().Name, d: d})
}

type durationValue struct {
	flag string
	d    *time.Duration
}

func (v durationValue) Set(s string) error {
	parsed, err := model.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("--%s: %q is no duration: write it like 90s, 15m, 6h or 7d", v.flag, s)
	}
	*v.d = time.Duration(parsed)
	return nil
}

func (v durationValue) String() string { return model.Duration(*v.d).String() }

func newLogger(w io.Writer, allowed, format string) log.Logger {
	logger := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if format == "json" {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	logger = log.With(logger, "ts", log.DefaultTimestampUTC)
	return level.NewFilter(logger, level.Allow(level.ParseDefault(allowed, level.InfoValue())))
}
