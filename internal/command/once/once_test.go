package once

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

func TestPrintsWhatWasPolled(t *testing.T) {
	failed := simulator.Fault{Path: "/export/org/assets.jsonl", Status: 502}
	for _, c := range []struct {
		name        string
		interrupted bool
		fault       *simulator.Fault
		err         error
		out         []string
		logged      int // lines about assets
	}{
		{"everything", false, nil, nil, []string{"runzero_up 1\n", "runzero_assets{", "runzero_exporter_build_info{"}, 0},
		{"the others when a poll fails", false, &failed, errIncomplete, []string{
			`runzero_collector_success{collector="assets",org_name="Halvorsen Logistics"} 0`, "runzero_sites{",
		}, 1},
		{"interrupted", true, nil, errInterrupted, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				console := simulator.New(simulator.Options{Assets: 50})
				if c.fault != nil {
					console.Inject(*c.fault)
				}
				dial, stop := simulator.Pipe(console)
				defer stop()
				o := Options{Flags: harness.DefaultFlags()}
				o.Flags.URL, o.Flags.Token = "http://localhost", console.ExportToken(0)
				var out bytes.Buffer
				var logged harness.Log
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.interrupted {
					cancel()
				}
				if err := Run(ctx, command.Env{Logger: log.NewLogfmtLogger(&logged), Stdout: &out, Dial: dial}, o); !errors.Is(err, c.err) {
					t.Errorf("the error is %v, want %v", err, c.err)
				}
				parser := expfmt.NewTextParser(model.LegacyValidation)
				if _, err := parser.TextToMetricFamilies(bytes.NewReader(out.Bytes())); err != nil {
					t.Error(err)
				}
				for _, sample := range c.out {
					if !strings.Contains(out.String(), sample) {
						t.Errorf("%s is missing in:\n%s", sample, out.String())
					}
				}
				if lines := logged.Lines("collector=assets", "502"); len(lines) != c.logged || c.fault == nil && strings.Contains(logged.String(), "level=error") {
					t.Errorf("logged %s", logged.String())
				}
			})
		})
	}
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
		reader, stdout := io.Pipe()
		_ = reader.Close()
		if err := Run(t.Context(), command.Env{Logger: log.NewNopLogger(), Stdout: stdout}, o); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestShowsHowManyPollsAreDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := simulator.New(simulator.Options{Assets: 50})
		dial, stop := simulator.Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(5 * time.Second)
			console.ServeHTTP(w, r)
		}))
		defer stop()
		o := Options{Flags: harness.DefaultFlags()}
		o.Flags.URL, o.Flags.Token = "http://localhost", console.ExportToken(0)
		var terminal bytes.Buffer
		env := command.Env{Logger: log.NewNopLogger(), Stdout: io.Discard, Dial: dial, Progress: command.NewProgress(&terminal)}
		if err := Run(t.Context(), env, o); err != nil {
			t.Fatal(err)
		}
		var done []string
		for _, match := range regexp.MustCompile(`(\d) of \d polls done`).FindAllStringSubmatch(terminal.String(), -1) {
			done = append(done, match[1])
		}
		if done = slices.Compact(done); len(done) < 3 || !slices.IsSorted(done) || done[0] != "0" {
			t.Errorf("the terminal shows %q", terminal.String())
		}
	})
}
