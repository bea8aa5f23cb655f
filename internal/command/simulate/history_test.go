package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

const (
	hour = time.Hour
	day  = 24 * hour
	step = hour / 2
)

// options are those of a history of a small console that is polled once an hour.
func options(length time.Duration) Options {
	o := Options{
		Flags: harness.DefaultFlags(), Console: simulator.Options{Seed: 1, Organizations: 3, Assets: 200, Limit: 10_000},
		History: History{Length: length, Step: step, Job: "runzero", Instance: "localhost:10026"},
	}
	o.Flags.CacheInterval, o.Flags.QuotaShare = hour, 0.8
	o.Flags.Collectors["tasks"] = config.CollectorFlags{Enabled: true, Interval: 3 * hour} // which are the slowest
	return o
}

func run(ctx context.Context, o Options) (string, error) {
	var out bytes.Buffer
	err := Run(ctx, command.Env{Logger: log.NewNopLogger(), Stdout: &out}, o)
	return out.String(), err
}

func write(t *testing.T, o Options) string {
	t.Helper()
	text, err := run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAHistoryHasTheIncidents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(2 * hour) // bubbles begin at midnight
		o := options(historyLength)
		o.Incidents = true
		p := readHistory(t, write(t, o))
		if n := len(p["up{}"]); n != int(historyLength/step)+1 {
			t.Errorf("%d scrapes", n)
		}
		countersNeverDecrease(t, p)
		incidentsAreVisible(t, p)
	})
}

func countersNeverDecrease(t *testing.T, p past) {
	t.Helper()
	for series, values := range p {
		if !strings.Contains(series, "_total{") {
			continue
		}
		ages := slices.Sorted(maps.Keys(values))
		for i, age := range ages[:len(ages)-1] {
			if older := ages[i+1]; values[age] < values[older] {
				t.Errorf("%s is %v %s before the end, and %v %s before", series, values[older], older, values[age], age)
			}
		}
	}
}

func incidentsAreVisible(t *testing.T, p past) {
	t.Helper()
	for _, c := range []struct {
		series        string
		before, after time.Duration // until the end
		change        func(before, after float64) bool
	}{
		{`runzero_explorer_connected{explorer="BRIGHTWATER-RZ02",org_name="Brightwater Clinics"}`, 27 * hour, 25 * hour, falls},
		{`runzero_explorer_connected{explorer="raspberry",org_name="Halvorsen Logistics"}`, 12*day + hour, 12*day - hour, falls},
		{`runzero_scan_age_seconds{org_name="Brightwater Clinics",site_name="Clinic South"}`, 9 * day, 0, func(before, after float64) bool {
			return before < 2*86400 && after > 9*86400
		}},
		{`runzero_api_paused{reason="quota"}`, 8*day - 12*hour, 8*day - 13*hour, rises},
		{`runzero_api_paused{reason="quota"}`, 8*day - 13*hour, 7 * day, falls},
		{`runzero_collector_success{collector="assets",org_name="Kestrel Acquisition"}`, 32 * hour, 30 * hour, falls},
		{`runzero_collector_success{collector="assets",org_name="Kestrel Acquisition"}`, 30 * hour, 28 * hour, rises},
		{`runzero_scan_schedule_failing{org_name="Halvorsen Logistics",schedule="Guest Wi-Fi sweep",site_name="Headquarters"}`, 50 * hour, day, rises},
		{`runzero_integration_last_success{integration="Azure AD sync",org_name="Halvorsen Logistics"}`, 3*day + hour, 2 * day, falls},
		{`account:runzero_sites_overdue:ratio{}`, 60 * hour, 0, func(before, after float64) bool { return before < 0.3 && after > 0.3 }},
		{`org:runzero_assets_critical:sum{org_name="Kestrel Acquisition"}`, 20 * hour, 6 * hour, func(before, after float64) bool { return after > before }},
	} {
		if c.before > historyLength {
			continue
		}
		if before, after := p.ago(t, c.series, c.before), p.ago(t, c.series, c.after); !c.change(before, after) {
			t.Errorf("%s is %v %s before the end, and %v %s before", c.series, before, c.before, after, c.after)
		}
	}
}

func falls(before, after float64) bool { return before == 1 && after == 0 }
func rises(before, after float64) bool { return before == 0 && after == 1 }

func TestAHistoryIsTheSameEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(6 * hour)
		o.Incidents = true
		if first, second := write(t, o), write(t, o); first != second {
			t.Error("two histories with the same end differ")
		}
	})
}

func TestMistakesAreSentences(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"--simulate.history must not be negative":                            func(o *Options) { o.History.Length = -day },
		"--simulate.history-step must be at least 1s":                        func(o *Options) { o.History.Step = 0 },
		"--simulate.history=1y with --simulate.history-step=1m is more than": func(o *Options) { o.History = History{Length: 365 * day, Step: time.Minute} },
		"--simulate.organizations and --simulate.assets must not be":         func(o *Options) { o.Console.Assets = -1 },
		"invalid --simulate.listen-address":                                  func(o *Options) { o.History.Length, o.Address = 0, "nowhere" },
	} {
		o := options(day)
		change(&o)
		if out, err := run(t.Context(), o); out != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("printed %q, error %v; want %s", out, err, want)
		}
	}
}

func TestAHistoryEndsWhenItIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := run(ctx, options(14*day)); out != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("wrote %d bytes, error %v", len(out), err)
	}
}

// slow is a terminal, and a disk that takes ten seconds for each write.
type slow struct {
	terminal harness.Log
	written  bytes.Buffer
}

func (s *slow) Write(text []byte) (int, error) {
	time.Sleep(10 * time.Second)
	return s.written.Write(text)
}

func TestProgressIsVisibleWhileTheHistoryIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var disk slow
		env := command.Env{Logger: log.NewNopLogger(), Stdout: &disk, Progress: command.NewProgress(&disk.terminal)}
		if err := Run(t.Context(), env, options(day)); err != nil {
			t.Fatal(err)
		}
		for megabytes := range disk.written.Len() / 1_000_000 {
			if want := fmt.Sprintf("%d of about %d MB written", megabytes+1, disk.written.Len()/1_000_000); !strings.Contains(disk.terminal.String(), want) {
				t.Errorf("nothing shows %q", want)
			}
		}
	})
}

// It takes a minute and gigabytes, which one wants to know before.
func TestAHistoryAnnouncesItsSize(t *testing.T) {
	var out, logged bytes.Buffer
	if err := Run(t.Context(), command.Env{Logger: log.NewLogfmtLogger(&logged), Stdout: &out}, options(3*day)); err != nil {
		t.Fatal(err)
	}
	var scrapes, series, megabytes int
	_, announced, _ := strings.Cut(logged.String(), `msg="simulating the history" `)
	if _, err := fmt.Sscanf(announced, "scrapes=%d series=%d estimated_megabytes=%d", &scrapes, &series, &megabytes); err != nil || scrapes != int(3*day/step)+1 {
		t.Fatalf("error %v, logged %q", err, logged.String())
	}
	if actual := out.Len() / 1_000_000; actual < 5 || megabytes < actual*9/10 || megabytes > actual*11/10+1 {
		t.Errorf("%d MB are %d MB", megabytes, actual)
	}
}
