//go:build e2e

// Package e2e drives the real program, as users start it, together with the real
// programs that it works with.
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

const buildLimit = 5 * time.Minute

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
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", binary,
		"-ldflags=-X github.com/prometheus/common/version.Version=0.0.0-e2e", "../..")
	var output bytes.Buffer
	build.Stdout, build.Stderr = &output, &output
	if err := build.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "the exporter cannot be built: %v\n%s", err, output.Bytes())
		return 1
	}
	return m.Run()
}

// everything are flags that switch on what is off by default, with an interval that
// even a small licence has the calls for.
func everything() []string {
	var flags []string
	for _, spec := range collector.Specs() {
		if spec.OffByDefault {
			flags = append(flags, "--collector."+spec.Name, "--collector."+spec.Name+".interval=6h")
		}
	}
	return flags
}
