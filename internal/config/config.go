// Package config turns what users set into one value that cannot be half-right.
package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/budget"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Flags is the configuration as users give it, unchecked.
type Flags struct {
	URL              string
	TokenFile        string
	Token            string // from the environment; never a flag
	ClientID         string
	ClientSecretFile string
	Organizations    []string
	CAFile           string
	Timeout          time.Duration
	AllowHTTP        bool

	CacheInterval time.Duration
	CacheMaxAge   time.Duration // 0 keeps answers however old
	CacheDir      string        // empty keeps nothing

	QuotaShare   float64
	QuotaReserve float64

	Collectors  map[string]CollectorFlags
	AssetLabels string // comma-separated
	AssetTop    int
	AssetSearch string
	ScanMaxAge  time.Duration
}

// CollectorFlags is how one collector is set.
type CollectorFlags struct {
	Enabled  bool
	Interval time.Duration // 0: its own default
}

// Config is a checked configuration. Only Validate makes one.
type Config struct {
	// Runzero is the console and the credential.
	Runzero       runzero.Config
	Organizations []string
	MaxAge        time.Duration
	CacheDir      string
	Share         budget.Share
	// Collectors are the enabled ones, the cheapest first.
	Collectors []Collector
	Settings   collector.Settings
}

// Collector is an enabled collector and its interval.
type Collector struct {
	collector.Spec
	Interval time.Duration
}

// The shortest interval. What is shorter is a mistake in the unit, and would spend a
// day's calls in minutes.
const shortestInterval = time.Second

// Validate checks the flags. Every error is a sentence that names the flag.
func (f Flags) Validate() (*Config, error) {
	c := &Config{
		Organizations: f.Organizations,
		MaxAge:        f.CacheMaxAge,
		CacheDir:      f.CacheDir,
		Share:         budget.Share{Share: f.QuotaShare, Reserve: f.QuotaReserve},
	}
	if err := f.quota(); err != nil {
		return nil, err
	}
	var err error
	if c.Runzero, err = f.console(); err != nil {
		return nil, err
	}
	if c.Collectors, err = f.collectors(); err != nil {
		return nil, err
	}
	c.Settings, err = f.settings()
	return c, err
}

// quota is written so that what is no number at all is refused too.
func (f Flags) quota() error {
	switch {
	case !(f.QuotaShare > 0 && f.QuotaShare <= 1):
		return errors.New("--quota.share must be more than 0 and at most 1: it is the part of the account's daily API calls that this exporter may spend")
	case !(f.QuotaReserve >= 0 && f.QuotaReserve < 1):
		return errors.New("--quota.reserve must be at least 0 and less than 1: it is the part of the account's daily API calls that is left to others")
	}
	return nil
}

func (f Flags) console() (runzero.Config, error) {
	if f.Timeout <= 0 {
		return runzero.Config{}, errors.New("--runzero.timeout must be more than 0")
	}
	c := runzero.Config{
		URL:       f.URL,
		Timeout:   f.Timeout,
		AllowHTTP: f.AllowHTTP,
		HTTP: promconfig.HTTPClientConfig{
			ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true},
			TLSConfig:   promconfig.TLSConfig{CAFile: f.CAFile},
		},
	}
	token, client := f.TokenFile != "" || f.Token != "", f.ClientID != "" || f.ClientSecretFile != ""
	switch {
	case token && client:
		return c, errors.New("both a token and an OAuth2 client are set: leave out --runzero.token-file (and RUNZERO_TOKEN), or --runzero.client-id and --runzero.client-secret-file")
	case f.TokenFile != "" && f.Token != "":
		return c, errors.New("both --runzero.token-file and RUNZERO_TOKEN are set: leave out one")
	case client:
		c.HTTP.OAuth2 = &promconfig.OAuth2{ClientID: f.ClientID, ClientSecretFile: f.ClientSecretFile}
	case token:
		c.HTTP.Authorization = &promconfig.Authorization{
			Credentials: promconfig.Secret(f.Token), CredentialsFile: f.TokenFile,
		}
	}
	return c, nil
}

func (f Flags) collectors() ([]Collector, error) {
	if f.CacheInterval < shortestInterval {
		return nil, fmt.Errorf("--cache.interval must be at least %s: each poll costs calls of the account's daily quota", shortestInterval)
	}
	var enabled []Collector
	longest := time.Duration(0)
	for _, spec := range collector.Specs() {
		flags := f.Collectors[spec.Name]
		if !flags.Enabled {
			continue
		}
		c := Collector{Spec: spec, Interval: flags.Interval}
		switch {
		case c.Interval == 0 && spec.Interval != 0:
			c.Interval = spec.Interval
		case c.Interval == 0:
			c.Interval = f.CacheInterval
		case c.Interval < shortestInterval:
			return nil, fmt.Errorf("--collector.%s.interval must be at least %s", spec.Name, shortestInterval)
		}
		longest = max(longest, c.Interval)
		enabled = append(enabled, c)
	}
	if !slices.ContainsFunc(enabled, func(c Collector) bool { return c.Scope != collector.Unasked }) {
		return nil, errors.New("no collector is enabled that asks anything: enable one with --collector.NAME")
	}
	switch {
	case f.CacheMaxAge < 0:
		return nil, errors.New("--cache.max-age must not be negative; 0 keeps answers however old")
	case f.CacheMaxAge > 0 && f.CacheMaxAge < longest:
		return nil, fmt.Errorf("--cache.max-age is %s, shorter than a collector's interval of %s: answers would be withdrawn before they are asked for again", f.CacheMaxAge, longest)
	}
	return enabled, nil
}

func (f Flags) settings() (collector.Settings, error) {
	s := collector.Settings{AssetTop: f.AssetTop, AssetSearch: f.AssetSearch, ScanMaxAge: f.ScanMaxAge}
	known := collector.AssetLabels()
	for label := range strings.SplitSeq(f.AssetLabels, ",") {
		label = strings.TrimSpace(label)
		switch {
		case label == "":
			continue
		case !slices.Contains(known, label):
			return s, fmt.Errorf("--collector.assets.labels has no label %q: it takes %s", label, strings.Join(known, ", "))
		case slices.Contains(s.AssetLabels, label):
			return s, fmt.Errorf("--collector.assets.labels names %s twice", label)
		}
		s.AssetLabels = append(s.AssetLabels, label)
	}
	const most = 10_000
	if s.AssetTop < 1 || s.AssetTop > most {
		return s, fmt.Errorf("--collector.assets.top must be from 1 to %d", most)
	}
	if s.ScanMaxAge <= 0 {
		return s, errors.New("--collector.tasks.scan-max-age must be more than 0")
	}
	return s, nil
}

// Shape is all that shapes what is kept on disk for these settings: what was kept for
// others is not theirs. Secrets are no part of it, nor what only decides when to ask.
func (c *Config) Shape() string {
	// The catalogue is part of it, because names and help texts are kept with the values.
	return fmt.Sprintf("catalogue=%v url=%q organizations=%q labels=%q top=%d search=%q scan-max-age=%s",
		collector.Catalogue(), c.Runzero.URL, c.Organizations, c.Settings.AssetLabels, c.Settings.AssetTop, c.Settings.AssetSearch, c.Settings.ScanMaxAge)
}
