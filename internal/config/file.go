package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// file is the configuration file as it is written. examples/runzero_exporter.yml explains every key.
type file struct {
	Accounts   sourced[[]sourced[fileAccount]] `yaml:"accounts"`
	Collectors fileCollectors                  `yaml:"collectors"`
	Queries    []sourced[fileQuery]            `yaml:"queries"`
	Discovery  []sourced[fileDiscovery]        `yaml:"discovery"`
}

type fileAccount struct {
	Name          sourced[string]           `yaml:"name"`
	URL           sourced[string]           `yaml:"url"`
	Timeout       sourced[model.Duration]   `yaml:"timeout"`
	AllowHTTP     bool                      `yaml:"allow_http"`
	Quota         fileQuota                 `yaml:"quota"`
	Credentials   []sourced[fileCredential] `yaml:"credentials"`
	Organizations fileOrganizations         `yaml:"organizations"`
}

type fileQuota struct {
	Share   sourced[float64] `yaml:"share"`
	Reserve sourced[float64] `yaml:"reserve"`
	Limit   sourced[int64]   `yaml:"limit"`
}

type fileOrganizations struct {
	Include []sourced[string]                 `yaml:"include"`
	Exclude []sourced[string]                 `yaml:"exclude"`
	Labels  []sourced[fileOrganizationLabels] `yaml:"labels"`
}

type fileOrganizationLabels struct {
	Organization sourced[string]            `yaml:"organization"`
	Labels       map[string]sourced[string] `yaml:"labels"`
}

type fileCredential struct {
	Name    sourced[string]  `yaml:"name"`
	Expires sourced[instant] `yaml:"expires"`
	HTTP    httpClient       `yaml:",inline"`
}

// httpClient has the keys of prometheus/common, but not its UnmarshalYAML, which requires a
// token_url for oauth2: here it defaults to that of the console.
type httpClient promconfig.HTTPClientConfig

// fileCollectors has a key for every collector: those with settings of their own, and the others.
type fileCollectors struct {
	Assets fileAssets                        `yaml:"assets"`
	Tasks  fileTasks                         `yaml:"tasks"`
	Others map[string]sourced[fileCollector] `yaml:",inline"`
}

type fileCollector struct {
	Enabled  sourced[bool]           `yaml:"enabled"`
	Interval sourced[model.Duration] `yaml:"interval"`
	Weight   sourced[float64]        `yaml:"weight"`
}

type fileAssets struct {
	Common      fileCollector              `yaml:",inline"`
	Labels      sourced[[]sourced[string]] `yaml:"labels"`
	Top         sourced[float64]           `yaml:"top"`
	Search      sourced[string]            `yaml:"search"`
	Tags        sourced[[]sourced[string]] `yaml:"tags"`
	Refresh     sourced[string]            `yaml:"refresh"`
	MaxInterval sourced[model.Duration]    `yaml:"max_interval"`
}

type fileTasks struct {
	Common           fileCollector             `yaml:",inline"`
	ScanMaxAge       sourced[model.Duration]   `yaml:"scan_max_age"`
	ScanMaxAgeBySite []sourced[fileScanMaxAge] `yaml:"scan_max_age_by_site"`
}

type fileScanMaxAge struct {
	Organization string                  `yaml:"organization"`
	Site         string                  `yaml:"site"`
	MaxAge       sourced[model.Duration] `yaml:"max_age"`
}

type fileQuery struct {
	Name     sourced[string]         `yaml:"name"`
	Of       sourced[string]         `yaml:"of"`
	Search   string                  `yaml:"search"`
	Interval sourced[model.Duration] `yaml:"interval"`
	Weight   sourced[float64]        `yaml:"weight"`
}

type fileDiscovery struct {
	Name        sourced[string]         `yaml:"name"`
	Of          sourced[string]         `yaml:"of"`
	Search      string                  `yaml:"search"`
	Port        sourced[float64]        `yaml:"port"`
	MaxTargets  sourced[float64]        `yaml:"max_targets"`
	Interval    sourced[model.Duration] `yaml:"interval"`
	MaxInterval sourced[model.Duration] `yaml:"max_interval"`
	Refresh     sourced[string]         `yaml:"refresh"`
	Weight      sourced[float64]        `yaml:"weight"`
}

// instant is a time, or a date, which stands for 00:00 UTC.
type instant time.Time

func (i *instant) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if parsed, err := time.Parse(layout, text); err == nil {
			*i = instant(parsed)
			return nil
		}
	}
	return errors.New("invalid date: write it like 2027-03-31 or 2027-03-31T12:00:00Z")
}

// UnmarshalYAML sets the defaults of prometheus/common, and the environment's proxy unless a proxy setting is made.
func (c *fileCredential) UnmarshalYAML(unmarshal func(any) error) error {
	type plain fileCredential
	c.HTTP = httpClient(promconfig.DefaultHTTPClientConfig)
	err := unmarshal((*plain)(c))
	if _, ok := errors.AsType[*url.Error](err); ok {
		return errors.New("proxy_url: invalid URL") // the error repeats it, with the password
	}
	if err != nil && strings.HasPrefix(err.Error(), "unknown TLS version") {
		return fmt.Errorf("unknown TLS version: known versions are %s", strings.Join(slices.Sorted(maps.Keys(promconfig.TLSVersions)), ", "))
	}
	keys := map[string]any{}
	if err == nil {
		err = unmarshal(&keys)
	}
	if keys["proxy_url"] == nil && keys["no_proxy"] == nil && keys["proxy_from_environment"] == nil {
		c.HTTP.ProxyFromEnvironment = true
	}
	return err
}

// readFile reads the file that --config.file names; without the flag, the result is empty.
func (f Flags) readFile() (file, error) {
	var in file
	if f.File == "" {
		return in, nil
	}
	text, err := os.ReadFile(f.File)
	if err != nil {
		return in, fmt.Errorf("--config.file cannot be read: %w", err)
	}
	err = unmarshal(text, &in)
	return in, err
}
