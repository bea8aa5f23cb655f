package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// file is the configuration file as it is written. The example in examples/ explains
// every key.
type file struct {
	Accounts   at[[]at[fileAccount]] `yaml:"accounts,omitempty"`
	Collectors fileCollectors        `yaml:"collectors,omitempty"`
	Queries    at[[]at[fileQuery]]   `yaml:"queries,omitempty"`
}

type fileAccount struct {
	Name          at[string]               `yaml:"name,omitempty"`
	URL           at[string]               `yaml:"url,omitempty"`
	Timeout       at[duration]             `yaml:"timeout,omitempty"`
	AllowHTTP     at[bool]                 `yaml:"allow_http,omitempty"`
	Quota         fileQuota                `yaml:"quota,omitempty"`
	Credentials   at[[]at[fileCredential]] `yaml:"credentials,omitempty"`
	Organizations fileOrganizations        `yaml:"organizations,omitempty"`
}

type fileQuota struct {
	Share   at[float64] `yaml:"share,omitempty"`
	Reserve at[float64] `yaml:"reserve,omitempty"`
}

type fileOrganizations struct {
	Include []at[string] `yaml:"include,omitempty"`
	Exclude []at[string] `yaml:"exclude,omitempty"`
}

type fileCredential struct {
	Name    at[string]  `yaml:"name,omitempty"`
	Expires at[instant] `yaml:"expires,omitempty"`
	HTTP    httpClient  `yaml:",inline"`
}

// httpClient has prometheus/common's keys and not its UnmarshalYAML, which refuses an
// oauth2 without a token_url: the console has its own.
type httpClient promconfig.HTTPClientConfig

// fileCollectors has a key for every collector: those with settings of their own, and
// the rest.
type fileCollectors struct {
	Assets fileAssets                   `yaml:"assets,omitempty"`
	Tasks  fileTasks                    `yaml:"tasks,omitempty"`
	Others map[string]at[fileCollector] `yaml:",inline"`
}

type fileCollector struct {
	Enabled  at[bool]     `yaml:"enabled,omitempty"`
	Interval at[duration] `yaml:"interval,omitempty"`
}

type fileAssets struct {
	Common fileCollector    `yaml:",inline"`
	Labels at[[]at[string]] `yaml:"labels,omitempty"`
	Top    at[int]          `yaml:"top,omitempty"`
	Search at[string]       `yaml:"search,omitempty"`
}

type fileTasks struct {
	Common           fileCollector        `yaml:",inline"`
	ScanMaxAge       at[duration]         `yaml:"scan_max_age,omitempty"`
	ScanMaxAgeBySite []at[fileScanMaxAge] `yaml:"scan_max_age_by_site,omitempty"`
}

type fileScanMaxAge struct {
	Organization at[string]   `yaml:"organization,omitempty"`
	Site         at[string]   `yaml:"site,omitempty"`
	MaxAge       at[duration] `yaml:"max_age,omitempty"`
}

type fileQuery struct {
	Name     at[string]   `yaml:"name,omitempty"`
	Of       at[string]   `yaml:"of,omitempty"`
	Search   at[string]   `yaml:"search,omitempty"`
	Interval at[duration] `yaml:"interval,omitempty"`
}

// duration is written as Prometheus writes durations, which know days and weeks.
type duration time.Duration

func (d *duration) read(text string) error {
	parsed, err := model.ParseDuration(text)
	if err != nil {
		return errors.New("is no duration: write it like 90s, 15m, 6h or 7d")
	}
	*d = duration(parsed)
	return nil
}

func (d duration) MarshalYAML() (any, error) { return d.String(), nil }

func (d duration) String() string { return model.Duration(d).String() }

// instant is a day, which stands for its beginning in UTC, or a time.
type instant time.Time

func (i *instant) read(text string) error {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if parsed, err := time.Parse(form, text); err == nil {
			*i = instant(parsed)
			return nil
		}
	}
	return errors.New("is no date: write it like 2027-03-31 or 2027-03-31T12:00:00Z")
}

func (i instant) MarshalYAML() (any, error) { return time.Time(i).Format(time.RFC3339), nil }

// file reads the file that the flags name; without one, there is nothing in it.
func (f Flags) file() (file, error) {
	var in file
	if f.File == "" {
		return in, nil
	}
	opened, err := os.Open(f.File)
	if err != nil {
		return in, fmt.Errorf("--config.file cannot be read: %w", err)
	}
	defer func() { _ = opened.Close() }()
	text, err := io.ReadAll(io.LimitReader(opened, mostBytes+1))
	if err != nil {
		return in, fmt.Errorf("--config.file cannot be read: %w", err)
	}
	tree, err := readTree(f.File, text)
	if err != nil || tree == nil {
		return in, err
	}
	err = decode(place{name: "the configuration", file: f.File, line: tree.Line, node: tree}, &in)
	return in, err
}
