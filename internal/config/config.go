// Package config turns flags and the configuration file into one checked value. It knows every setting, its default
// source and its limits. It makes no requests, and knows nothing of how settings are used.
package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Flags are the settings as users make them, unchecked.
type Flags struct {
	File    string // path of the YAML file; empty if there is none
	Demo    bool   // a simulated console is polled
	Offline bool   // no requests will be made: credentials are neither needed nor read
	// Set has the names, without dashes, of the flags that were set on the command line or by
	// their environment variables. The file may not set the same things.
	Set map[string]bool

	URL              string
	TokenFile        string
	Token            string // from the environment, by TakeToken; never a flag
	ClientID         string
	ClientSecretFile string
	Organizations    []string
	CAFile           string
	Timeout          time.Duration
	AllowHTTP        bool

	CacheInterval time.Duration
	CacheMaxAge   time.Duration // 0 keeps results forever
	CacheDir      string        // empty if nothing is cached on disk
	CacheRequired bool          // exit rather than run while another exporter uses CacheDir, or without Cache
	Cache         store.Redis   // that replicas share, instead of CacheDir

	QuotaShare   float64
	QuotaReserve float64
	QuotaLimit   *int64 // nil if not set; 0 is no limit

	Collectors       map[string]CollectorFlags
	AssetLabels      string // comma-separated
	AssetTop         int
	AssetSearch      string
	AssetTags        string        // comma-separated
	AssetRefresh     string        // changes or interval
	AssetMaxInterval time.Duration // 0: the default
	ScanMaxAge       time.Duration

	variables []string // the environment variables that hold a token
	ambiguous bool     // they hold different ones
}

// CollectorFlags are the flags of one collector.
type CollectorFlags struct {
	Enabled  bool
	Interval time.Duration // 0: its own default
	Weight   float64       // 0: its own default
}

// Config is a checked configuration, made by Load.
type Config struct {
	Accounts      []Account
	MaxAge        time.Duration        // 0 keeps results forever
	CacheDir      string               // empty if nothing is cached on disk
	CacheRequired bool                 // exit rather than run while another exporter uses CacheDir, or without Cache
	Cache         store.Redis          // that replicas share; its URL is empty if there is none
	Collectors    []schedule.Collector // the enabled ones, the cheapest first, then queries/NAME and discovery/NAME
	Settings      collector.Settings
	// Warnings are sentences on settings that are valid and probably not meant. They repeat no secret.
	Warnings []string
}

// Account is one daily quota of API calls, and the credentials that share it.
type Account struct {
	Name        string // the label account_name; empty if flags describe the only account
	URL         string
	Share       quota.Share
	Credentials []Credential       // at least one
	Selection   schedule.Selection // of the organizations to poll
	Labels      collector.OrganizationLabels
}

// Credential is a token or an OAuth2 client.
type Credential struct {
	// Name is the label credential: its name in the file, or else "default", or its number if
	// the account has several.
	Name    string
	Expires time.Time // zero if not configured
	// Runzero has the console, how to reach it, and the secret. Users add the hooks that observe and admit requests.
	Runzero runzero.Config
}

// Load reads the file, if there is one, and checks it together with the flags. It makes no requests. Each error is
// one sentence that names the flag, or the file and the line, and repeats no secret.
func (f Flags) Load() (*Config, error) {
	c, err := f.load()
	if e, ok := errors.AsType[*settingError](err); ok && e.flag == "" {
		return nil, fmt.Errorf("%s: %w", f.locate(e.position), e.error)
	}
	return c, err
}

func (f Flags) load() (*Config, error) {
	in, err := f.readFile()
	if err != nil {
		return nil, err
	}
	c := &Config{MaxAge: f.CacheMaxAge, CacheDir: f.CacheDir, CacheRequired: f.CacheRequired, Cache: f.Cache}
	if err := c.checkCache(); err != nil {
		return nil, err
	}
	if c.Accounts, err = f.accounts(in.Accounts); err != nil {
		return nil, err
	}
	if c.Settings, err = f.settings(in.Collectors); err != nil {
		return nil, err
	}
	if c.Collectors, err = f.collectors(in, c.Settings); err != nil {
		return nil, err
	}
	// Last, so that no other mistake hides behind a missing token.
	if err := f.checkCredentials(in, c.Accounts); err != nil {
		return nil, err
	}
	c.Warnings = f.warnings(c, in)
	return c, nil
}
