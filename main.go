// runzero_exporter exports what runZero knows about networks to Prometheus. It polls the runZero API in the
// background, at a pace that the account's daily quota can bear, and answers scrapes from memory.
//
// This file is the process: its signals and its end. internal/commandline is what it does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/internal/commandline"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
)

func main() {
	// First of all: a SIGHUP reloads, and must not end the process, however early it comes.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	// Releases are stamped by the linker; what go install builds knows its version, too.
	if info, ok := debug.ReadBuildInfo(); ok && version.Version == "" {
		version.Version = info.Main.Version
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	process := commandline.Process{
		Args: os.Args[1:], Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Terminal: isTerminal(os.Stderr), Hangups: hangups,
	}
	ended := make(chan int, 1)
	go func() { ended <- commandline.Run(ctx, process) }()
	code := endInTime(ctx, ended)
	stop()
	os.Exit(code)
}

// isTerminal also takes /dev/null for a terminal, where it does no harm.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// stopTimeout is how long a command may take to end after a signal: longer than serve needs by itself, and shorter
// than the promised 5 seconds.
const stopTimeout = 4500 * time.Millisecond

// endInTime returns the exit code of a command. One that hangs after a signal, perhaps on a disk, is left behind.
func endInTime(ctx context.Context, ended <-chan int) int {
	select {
	case code := <-ended:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-ended:
		return code
	case <-time.After(stopTimeout):
		// What hangs may be whoever reads the log.
		said := make(chan struct{})
		go func() {
			defer close(said)
			fmt.Fprintln(os.Stderr, exporter.Name+": stopped while something hangs, perhaps a disk")
		}()
		select {
		case <-said:
		case <-time.After(100 * time.Millisecond):
		}
		return 1
	}
}
