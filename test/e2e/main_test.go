//go:build e2e

// Package e2e tests the exporter as users run it: the real program, together with real
// Prometheus, Alertmanager, promtool, amtool, Redis and systemd-socket-activate. It covers
// what only processes can show: signals, exit codes, kills, sockets, files and memory.
package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// binary is the exporter, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "runzero_exporter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "runzero_exporter")
	if err := build(binary, "-ldflags=-X github.com/prometheus/common/version.Version=0.0.0-e2e -X github.com/prometheus/common/version.BuildDate=20260102-10:11:12"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(path string, flags ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", path}, flags...), "../..")...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("build the exporter: %w\n%s", err, output.Bytes())
	}
	return nil
}

// everything are the flags that enable the collectors that are off by default, with an
// interval that even a small quota permits, and tags.
func everything() []string {
	flags := []string{"--collector.assets.tags=env,location"}
	for _, spec := range collector.Specs() {
		if spec.OffByDefault {
			flags = append(flags, "--collector."+spec.Name, "--collector."+spec.Name+".interval=6h")
		}
	}
	return flags
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	overwrite(t, path, text)
	return path
}

// overwrite replaces a file as editors do, so that nobody reads half of it.
func overwrite(t *testing.T, path, text string) {
	t.Helper()
	err := os.WriteFile(path+".new", []byte(text), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Error(err)
	}
}

// stopwatch measures elapsed time without the time for which the machine was too busy to
// run every program that was ready, where the kernel reports it.
func stopwatch() func() time.Duration {
	began, stalledBefore := time.Now(), stalled()
	return func() time.Duration { return time.Since(began) - (stalled() - stalledBefore) }
}

func stalled() time.Duration {
	pressure, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0
	}
	var total int64
	_, after, _ := bytes.Cut(pressure, []byte("total="))
	_, _ = fmt.Sscan(string(after), &total)
	return time.Duration(total) * time.Microsecond
}
