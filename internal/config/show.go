package config

import (
	"fmt"
	"net/url"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// String is the configuration in force as a file would say it, with <secret> for every
// secret. What only flags say is in comments.
func (c *Config) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "# --cache.max-age=%s\n", duration(c.MaxAge))
	if c.CacheDir != "" {
		fmt.Fprintf(&text, "# --cache.dir=%q\n", c.CacheDir)
	}
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(c.file()); err != nil {
		return fmt.Sprintf("# the configuration cannot be shown: %v\n", err)
	}
	return text.String()
}

// file is the file that would say the same without flags.
func (c *Config) file() file {
	var out file
	accounts := []at[fileAccount]{}
	for _, a := range c.Accounts {
		accounts = append(accounts, show(a.file()))
	}
	out.Accounts = show(accounts)
	out.Collectors = c.collectors()
	queries := []at[fileQuery]{}
	for _, each := range c.Collectors {
		if q := each.Query; q.Name != "" {
			queries = append(queries, show(fileQuery{Name: show(q.Name), Of: show(q.Of), Search: show(q.Search), Interval: show(duration(each.Interval))}))
		}
	}
	if len(queries) > 0 {
		out.Queries = show(queries)
	}
	return out
}

// show is a value that is written.
func show[T any](value T) at[T] { return by("", value) }

func shows(values []string) []at[string] {
	all := []at[string]{}
	for _, value := range values {
		all = append(all, show(value))
	}
	return all
}

func (a Account) file() fileAccount {
	first := a.Credentials[0].Runzero
	out := fileAccount{
		URL: show(a.URL), Timeout: show(duration(first.Timeout)), AllowHTTP: show(first.AllowHTTP),
		Quota:         fileQuota{Share: show(a.Share.Share), Reserve: show(a.Share.Reserve)},
		Organizations: fileOrganizations{Include: shows(a.Selection.Include), Exclude: shows(a.Selection.Exclude)},
	}
	if a.Name != "" {
		out.Name = show(a.Name)
	}
	var credentials []at[fileCredential]
	for _, each := range a.Credentials {
		credential := fileCredential{Name: show(each.Name), HTTP: shownHTTP(each.Runzero.HTTP)}
		if !each.Expires.IsZero() {
			credential.Expires = show(instant(each.Expires))
		}
		credentials = append(credentials, show(credential))
	}
	out.Credentials = show(credentials)
	return out
}

// shownHTTP hides what prometheus/common takes for no secret: a proxy's user without a
// password, which is a token then, and what is sent along with a client's secret.
func shownHTTP(c promconfig.HTTPClientConfig) httpClient {
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
	return httpClient(c)
}

func (c *Config) collectors() fileCollectors {
	out := fileCollectors{
		Assets: fileAssets{Labels: show(shows(c.Settings.AssetLabels)), Top: show(c.Settings.AssetTop), Search: show(c.Settings.AssetSearch)},
		Tasks:  fileTasks{ScanMaxAge: show(duration(c.Settings.ScanMaxAge))},
		Others: map[string]at[fileCollector]{},
	}
	for _, age := range c.Settings.ScanMaxAges {
		out.Tasks.ScanMaxAgeBySite = append(out.Tasks.ScanMaxAgeBySite, show(fileScanMaxAge{
			Organization: show(age.Organization), Site: show(age.Site), MaxAge: show(duration(age.MaxAge)),
		}))
	}
	for _, spec := range collector.Specs() {
		settings := c.schedule(spec)
		switch spec.Name {
		case "assets":
			out.Assets.Common = settings
		case "tasks":
			out.Tasks.Common = settings
		default:
			out.Others[spec.Name] = show(settings)
		}
	}
	return out
}

func (c *Config) schedule(spec collector.Spec) fileCollector {
	for _, each := range c.Collectors {
		if each.Name != spec.Name {
			continue
		}
		out := fileCollector{Enabled: show(true)}
		if spec.Scope != collector.HeadersOnly {
			out.Interval = show(duration(each.Interval))
		}
		return out
	}
	return fileCollector{Enabled: show(false)}
}
