package config

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// String is the configuration in force as a file, with <secret> for every secret. Settings
// that exist only as flags are in comments.
func (c *Config) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# --cache.max-age=%s\n", durationText(c.MaxAge))
	if c.CacheDir != "" {
		fmt.Fprintf(&text, "# --cache.dir=%q\n", c.CacheDir)
	}
	if c.Cache.URL != "" {
		fmt.Fprintf(&text, "# --cache.url=%q\n", c.Cache.URL)
		for _, flag := range c.Cache.Files() {
			fmt.Fprintf(&text, "# %s\n", flag)
		}
	}
	if c.CacheRequired {
		text.WriteString("# --cache.required\n")
	}
	var accounts, queries, discoveries []any
	for _, a := range c.Accounts {
		accounts = append(accounts, a.shown())
	}
	shown := map[string]any{"accounts": accounts, "collectors": c.shownCollectors()}
	for _, each := range c.Collectors {
		if q := each.Query; q.Name != "" {
			queries = append(queries, map[string]any{"name": q.Name, "of": q.Of, "search": q.Search, "interval": durationText(each.Interval), "weight": each.Weight})
			shown["queries"] = queries
		}
		if each.Discovery.Name != "" {
			discoveries = append(discoveries, shownDiscovery(each))
			shown["discovery"] = discoveries
		}
	}
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(shown); err != nil {
		return fmt.Sprintf("# the configuration cannot be shown: %v\n", err)
	}
	return text.String()
}

// durationText is a duration as users write it: 7d, which Prometheus writes as 1w.
func durationText(d time.Duration) string {
	text := model.Duration(d).String()
	if weeks, err := strconv.Atoi(strings.TrimSuffix(text, "w")); err == nil && weeks > 0 {
		return fmt.Sprintf("%dd", 7*weeks)
	}
	return text
}

func (a Account) shown() map[string]any {
	var credentials []any
	for _, each := range a.Credentials {
		credentials = append(credentials, struct {
			Name    string                      `yaml:"name"`
			Expires time.Time                   `yaml:"expires,omitempty"`
			HTTP    promconfig.HTTPClientConfig `yaml:",inline"`
		}{each.Name, each.Expires, redacted(each.Runzero.HTTP)})
	}
	console := a.Credentials[0].Runzero
	shown := map[string]any{
		"url": a.URL, "timeout": durationText(console.Timeout), "allow_http": console.AllowHTTP,
		"quota":         a.shownQuota(),
		"credentials":   credentials,
		"organizations": a.shownOrganizations(),
	}
	if a.Name != "" {
		shown["name"] = a.Name
	}
	return shown
}

func (a Account) shownOrganizations() map[string]any {
	shown := map[string]any{"include": a.Selection.Include, "exclude": a.Selection.Exclude}
	var labels []any
	for _, rule := range a.Labels.Rules {
		labels = append(labels, map[string]any{"organization": rule.Organization, "labels": rule.Labels})
		shown["labels"] = labels
	}
	return shown
}

func (a Account) shownQuota() map[string]any {
	shown := map[string]any{"share": a.Share.Share, "reserve": a.Share.Reserve}
	if limit, set := a.Share.Limit.Get(); set {
		shown["limit"] = limit
	}
	return shown
}

// redacted hides what prometheus/common does not take for a secret: a proxy's user without
// a password, which is a token then, and what is sent along with a client's secret.
func redacted(c promconfig.HTTPClientConfig) promconfig.HTTPClientConfig {
	if proxy := c.ProxyURL.URL; proxy != nil && proxy.User != nil {
		if _, both := proxy.User.Password(); !both {
			shown := *proxy
			shown.User = url.User("xxxxx")
			c.ProxyURL.URL = &shown
		}
	}
	if c.OAuth2 != nil && len(c.OAuth2.EndpointParams) > 0 {
		shown := *c.OAuth2
		shown.EndpointParams = map[string]string{}
		for name := range c.OAuth2.EndpointParams {
			shown.EndpointParams[name] = "<secret>"
		}
		c.OAuth2 = &shown
	}
	return c
}

func shownDiscovery(c schedule.Collector) map[string]any {
	d := c.Discovery
	shown := map[string]any{
		"name": d.Name, "of": d.Of, "search": d.Search, "max_targets": d.MaxTargets, "interval": durationText(c.Interval), "weight": c.Weight,
	}
	if d.Port != 0 {
		shown["port"] = d.Port
	}
	showRefresh(shown, c)
	return shown
}

// showRefresh shows when a collector is polled whose data changes.
func showRefresh(shown map[string]any, c schedule.Collector) {
	switch {
	case c.MaxInterval > 0:
		shown["refresh"], shown["max_interval"] = RefreshOnChange, durationText(c.MaxInterval)
	case c.ChangedBy != "":
		shown["refresh"] = RefreshByInterval
	}
}

func (c *Config) shownCollectors() map[string]map[string]any {
	shown := map[string]map[string]any{}
	for _, spec := range collector.Specs() {
		shown[spec.Name] = map[string]any{"enabled": false}
	}
	for _, each := range c.Collectors {
		settings := shown[each.Name]
		if settings == nil {
			continue // a query or a discovery
		}
		settings["enabled"] = true
		if each.Scope != collector.HeadersOnly {
			settings["interval"], settings["weight"] = durationText(each.Interval), each.Weight
		}
		showRefresh(settings, each)
	}
	assets, tasks, s := shown["assets"], shown["tasks"], c.Settings
	assets["labels"], assets["top"], assets["search"] = s.AssetLabels, s.AssetTop, s.AssetSearch
	assets["tags"] = s.AssetTags
	ages := []any{}
	for _, age := range s.ScanMaxAges {
		ages = append(ages, map[string]any{"organization": age.Organization, "site": age.Site, "max_age": durationText(age.MaxAge)})
	}
	tasks["scan_max_age"], tasks["scan_max_age_by_site"] = durationText(s.ScanMaxAge), ages
	return shown
}
