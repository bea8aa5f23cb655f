package commandline

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/command/check"
	"github.com/runzero-exporter/runzero_exporter/internal/command/dashboards"
	"github.com/runzero-exporter/runzero_exporter/internal/command/once"
	"github.com/runzero-exporter/runzero_exporter/internal/command/plan"
	"github.com/runzero-exporter/runzero_exporter/internal/command/rules"
	"github.com/runzero-exporter/runzero_exporter/internal/command/scan"
	"github.com/runzero-exporter/runzero_exporter/internal/command/serve"
	"github.com/runzero-exporter/runzero_exporter/internal/command/simulate"
)

// add defines a command and what runs it.
func (c *program) add(name, help string, run func(context.Context, command.Env) error) *kingpin.CmdClause {
	c.run[name] = run
	return c.app.Command(name, help)
}

func (c *program) addServeFlags() {
	app, o := c.app, &c.serve
	app.Flag("demo", "Export a simulated console in this process: no account, no network. Polls every minute unless --cache.interval is set.").BoolVar(&c.demo.Enabled)
	app.Flag("demo.incidents", "Let things go wrong in the simulated console of --demo, as simulate --simulate.incidents does.").BoolVar(&c.demo.Incidents)
	app.Flag("web.telemetry-path", "Path under which to expose metrics.").Default("/metrics").StringVar(&o.Handler.TelemetryPath)
	app.Flag("web.max-requests", "Maximum number of scrapes at the same time; 0 is no limit.").Default("40").IntVar(&o.Handler.MaxRequests)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics of the exporter's own process: go_*, process_*, promhttp_*.").BoolVar(&o.DisableExporterMetrics)
	app.Flag("web.enable-lifecycle", "Reload --config.file at POST /-/reload, as at SIGHUP.").BoolVar(&o.EnableLifecycle)
	app.Flag("web.grafana-url", "Address of the Grafana that has the dashboards, for links from the status page.").PlaceHolder("URL").StringVar(&o.Handler.GrafanaURL)
	app.Flag("web.enable-pprof", "Serve profiles under /debug/pprof/.").BoolVar(&o.Handler.Pprof)
	o.Web = kingpinflag.AddFlags(app, ":10026")
	app.GetFlag("web.config.file").PlaceHolder("FILE")
}

// settings are those flags that the configuration in force does not include, each in a comment. No flag holds a secret.
func (c *program) settings() string {
	var text strings.Builder
	for _, flag := range c.app.Model().Flags {
		if strings.HasPrefix(flag.Name, "web.") || strings.HasPrefix(flag.Name, "log.") {
			fmt.Fprintf(&text, "# --%s=%s\n", flag.Name, flag.Value)
		}
	}
	return text.String()
}

func (c *program) addServe() {
	c.add("serve", "Serve metrics; the default.", func(ctx context.Context, env command.Env) error {
		c.serve.Flags, c.serve.Demo, c.serve.Settings = c.flags, c.demo, c.settings()
		return serve.Run(ctx, env, c.serve)
	}).Default()
}

func (c *program) addCheck() {
	var o check.Options
	cmd := c.add("check", "Try the configuration out with a few API calls: what each credential reaches, the quota, the clock, TLS. Exit code 1 when something is wrong.", func(ctx context.Context, env command.Env) error {
		o.Flags, o.Demo, o.WebConfigFile = c.flags, c.demo, *c.serve.Web.WebConfigFile
		return check.Run(ctx, env, o)
	})
	cmd.Flag("show-config", "Print the configuration in force, too, with <secret> for every secret.").BoolVar(&o.ShowConfig)
}

func (c *program) addPlan() {
	var o plan.Options
	cmd := c.add("plan", "Show, without any request, how many API calls a day the intervals need and whether they fit. Exit code 1 when they do not.", func(ctx context.Context, env command.Env) error {
		o.Flags = c.demo.Uncached(env, c.flags)
		return plan.Run(ctx, env, o)
	})
	cmd.Flag("limit", "API calls a day of the account, which is its licensed assets. Default: what --cache.dir remembers of the last run, else --quota.limit.").Int64Var(&o.Limit)
	cmd.Flag("scans-per-day", "Scans, imports and connectors that end in an organization each day, after each of which its assets are polled.").Default("1").Float64Var(&o.ScansPerDay)
	cmd.Flag("organizations", "Number of organizations that are polled. Default: what --cache.dir remembers, else those of --runzero.organization, else 1.").IntVar(&o.Organizations)
}

func (c *program) addOnce() {
	c.add("once", "Poll everything once, print the metrics and exit: for the textfile collector or cron.", func(ctx context.Context, env command.Env) error {
		return once.Run(ctx, env, once.Options{Flags: c.flags, Demo: c.demo})
	})
}

func (c *program) addScan() {
	o := scan.Options{Further: scan.Further{}}
	cmd := c.add("scan", "Start a scan of a site. It needs an organization token or an account credential; no other command ever changes anything.", func(ctx context.Context, env command.Env) error {
		o.Flags, o.Demo = c.flags, c.demo
		return scan.Run(ctx, env, o)
	})
	cmd.Flag("account", "Account of --config.file; required when it has several.").StringVar(&o.Account)
	cmd.Flag("site", "Name or id of the site to scan, which is found in all organizations that the credential reaches, or in that of --runzero.organization.").Required().StringVar(&o.Site)
	cmd.Flag("explorer", "Name or id of the Explorer that scans. One of --explorer, --explorer-group and --hosted-zone is required.").StringVar(&o.Explorer)
	cmd.Flag("explorer-group", "Id of the Explorer group that scans.").StringVar(&o.Group)
	cmd.Flag("hosted-zone", "Name or id of the hosted zone that scans, or auto for any: runZero's own Explorers, which scan public targets only, so that --targets is required.").StringVar(&o.Zone)
	cmd.Flag("targets", "What to scan: addresses, networks, names; repeatable, or separated by commas. Default: defaults, the site's own scope.").StringsVar(&o.Targets)
	cmd.Flag("name", "Name of the task. Default: chosen by the console.").StringVar(&o.Name)
	cmd.Flag("rate", "Packets a second. Default: chosen by the console.").Int64Var(&o.Rate)
	cmd.Flag("option", "Any other option of a scan, as KEY=VALUE, such as tcp-ports=1-1000 or scan-frequency=daily; repeatable.").PlaceHolder("KEY=VALUE").SetValue(o.Further)
	cmd.Flag("force", "Send targets and options that runZero does not document, and targets that are not public to a hosted zone, all the same.").BoolVar(&o.Force)
	cmd.Flag("dry-run", "Look up the site and print the request without sending it.").BoolVar(&o.DryRun)
}

func (c *program) addSimulate() {
	var o simulate.Options
	cmd := c.add("simulate", "Serve a simulated runZero console.", func(ctx context.Context, env command.Env) error {
		o.Flags = c.flags
		return simulate.Run(ctx, env, o)
	})
	cmd.Flag("simulate.listen-address", "Address of the simulated console.").Default("127.0.0.1:10027").StringVar(&o.Address)
	cmd.Flag("simulate.seed", "Seed of the console: the same seed makes the same console.").Default("1").Uint64Var(&o.Console.Seed)
	cmd.Flag("simulate.organizations", "Number of organizations, beside a demo and an inactive one.").Default("3").IntVar(&o.Console.Organizations)
	cmd.Flag("simulate.assets", "Number of assets of the largest organization.").Default("1200").IntVar(&o.Console.Assets)
	cmd.Flag("simulate.limit", "API calls a day; a negative number sends no usage headers, like some self-hosted consoles.").Default("10000").IntVar(&o.Console.Limit)
	cmd.Flag("simulate.missing", "Path below /api/v1.0 that the console is too old to have, such as /export/org/tasks.jsonl; repeatable.").StringsVar(&o.Console.Missing)
	cmd.Flag("simulate.incidents", "Let things go wrong in the weeks before now, so that almost every alert has a cause: scans that stop, fail or hang, Explorers that are offline, what is deleted, calls that other tools make, a full licence, which sets the limit. The same for all consoles that start within an hour.").BoolVar(&o.Incidents)
	duration(cmd.Flag("simulate.history", "Instead of serving, write what Prometheus would have scraped in this time from an exporter of the console, and what the alert rules would have recorded for comparison, as OpenMetrics text for promtool tsdb create-blocks-from openmetrics. Collectors and intervals are set by their flags; runzero_assets has fewer labels and values unless flags set them.").Default("0s"), &o.History.Length)
	duration(cmd.Flag("simulate.history-step", "Time between two scrapes of the history.").Default("5m"), &o.History.Step)
	cmd.Flag("simulate.history-job", "Label job of the history.").Default("runzero").StringVar(&o.History.Job)
	cmd.Flag("simulate.history-instance", "Label instance of the history.").Default("localhost:10026").StringVar(&o.History.Instance)
}

func (c *program) addRules() {
	o := rules.Options{Labels: rules.Labels{}}
	cmd := c.add("rules", "Print the alert rules of this version for Prometheus, or write them to a folder.", func(_ context.Context, env command.Env) error {
		return rules.Run(env, o)
	})
	cmd.Flag("grafana-url", "Address of your Grafana, for the links of the alerts, such as https://grafana.example.com.").StringVar(&o.GrafanaURL)
	cmd.Flag("job", `Name of the scrape job. Default: any that begins with "runzero".`).StringVar(&o.Job)
	cmd.Flag("label", "Label to set on every alert, such as team=netops; repeatable.").PlaceHolder("KEY=VALUE").SetValue(o.Labels)
	cmd.Flag("optional", "Print the rules for collectors that are off by default, such as certificates.").BoolVar(&o.Optional)
	cmd.Flag("discovery", "Print the rules for service discovery: which discovered devices are not monitored.").BoolVar(&o.Discovery)
	cmd.Flag("output", "Folder to write all files to, instead of printing one.").PlaceHolder("DIR").StringVar(&o.Output)
}

func (c *program) addDashboards() {
	var o dashboards.Options
	cmd := c.add("dashboards", "List the Grafana dashboards of this version, print one, or write them to a folder.", func(_ context.Context, env command.Env) error {
		return dashboards.Run(env, o)
	})
	oneOf(cmd.Arg("name", "Dashboard to print, or to write alone."), &o.Name, dashboards.Names()...)
	cmd.Flag("grafana-url", "Address of your Grafana, for links that also work outside of it, such as https://grafana.example.com.").StringVar(&o.GrafanaURL)
	cmd.Flag("job", "Scrape job to select at first. Default: all.").StringVar(&o.Job)
	cmd.Flag("output", "Folder to write the files to, instead of printing them.").PlaceHolder("DIR").StringVar(&o.Output)
}
