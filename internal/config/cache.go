package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// checkCache checks where results are cached.
func (c *Config) checkCache() error {
	shared := c.Cache.URL != ""
	switch {
	case shared && c.CacheDir != "":
		return errors.New("--cache.dir and --cache.url are both set: choose a folder for one exporter, or Redis for replicas")
	case !shared && c.Cache.Files() != nil:
		return fmt.Errorf("%s without --cache.url: set --cache.url to the Redis that replicas share", strings.Join(c.Cache.Files(), " and "))
	case c.CacheRequired && !shared && c.CacheDir == "":
		return errors.New("--cache.required is set without --cache.dir or --cache.url: set the one that is required")
	case shared:
		return c.Cache.Check()
	}
	return nil
}

// Uncached returns the flags without a cache.
func (f Flags) Uncached() Flags {
	f.CacheDir, f.CacheRequired, f.Cache = "", false, store.Redis{}
	return f
}
