package check

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

func TestTriesTheCacheOut(t *testing.T) {
	console := simulator.New(simulator.Options{Assets: 40})
	server := miniredis.RunT(t)
	server.RequireAuth("right")
	url := "redis://" + server.Addr()
	for name, c := range map[string]struct {
		cache func(*config.Flags)
		fails string // what every command of the server fails with; empty: none
		want  string
	}{
		"a folder":                {func(f *config.Flags) { f.CacheDir = t.TempDir() }, "", "ok cache: can be written to"},
		"a folder to be created":  {func(f *config.Flags) { f.CacheDir = filepath.Join(t.TempDir(), "new") }, "", "ok cache: is created at the start"},
		"a file":                  {func(f *config.Flags) { f.CacheDir = write(t, "") }, "", "error cache: cannot write to the folder of --cache.dir"},
		"Redis":                   {func(f *config.Flags) { f.Cache = store.Redis{URL: url, PasswordFile: write(t, "right\n")} }, "", "ok cache: no replica leads"},
		"Redis, a wrong password": {func(f *config.Flags) { f.Cache = store.Redis{URL: url, PasswordFile: write(t, "PLANTED")} }, "", "error cache: check the user in --cache.url and the password in --cache.password-file"},
		"Redis, full": {func(f *config.Flags) { f.Cache = store.Redis{URL: url, PasswordFile: write(t, "right")} },
			"OOM command not allowed when used memory > 'maxmemory'.", "error cache: raise its maxmemory"},
		"no Redis": {func(f *config.Flags) { f.Cache = store.Redis{URL: "redis://127.0.0.1:1"} }, "", "error cache: check --cache.url, the network, and that the server runs"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(console.ExportToken(0))
			c.cache(&o.Flags)
			server.SetError(c.fails)
			defer server.SetError("")
			before := server.Keys()
			check(t, o, console, nil).want(t, c.want)
			if !slices.Equal(server.Keys(), before) {
				t.Errorf("the server has the keys %q", server.Keys())
			}
		})
	}
}
