package once

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-kit/log"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// result is what a run has left behind.
type result struct {
	out string
	log *harness.Log
	err error
}

// run polls a simulated console with a fault.
func run(ctx context.Context, fault simulator.Fault) result {
	console := simulator.New(simulator.Options{Assets: 50})
	if fault.Path != "" {
		console.Inject(fault)
	}
	dial, stop := simulator.Pipe(console)
	defer stop()
	o := Options{Flags: harness.DefaultFlags()}
	o.Flags.URL, o.Flags.Token = "http://localhost", console.ExportToken(0)
	var out bytes.Buffer
	r := result{log: &harness.Log{}}
	r.err = Run(ctx, command.Env{Logger: log.NewLogfmtLogger(r.log), Stdout: &out, Dial: dial}, o)
	r.out = out.String()
	return r
}

func (r result) expect(t *testing.T, samples ...string) {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if _, err := parser.TextToMetricFamilies(strings.NewReader(r.out)); err != nil {
		t.Error(err)
	}
	for _, sample := range samples {
		if !strings.Contains(r.out, sample) {
			t.Errorf("%s is missing in:\n%s", sample, r.out)
		}
	}
}

func TestPrintsWhatWasPolledAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t.Context(), simulator.Fault{})
		if r.err != nil {
			t.Error(r.err)
		}
		r.expect(t, "runzero_up 1\n", "runzero_assets{", "runzero_exporter_build_info{")
		if lines := r.log.Lines("level=error"); len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
	})
}

func TestPrintsTheOthersWhenAPollFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t.Context(), simulator.Fault{Path: "/export/org/assets.jsonl", Status: 502})
		if !errors.Is(r.err, errIncomplete) {
			t.Errorf("the error is %v", r.err)
		}
		r.expect(t, `runzero_collector_success{collector="assets",org_name="Halvorsen Logistics"} 0`, "runzero_sites{")
		if lines := r.log.Lines("collector=assets", "502"); len(lines) != 1 {
			t.Errorf("logged %q of the failed poll", lines)
		}
	})
}

func TestFailsWhenItIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r := run(ctx, simulator.Fault{}); !errors.Is(r.err, errIncomplete) {
			t.Errorf("the error is %v", r.err)
		}
	})
}

func TestPrintsNothingWithoutAConfiguration(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), command.Env{Logger: log.NewNopLogger(), Stdout: &out}, Options{Flags: harness.DefaultFlags()})
	if err == nil || out.Len() > 0 {
		t.Errorf("printed %q, error %v", out.String(), err)
	}
}

func TestFailsWhenItCannotPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Flags: harness.DefaultFlags(), Demo: command.Demo{Enabled: true}}
		err := Run(t.Context(), command.Env{Logger: log.NewNopLogger(), Stdout: fullDisk{}}, o)
		if !errors.Is(err, errFull) {
			t.Errorf("the error is %v", err)
		}
	})
}

var errFull = errors.New("no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
