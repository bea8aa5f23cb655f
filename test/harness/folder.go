package harness

import (
	"os"
	"testing"
)

// CacheDir makes a folder for --cache.dir, in memory where the system has a folder for that:
// a simulated day writes thousands of files, and a disk takes milliseconds to sync each.
func CacheDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "runzero_exporter_test") //nolint:usetesting // in memory
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
