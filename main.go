// runzero_exporter exports what runZero knows about networks to Prometheus. It polls the runZero API in the
// background, at a pace that the account's daily quota can bear, and answers scrapes from memory.
//
// This file turns flags and environment variables into the options of one command and runs it. Only it knows kingpin.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
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
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/command/check"
	"github.com/runzero-exporter/runzero_exporter/internal/command/once"
	"github.com/runzero-exporter/runzero_exporter/internal/command/plan"
	"github.com/runzero-exporter/runzero_exporter/internal/command/scan"
	"github.com/runzero-exporter/runzero_exporter/internal/command/serve"
	"github.com/runzero-exporter/runzero_exporter/internal/command/simulate"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func main() {
	// First of all: a SIGHUP reloads, and must not end the process, however early it comes.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	// Releases are stamped by the linker; what go install builds knows its version, too.
	if info, ok := debug.ReadBuildInfo(); ok && version.Version == "" {
		version.Version = info.Main.Version
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, hangups, os.Args[1:], os.Getenv, os.Stdout, os.Stderr) }()
	code := endInTime(ctx, ended)
	stop()
	os.Exit(code)
}

// stopTimeout is how long a command may take to end after a signal: longer than serve needs by itself, and shorter
// than the promised 5 seconds.
const stopTimeout = 4500 * time.Millisecond

// endInTime returns the exit code of a command. One that hangs after a signal, perhaps on a disk, is left behind.
func endInTime(ctx context.Context, ended <-chan int) int {
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-ended:
		return code
	case <-time.After(stopTimeout):
		// What hangs may be whoever reads the log.
		said := make(chan struct{})
		go func() {
			defer close(said)
			fmt.Fprintln(os.Stderr, exporter.Name+": stopped while something hangs, perhaps a disk")
		}()
		select {
		case <-said:
		case <-time.After(100 * time.Millisecond):
		}
		return 1
	}
}

// run is the program: flags -> options -> one command. It returns the exit code. Each SIGHUP arrives at hangups.
func run(ctx context.Context, hangups <-chan os.Signal, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	app := kingpin.New(exporter.Name, "Prometheus exporter for runZero. It polls the runZero API in the background and answers scrapes from memory.")
	app.Version(version.Print(exporter.Name)).UsageWriter(stdout).ErrorWriter(stderr)
	app.HelpFlag.Short('h')

	var flags config.Flags
	var demo command.Demo
	collectorFlags := addFlags(app, &flags)
	serveOptions := addServeFlags(app, &demo)
	logLevel := oneOf(app.Flag("log.level", "Only log messages of at least this severity: debug, info, warn, error. The command once logs only warnings and errors unless this is set.").Default("info"), "debug", "info", "warn", "error")
	logFormat := oneOf(app.Flag("log.format", "Format of log lines: logfmt or json.").Default("logfmt"), "logfmt", "json")

	app.Command("serve", "Serve metrics; the default.").Default()
	app.Command("once", "Poll everything once, print the metrics and exit: for the textfile collector or cron.")
	planOptions := addPlanFlags(app.Command("plan", "Show, without any request, how many API calls a day the intervals need and whether they fit. Exit code 1 when they do not."))
	var checkOptions check.Options
	app.Command("check", "Try the configuration out with a few API calls: what each credential reaches, the quota, the clock, TLS. Exit code 1 when something is wrong.").
		Flag("show-config", "Print the configuration in force, too, with <secret> for every secret.").BoolVar(&checkOptions.ShowConfig)
	scanOptions := addScanFlags(app.Command("scan", "Start a scan of a site. It needs an organization token or an account credential; no other command ever changes anything."))
	simulateOptions := addSimulateFlags(app.Command("simulate", "Serve a simulated runZero console."))
	addEnvironment(app)
	nameFlags(app)
	set := setFlags(app)

	selected, err := app.Parse(args)
	if err != nil {
		// A token on the command line is never repeated, wherever it was put.
		_, _ = fmt.Fprintf(stderr, "%s: %s; see %s --help\n", exporter.Name, runzero.Redact(explain(app, args, err)), exporter.Name)
		return 2
	}
	flags.TakeToken(getenv)
	flags.Collectors, flags.Set = collectorFlags(), set()
	if selected == "once" && !flags.Set["log.level"] {
		*logLevel = "warn" // what runs from cron must be quiet when all is well
	}
	env := command.Env{Logger: newLogger(stderr, *logLevel, *logFormat), Stdout: stdout}

	if selected != "serve" {
		signal.Reset(syscall.SIGHUP) // there is nothing to reload: it ends the command, as its terminal is gone
		if len(hangups) > 0 {
			return 1
		}
	}
	switch selected {
	case "serve":
		serveOptions.Flags, serveOptions.Demo, serveOptions.Hangups = flags, demo, hangups
		err = serve.Run(ctx, env, *serveOptions)
	case "once":
		err = once.Run(ctx, env, once.Options{Flags: flags, Demo: demo})
	case "plan":
		planOptions.Flags = demo.Uncached(env, flags)
		err = plan.Run(ctx, env, *planOptions)
	case "check":
		checkOptions.Flags, checkOptions.Demo, checkOptions.WebConfigFile = flags, demo, *serveOptions.Web.WebConfigFile
		err = check.Run(ctx, env, checkOptions)
	case "scan":
		scanOptions.Flags, scanOptions.Demo = flags, demo
		err = scan.Run(ctx, env, *scanOptions)
	case "simulate":
		simulateOptions.Flags = flags
		err = simulate.Run(ctx, env, *simulateOptions)
	default:
		err = errors.New("no such command: " + selected)
	}
	if err != nil {
		if *logFormat == "json" {
			level.Error(newLogger(stderr, *logLevel, *logFormat)).Log("msg", exporter.Name+" failed", "err", err)
		} else {
			_, _ = fmt.Fprintf(stderr, "%s: %v\n", exporter.Name, err)
		}
		return 1
	}
	return 0
}

// addFlags adds the flags of the configuration. The returned function gives those of collectors once all are parsed.
func addFlags(app *kingpin.Application, f *config.Flags) func() map[string]config.CollectorFlags {
	app.Flag("config.file", "YAML file for what flags cannot express: several accounts or credentials, queries, scan ages by site.").StringVar(&f.File)
	app.Flag("runzero.url", "URL of the console, with or without /api/v1.0, a port or a path prefix.").Default(runzero.DefaultURL).StringVar(&f.URL)
	app.Flag("runzero.token-file", "File with an export (ET or XT), organization (OT) or account (CT) token. It is read again at each use. The token may be in RUNZERO_TOKEN, RUNZERO_EXPORT_TOKEN or RUNZERO_ORG_TOKEN instead.").StringVar(&f.TokenFile)
	app.Flag("runzero.client-id", "Id of an OAuth2 API client, instead of a token.").StringVar(&f.ClientID)
	app.Flag("runzero.client-secret-file", "File with the secret of the OAuth2 API client. It is read again at each use.").StringVar(&f.ClientSecretFile)
	app.Flag("runzero.organization", "Name or id of an organization to poll; repeatable. Default: all that the credential reaches, except demo and inactive ones.").StringsVar(&f.Organizations)
	app.Flag("runzero.ca-file", "CA certificates to trust instead of the system's.").StringVar(&f.CAFile)
	duration(app.Flag("runzero.timeout", "Timeout of one request, including its response.").Default("10m"), &f.Timeout)
	app.Flag("runzero.allow-http", "Allow plain http to a console on another machine. The token is then sent unencrypted.").BoolVar(&f.AllowHTTP)

	duration(app.Flag("cache.interval", "Time between two polls, for collectors without an interval of their own. Assets are polled when they have changed: see --collector.assets.refresh.").Default("15m"), &f.CacheInterval)
	duration(app.Flag("cache.max-age", "Stop exposing results that are older than this; 0 exposes them forever. Default intervals become at most half of it. A result whose interval the quota has lengthened is exposed for at least two such intervals.").Default("72h"), &f.CacheMaxAge)
	app.Flag("cache.dir", "Folder to cache results and the count of API calls in, so that a restart costs no call. Default: nothing is cached.").StringVar(&f.CacheDir)
	app.Flag("cache.required", "Exit when --cache.dir is in use by another exporter for more than 30s, instead of running without a cache until it is free.").BoolVar(&f.CacheRequired)

	app.Flag("quota.share", "Share of the account's daily API calls that this exporter may make.").Default("0.5").Float64Var(&f.QuotaShare)
	app.Flag("quota.reserve", "Share of the account's daily API calls that is left to other tools: below it, polling pauses.").Default("0.1").Float64Var(&f.QuotaReserve)
	app.Flag("quota.limit", "The account's daily API calls, for consoles that do not report them: the number of its licensed assets; 0 is no limit. Default: estimated from the live assets on runZero's own consoles, else no limit.").SetValue(&optionalCalls{&f.QuotaLimit})

	app.Flag("collector.assets.labels", "Labels of runzero_assets beside org_name: "+strings.Join(collector.AssetLabels(), ", ")+".").Default("site_name,asset_type,os,alive").StringVar(&f.AssetLabels)
	app.Flag("collector.assets.top", "Number of values to keep for each open-ended label of any collector, the most frequent first; the rest become other.").Default("100").IntVar(&f.AssetTop)
	app.Flag("collector.assets.search", "runZero search query that limits which assets are counted.").StringVar(&f.AssetSearch)
	app.Flag("collector.assets.tags", "Tags to count assets by, such as env,location: runzero_assets_by_tag, and with it runzero_assets_by_owner. At most 10, at no extra call.").StringVar(&f.AssetTags)
	refresh := oneOf(app.Flag("collector.assets.refresh", "When an organization's assets are polled: changes (when one of its tasks has ended that can change them, and at the latest after --collector.assets.max-interval) or interval (at each interval).").Default(config.RefreshOnChange), config.RefreshOnChange, config.RefreshByInterval)
	duration(app.Flag("collector.assets.max-interval", "Longest time between two polls of the assets while nothing has changed, instead of "+model.Duration(config.DefaultAssetMaxInterval).String()+"."), &f.AssetMaxInterval)
	duration(app.Flag("collector.tasks.scan-max-age", "Maximum age of a site's last good scan: runzero_scan_max_age_seconds.").Default("7d"), &f.ScanMaxAge)

	parsed := map[string]*config.CollectorFlags{}
	for _, spec := range collector.Specs() {
		p := &config.CollectorFlags{}
		parsed[spec.Name] = p
		app.Flag("collector."+spec.Name, "Export "+spec.Help+".").Default(strconv.FormatBool(!spec.OffByDefault)).BoolVar(&p.Enabled)
		if spec.Scope != collector.HeadersOnly {
			usual := "--cache.interval"
			if spec.Interval != 0 {
				usual = model.Duration(spec.Interval).String()
			}
			if spec.ChangedBy != "" {
				usual += "; while it is polled on change, the shortest time between two polls"
			}
			duration(app.Flag("collector."+spec.Name+".interval", "Interval of this collector, instead of "+usual+"."), &p.Interval)
			app.Flag("collector."+spec.Name+".weight", fmt.Sprintf("How much longer than others this interval may become when the quota is short, instead of %g.", schedule.DefaultWeight(spec))).Float64Var(&p.Weight)
		}
	}
	return func() map[string]config.CollectorFlags {
		f.AssetRefresh = *refresh
		flags := map[string]config.CollectorFlags{}
		for name, p := range parsed {
			flags[name] = *p
		}
		return flags
	}
}

func addServeFlags(app *kingpin.Application, demo *command.Demo) *serve.Options {
	o := &serve.Options{}
	app.Flag("demo", "Export a simulated console in this process: no account, no network. Polls every minute unless --cache.interval is set.").BoolVar(&demo.Enabled)
	app.Flag("demo.incidents", "Let things go wrong in the simulated console of --demo, as simulate --simulate.incidents does.").BoolVar(&demo.Incidents)
	app.Flag("web.telemetry-path", "Path under which to expose metrics.").Default("/metrics").StringVar(&o.Handler.TelemetryPath)
	app.Flag("web.max-requests", "Maximum number of scrapes at the same time; 0 is no limit.").Default("40").IntVar(&o.Handler.MaxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics of the exporter's own process: go_*, process_*, promhttp_*.").BoolVar(&o.DisableExporterMetrics)
	app.Flag("web.enable-lifecycle", "Reload --config.file at POST /-/reload, as at SIGHUP.").BoolVar(&o.EnableLifecycle)
	app.Flag("web.grafana-url", "Address of the Grafana that has the dashboards, for links from the status page.").StringVar(&o.Handler.GrafanaURL)
	app.Flag("web.enable-pprof", "Serve profiles under /debug/pprof/.").BoolVar(&o.Handler.Pprof)
	o.Web = kingpinflag.AddFlags(app, ":10026")
	return o
}

func addPlanFlags(c *kingpin.CmdClause) *plan.Options {
	o := &plan.Options{}
	c.Flag("limit", "API calls a day of the account, which is its licensed assets. Default: what --cache.dir remembers of the last run, else --quota.limit.").Int64Var(&o.Limit)
	c.Flag("scans-per-day", "Scans, imports and connectors that end in an organization each day, after each of which its assets are polled.").Default("1").Float64Var(&o.ScansPerDay)
	c.Flag("organizations", "Number of organizations that are polled. Default: what --cache.dir remembers, else those of --runzero.organization, else 1.").IntVar(&o.Organizations)
	return o
}

func addScanFlags(c *kingpin.CmdClause) *scan.Options {
	o := &scan.Options{Further: scan.Further{}}
	c.Flag("account", "Account of --config.file; required when it has several.").StringVar(&o.Account)
	c.Flag("site", "Name or id of the site to scan, which is found in all organizations that the credential reaches, or in that of --runzero.organization.").Required().StringVar(&o.Site)
	c.Flag("explorer", "Name or id of the Explorer that scans. One of --explorer, --explorer-group and --hosted-zone is required.").StringVar(&o.Explorer)
	c.Flag("explorer-group", "Id of the Explorer group that scans.").StringVar(&o.Group)
	c.Flag("hosted-zone", "Name or id of the hosted zone that scans, or auto for any: runZero's own Explorers, which scan public targets only, so that --targets is required.").StringVar(&o.Zone)
	c.Flag("targets", "What to scan: addresses, networks, names; repeatable, or separated by commas. Default: defaults, the site's own scope.").StringsVar(&o.Targets)
	c.Flag("name", "Name of the task. Default: chosen by the console.").StringVar(&o.Name)
	c.Flag("rate", "Packets a second. Default: chosen by the console.").Int64Var(&o.Rate)
	c.Flag("option", "Any other option of a scan, as KEY=VALUE, such as tcp-ports=1-1000 or scan-frequency=daily; repeatable.").SetValue(o.Further)
	c.Flag("force", "Send targets and options that runZero does not document, and targets that are not public to a hosted zone, all the same.").BoolVar(&o.Force)
	c.Flag("dry-run", "Look up the site and print the request without sending it.").BoolVar(&o.DryRun)
	return o
}

func addSimulateFlags(c *kingpin.CmdClause) *simulate.Options {
	o := &simulate.Options{}
	c.Flag("simulate.listen-address", "Address of the simulated console.").Default("127.0.0.1:10027").StringVar(&o.Address)
	c.Flag("simulate.seed", "Seed of the console: the same seed makes the same console.").Default("1").Uint64Var(&o.Console.Seed)
	c.Flag("simulate.organizations", "Number of organizations, beside a demo and an inactive one.").Default("3").IntVar(&o.Console.Organizations)
	c.Flag("simulate.assets", "Number of assets of the largest organization.").Default("1200").IntVar(&o.Console.Assets)
	c.Flag("simulate.limit", "API calls a day; a negative number sends no usage headers, like some self-hosted consoles.").Default("10000").IntVar(&o.Console.Limit)
	c.Flag("simulate.missing", "Path below /api/v1.0 that the console is too old to have, such as /export/org/tasks.jsonl; repeatable.").StringsVar(&o.Console.Missing)
	c.Flag("simulate.incidents", "Let things go wrong: scans that stop, an Explorer that is offline, calls that other tools make, a licence that is nearly full and sets the limit. The same for all consoles that start within an hour.").BoolVar(&o.Incidents)
	duration(c.Flag("simulate.history", "Instead of serving, write what Prometheus would have scraped in this time from an exporter of the console, as OpenMetrics text for promtool tsdb create-blocks-from openmetrics. Collectors and intervals are set by their flags.").Default("0s"), &o.History.Length)
	duration(c.Flag("simulate.history-step", "Time between two scrapes of the history.").Default("5m"), &o.History.Step)
	c.Flag("simulate.history-job", "Label job of the history.").Default("runzero").StringVar(&o.History.Job)
	c.Flag("simulate.history-instance", "Label instance of the history.").Default("localhost:10026").StringVar(&o.History.Instance)
	return o
}

// addEnvironment gives every flag an environment variable: RUNZERO_URL for --runzero.url, RUNZERO_CACHE_INTERVAL for
// --cache.interval. Not kingpin's own: a RUNZERO_VERSION that is set for other reasons would end the program. And not
// those of scan: an environment must never widen a scan.
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
		if c.Name != "scan" {
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

// duration reads Prometheus' durations, which know days and weeks.
func duration(flag *kingpin.FlagClause, d *time.Duration) { flag.SetValue((*durationValue)(d)) }

type durationValue time.Duration

func (v *durationValue) Set(s string) error {
	parsed, err := model.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("invalid duration %q: write it like 90s, 15m, 6h or 7d", s)
	}
	*v = durationValue(parsed)
	return nil
}

func (v *durationValue) String() string { return model.Duration(*v).String() }

// oneOf reads one of a few words.
func oneOf(flag *kingpin.FlagClause, words ...string) *string {
	v := &wordValue{words: words}
	flag.SetValue(v)
	return &v.word
}

type wordValue struct {
	word  string
	words []string
}

func (v *wordValue) Set(s string) error {
	if !slices.Contains(v.words, s) {
		return fmt.Errorf("invalid value %q: it is one of %s", s, strings.Join(v.words, ", "))
	}
	v.word = s
	return nil
}

func (v *wordValue) String() string { return v.word }

// nameFlags makes the errors about the values of flags name the flag, and say what is wrong in plain words.
func nameFlags(app *kingpin.Application) {
	name := func(flags []*kingpin.FlagModel, get func(string) *kingpin.FlagClause) {
		for _, flag := range flags {
			named := namedValue{flag.Value, flag.Name, flag.Envar}
			getter, _ := flag.Value.(kingpin.Getter)
			switch _, list := flag.Value.(interface{ IsCumulative() bool }); {
			case flag.Name == "help" || flag.Name == "version" || list:
			case flag.IsBoolFlag():
				get(flag.Name).SetValue(namedSwitch{named})
			case getter == nil || fmt.Sprintf("%T", getter.Get()) != "string": // any string is valid
				get(flag.Name).SetValue(named)
			}
		}
	}
	name(app.Model().Flags, app.GetFlag)
	for _, c := range app.Model().Commands {
		name(c.Flags, app.GetCommand(c.Name).GetFlag)
	}
}

type namedValue struct {
	kingpin.Value

	flag, variable string
}

// Set checks numbers before kingpin does, which reads whole numbers as fractions and cuts them.
func (v namedValue) Set(s string) error {
	var err error
	what := ""
	if getter, ok := v.Value.(kingpin.Getter); ok {
		switch getter.Get().(type) {
		case bool:
			_, err = strconv.ParseBool(s)
			what = "write true or false"
		case float64:
			_, err = strconv.ParseFloat(s, 64)
			what = "write a number like 0.5"
		case int, int64:
			_, err = strconv.ParseInt(s, 10, 64)
			what = "write a whole number"
		case uint64:
			_, err = strconv.ParseUint(s, 10, 64)
			what = "write a whole number that is not negative"
		}
	}
	if err != nil {
		err = fmt.Errorf("invalid value %q: %s", s, what)
	} else {
		err = v.Value.Set(s)
	}
	switch {
	case err == nil:
		return nil
	case v.variable != "" && os.Getenv(v.variable) == s:
		return fmt.Errorf("--%s (set by %s): %w", v.flag, v.variable, err)
	}
	return fmt.Errorf("--%s: %w", v.flag, err)
}

type namedSwitch struct{ namedValue }

// IsBoolFlag makes kingpin accept the flag without a value.
func (namedSwitch) IsBoolFlag() bool { return true }

// explain says what is wrong with a command line where kingpin does not: which flag or command was meant, and that
// switches take no value.
func explain(app *kingpin.Application, args []string, err error) string {
	flags := app.Model().Flags
	var names, commands []string
	for _, c := range app.Model().Commands {
		commands, flags = append(commands, c.Name), append(flags, c.Flags...)
	}
	for _, flag := range flags {
		names = append(names, flag.Name)
	}
	if wrong, found := strings.CutPrefix(err.Error(), "unknown long flag '--"); found {
		return "unknown flag --" + suggest(strings.TrimSuffix(wrong, "'"), names, "--")
	}
	wrong, found := strings.CutPrefix(err.Error(), "unexpected ")
	if !found {
		return err.Error()
	}
	for _, flag := range flags {
		if flag.IsBoolFlag() && (slices.Contains(args, "--"+flag.Name+"="+wrong) || slices.Contains(args, "--no-"+flag.Name+"="+wrong)) {
			return fmt.Sprintf("--%s takes no value: write --%[1]s or --no-%[1]s", flag.Name)
		}
	}
	return "unexpected argument " + suggest(wrong, commands, "")
}

// suggest returns a misspelt word, followed by what was probably meant after a prefix.
func suggest(wrong string, words []string, prefix string) string {
	if nearest := command.Nearest(wrong, words); nearest != "" && nearest != wrong {
		return wrong + "; perhaps you mean " + prefix + nearest
	}
	return wrong
}

// optionalCalls is a number of calls that may not be set.
type optionalCalls struct{ n **int64 }

func (v optionalCalls) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("invalid value %q: write a number of API calls a day, such as 1000", s)
	}
	*v.n = &n
	return nil
}

func (v optionalCalls) String() string {
	if *v.n == nil {
		return ""
	}
	return strconv.FormatInt(**v.n, 10)
}

func newLogger(w io.Writer, allowed, format string) log.Logger {
	logger := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if format == "json" {
		logger = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	logger = log.With(logger, "ts", log.DefaultTimestampUTC)
	return level.NewFilter(logger, level.Allow(level.ParseDefault(allowed, level.InfoValue())))
}
