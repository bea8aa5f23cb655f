// Package once polls everything once and prints the exposition, for the textfile collector or cron.
package once

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/common/expfmt"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// Options are what the flags set.
type Options struct {
	Flags config.Flags
	Demo  command.Demo
}

var (
	errIncomplete  = errors.New("some polls failed: see the log")
	errInterrupted = errors.New("interrupted before everything was polled")
)

// Run polls everything once and prints the metrics. When polls fail or it is interrupted, it returns an error after
// printing the metrics of the others.
func Run(ctx context.Context, env command.Env, o Options) error {
	env, flags, stop := o.Demo.Start(env, o.Flags)
	defer stop()
	if flags.Cache.URL != "" {
		return errors.New("--cache.url is for exporters that go on to run: once would have to wait until it leads; use --cache.dir, or scrape one of them")
	}
	e, err := exporter.New(exporter.Options{Logger: env.Logger, Load: flags.Load, Dial: env.Dial})
	if err != nil {
		return err
	}
	hide := env.Progress.Show(func() string { return progress(e.Status()) })
	failed := e.Once(ctx)
	hide()
	if errors.Is(failed, store.ErrInUse) {
		return failed
	}
	families, err := e.Gather()
	if err != nil {
		return err
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(env.Stdout, family); err != nil {
			return fmt.Errorf("printing the metrics: %w", err)
		}
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case failed != nil:
		return errIncomplete
	}
	return nil
}

// progress is how many of the polls have a result, for people who wait.
func progress(accounts []poller.AccountStatus) string {
	done, all := 0, 0
	for _, a := range accounts {
		for _, p := range a.Polls {
			if all++; p.State != poller.StateWaiting && !p.Running {
				done++
			}
		}
	}
	return fmt.Sprintf("%d of %s done", done, command.Plural(all, "poll"))
}
