package commandline

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

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
	app.Flag("cache.url", "Redis or Valkey to cache in instead of --cache.dir, for replicas: one of those that share it polls, all serve the same. redis://[user@]host[:port][/database], rediss:// with TLS; with addr=host:port once more for each further node of a cluster, or with master_name=NAME and addr= of each sentinel; prefix=NAME for several groups of replicas on one database.").StringVar(&f.Cache.URL)
	app.Flag("cache.password-file", "File with the password of --cache.url. It is read again at each connection.").StringVar(&f.Cache.PasswordFile)
	app.Flag("cache.ca-file", "CA certificates to trust for --cache.url instead of the system's.").StringVar(&f.Cache.CAFile)
	app.Flag("cache.cert-file", "Client certificate for --cache.url.").StringVar(&f.Cache.CertFile)
	app.Flag("cache.key-file", "Key of the client certificate for --cache.url.").StringVar(&f.Cache.KeyFile)
	app.Flag("cache.required", "Exit when --cache.dir is in use by another exporter for more than 30s, or --cache.url cannot be reached at start, instead of running without.").BoolVar(&f.CacheRequired)

	app.Flag("quota.share", "Share of the account's daily API calls that this exporter may make.").Default("0.5").Float64Var(&f.QuotaShare)
	app.Flag("quota.reserve", "Share of the account's daily API calls that is left to other tools: below it, polling pauses.").Default("0.1").Float64Var(&f.QuotaReserve)
	app.Flag("quota.limit", "The account's daily API calls, for consoles that do not report them: the number of its licensed assets; 0 is no limit. Default: estimated from the live assets on runZero's own consoles, else no limit.").SetValue(&optionalCalls{&f.QuotaLimit})

	app.Flag("collector.assets.labels", "Labels of runzero_assets beside org_name: "+strings.Join(collector.AssetLabels(), ", ")+".").Default("site_name,asset_type,os,alive").StringVar(&f.AssetLabels)
	app.Flag("collector.assets.top", "Number of values to keep for each open-ended label of any collector, the most frequent first; the rest become other.").Default("100").IntVar(&f.AssetTop)
	app.Flag("collector.assets.search", "runZero search query that limits which assets are counted.").StringVar(&f.AssetSearch)
	app.Flag("collector.assets.tags", "Tags to count assets by, such as env,location: runzero_assets_by_tag, and with it runzero_assets_by_owner. At most 10, at no extra call.").StringVar(&f.AssetTags)
	oneOf(app.Flag("collector.assets.refresh", "When an organization's assets are polled: changes (when one of its tasks has ended that can change them, and at the latest after --collector.assets.max-interval) or interval (at each interval).").Default(config.RefreshOnChange), &f.AssetRefresh, config.RefreshOnChange, config.RefreshByInterval)
	duration(app.Flag("collector.assets.max-interval", "Longest time between two polls of the assets while nothing has changed, instead of "+model.Duration(config.DefaultAssetMaxInterval).String()+"."), &f.AssetMaxInterval)
	duration(app.Flag("collector.tasks.scan-max-age", "Maximum age of the last good scan of sites without a schedule of their own: runzero_scan_max_age_seconds.").Default("8d"), &f.ScanMaxAge)

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
		flags := map[string]config.CollectorFlags{}
		for name, p := range parsed {
			flags[name] = *p
		}
		return flags
	}
}
