package check

import (
	"context"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// cacheTimeout bounds how long the cache is tried out.
const cacheTimeout = 10 * time.Second

// reportCache tries out where results are cached.
func reportCache(ctx context.Context, f *findings, env command.Env, c *config.Config) {
	o := store.Options{Logger: env.Logger}
	switch {
	case c.Cache.URL != "":
		ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
		defer cancel()
		reportShared(ctx, f, c, o)
	case c.CacheDir == "":
		f.add(fine, "cache", "without --cache.dir or --cache.url nothing is cached: each start polls everything, and does not know how many calls were made before")
	default:
		switch exists, err := store.TryFolder(c.CacheDir, o); {
		case err != nil:
			f.add(wrong, "cache", "cannot write to the folder of --cache.dir (%v): name a folder that the exporter's user can write to", err)
		case !exists:
			f.add(fine, "cache", "the folder %q does not exist yet: it is created at the start", c.CacheDir)
		default:
			f.add(fine, "cache", "the folder %q can be written to", c.CacheDir)
		}
	}
}

func reportShared(ctx context.Context, f *findings, c *config.Config, o store.Options) {
	tried, err := store.Try(ctx, c.Cache, o)
	if err != nil {
		f.add(wrong, "cache", "--cache.url: %v", err)
		return
	}
	who := "no replica leads at the moment"
	if tried.Leader.Name != "" {
		who = "the replica " + tried.Leader.Name + " leads"
	}
	f.add(fine, "cache", "%s can be written to, in %s; %s", tried.Address, tried.Took.Round(10*time.Microsecond), who)
	if tried.Evicts != "" {
		f.add(warning, "cache", "%s removes entries when its memory is full (maxmemory-policy %s): set noeviction, or what is removed is polled again", tried.Address, tried.Evicts)
	}
}
