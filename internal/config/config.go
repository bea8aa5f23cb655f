// Package config turns what users set, by flags and in a file, into one value that
// cannot be half-right.
package config

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Flags is the configuration as users give it, unchecked.
type Flags struct {
	// File is the path of the YAML file; empty: there is none.
	File string
	// Set has the names, without dashes, of the flags that the user set, on the command
	// line or by their environment variables: what they decide, the file may not.
	Set map[string]bool
	// Demo tells that a simulated console is asked.
	Demo bool
	// Offline tells that nobody will be asked: a credential is not needed, and not read.
	Offline bool

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

// Config is a checked configuration. Only Load makes one.
type Config struct {
	Accounts []Account
	MaxAge   time.Duration // 0 keeps answers however old
	CacheDir string        // empty keeps nothing
	// Collectors are the enabled ones, the cheapest first, and then the queries, which
	// are called queries/NAME.
	Collectors []schedule.Collector
	Settings   collector.Settings
}

// Account is one quota, and the credentials that spend it.
type Account struct {
	Name        string // its account_name; empty where the flags make the only account
	URL         string
	Share       quota.Share
	Credentials []Credential // at least one
	// Selection says which organizations are polled.
	Selection schedule.Selection
}

// Credential is one access right.
type Credential struct {
	// Name is its label: as the file calls it, else default, or its position where there
	// are several.
	Name    string
	Expires time.Time // zero: not said
	// Runzero is the console, how it is reached, and the credential. Who asks with it
	// adds what watches the asking.
	Runzero runzero.Config
}

// Load reads the file, if there is one, and checks it together with the flags. Nobody
// is asked. Every error is a sentence that names the flag, or the file and the line.
func (f Flags) Load() (*Config, error) {
	in, err := f.file()
	if err != nil {
		return nil, err
	}
	c := &Config{MaxAge: f.CacheMaxAge, CacheDir: f.CacheDir}
	if c.Accounts, err = f.accounts(in.Accounts); err != nil {
		return nil, err
	}
	if c.Settings, err = f.settings(in.Collectors); err != nil {
		return nil, err
	}
	if c.Collectors, err = f.collectors(in, c.Settings); err != nil {
		return nil, err
	}
	return c, nil
}
