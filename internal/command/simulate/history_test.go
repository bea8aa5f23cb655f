//go:build port

package simulate

import (
	"bufio"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// scraped is a history as it was written: the values of each series, without the labels
// of the scrape, by the age of the scrape.
type scraped map[string]map[time.Duration]float64

const (
	historyStep = 30 * time.Minute
	// A small console, asked at leisure: a history of two weeks takes a second.
	historyFlags = "--simulate.assets=300 --cache.interval=1h --quota.share=0.8 --simulate.history=14d --simulate.history-step=30m"
)

// writeTwoWeeks writes a history inside a bubble, at whose time it ends.
func writeTwoWeeks(t *testing.T, flags string) string {
	t.Helper()
	code, text, log := command(t, t.Context(), strings.Fields("simulate "+flags)...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, log)
	}
	return text
}

// readHistory reads a history, and holds it to what OpenMetrics and promtool want.
func readHistory(t *testing.T, text string) scraped {
	t.Helper()
	const target = `{instance="localhost:10026",job="runzero"`
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Fatal("the text does not end as OpenMetrics does")
	}
	read, families := scraped{}, map[string]bool{}
	var family, typ, last string
	var before int64
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			family, typ, _ = strings.Cut(rest, " ")
			if families[family] {
				t.Fatalf("the family %s is there twice", family)
			}
			families[family] = true
			continue
		}
		if line == "# EOF" {
			continue
		}
		fields := strings.Split(line[strings.LastIndex(line, "}")+1:], " ")
		series := line[:strings.LastIndex(line, "}")+1]
		value, err := strconv.ParseFloat(fields[1], 64)
		at, err2 := strconv.ParseInt(fields[2], 10, 64)
		sample, labels, found := strings.Cut(series, target)
		suffix, ours := strings.CutPrefix(sample, family)
		if err != nil || err2 != nil || !found || !ours || len(fields) != 3 {
			t.Fatalf("%q is no sample of %s", line, family)
		}
		if suffixes := map[string][]string{"counter": {"_total"}, "gauge": {""}, "histogram": {"_bucket", "_count", "_sum"}}; !slices.Contains(suffixes[typ], suffix) {
			t.Fatalf("%q is no sample of a %s", line, typ)
		}
		key := sample + "{" + strings.TrimPrefix(labels, ",")
		age := time.Since(time.Unix(at, 0))
		switch {
		case series != last && read[key] != nil:
			t.Fatalf("the samples of %s do not stand together", series)
		case series == last && at <= before:
			t.Fatalf("the samples of %s are not in the order of time", series)
		case read[key] == nil:
			read[key] = map[time.Duration]float64{}
		}
		last, before = series, at
		read[key][age] = value
	}
	return read
}

// ago is the value of a series so long before the end.
func (s scraped) ago(t *testing.T, series string, age time.Duration) float64 {
	t.Helper()
	value, ok := s[series][age]
	if !ok {
		t.Errorf("%s has no sample %s before the end", series, age)
	}
	return value
}

// TestAHistoryOfTwoWeeks ends at the bubble's midnight: what is of today has just begun.
func TestAHistoryOfTwoWeeks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flags := historyFlags + " --simulate.incidents"
		for _, on := range everything() { // once a day, for the calls are those of a small licence
			flags += " " + on + " " + on + ".interval=1d"
		}
		read := readHistory(t, writeTwoWeeks(t, flags))
		everyFamilyIsThere(t, read)
		incidentsAreThere(t, read)
	})
}

func everyFamilyIsThere(t *testing.T, read scraped) {
	there := map[string]bool{}
	for series, values := range read {
		sample, _, _ := strings.Cut(series, "{")
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			there[strings.TrimSuffix(sample, suffix)] = true
		}
		if strings.Contains(series, "PLANTED") {
			t.Errorf("%s holds a secret", series)
		}
		if strings.HasSuffix(sample, "_total") {
			neverLess(t, series, values)
		}
	}
	// The simulated exporter keeps nothing and has no configuration file.
	absent := []string{"runzero_exporter_store_success", "runzero_api_credential_expiration_timestamp_seconds", "runzero_query_results"}
	for _, m := range collector.Catalogue() {
		if there[m.Name] == slices.Contains(absent, m.Name) {
			t.Errorf("%s is there: %v", m.Name, there[m.Name])
		}
	}
	if n := len(read["up{}"]); n != 14*48+1 {
		t.Errorf("%d scrapes", n)
	}
}

// neverLess holds a counter to what counters do.
func neverLess(t *testing.T, series string, values map[time.Duration]float64) {
	ages := slices.Sorted(maps.Keys(values))
	for i, age := range ages[:len(ages)-1] {
		if older := ages[i+1]; values[age] < values[older] {
			t.Errorf("%s is %v %s before the end, and %v later", series, values[older], older, values[age])
		}
	}
}

func incidentsAreThere(t *testing.T, read scraped) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		series        string
		before, after time.Duration
		change        func(before, after float64) bool
	}{
		{`runzero_explorer_connected{explorer="BRIGHTWATER-RZ02",org_name="Brightwater Clinics"}`, 27 * time.Hour, 25 * time.Hour, falls},
		{`runzero_explorer_connected{explorer="raspberry",org_name="Halvorsen Logistics"}`, 12*day + time.Hour, 12*day - time.Hour, falls},
		{`runzero_scan_age_seconds{org_name="Brightwater Clinics",site_name="Clinic South"}`, 9 * day, 0, func(before, after float64) bool {
			return before < 2*86400 && after > 9*86400
		}},
		{`runzero_site_assets{org_name="Halvorsen Logistics",site_name="Headquarters",state="recent"}`, 10 * time.Hour, 7 * time.Hour, by(1.3)},
		{`runzero_site_assets{org_name="Halvorsen Logistics",site_name="Harbour Lab",state="recent"}`, 21 * time.Hour, 14 * time.Hour, by(0.8)},
		{`runzero_api_usage_remaining{credential="default"}`, 8*day - 14*time.Hour, 8*day - 15*time.Hour, by(0.2)},
		{`runzero_api_paused{reason="quota"}`, 8*day - 14*time.Hour, 8*day - 15*time.Hour, rises},
		{`runzero_api_paused{reason="quota"}`, 8*day - 15*time.Hour, 7*day - 2*time.Hour, falls},
		{`runzero_collector_success{collector="assets",org_name="Kestrel Acquisition"}`, 32 * time.Hour, 30*time.Hour + 30*time.Minute, falls},
		{`runzero_collector_success{collector="assets",org_name="Kestrel Acquisition"}`, 30*time.Hour + 30*time.Minute, 29 * time.Hour, rises},
		{`runzero_scan_schedule_failing{org_name="Halvorsen Logistics",schedule="Guest Wi-Fi sweep",site_name="Headquarters"}`, 2*day + time.Hour, day, rises},
		{`runzero_integration_last_success{integration="Azure AD sync",org_name="Halvorsen Logistics"}`, 3*day + time.Hour, 2 * day, falls},
	} {
		if before, after := read.ago(t, c.series, c.before), read.ago(t, c.series, c.after); !c.change(before, after) {
			t.Errorf("%s is %v %s before the end, and %v %s before", c.series, before, c.before, after, c.after)
		}
	}
	limit, left := read.ago(t, `runzero_api_usage_limit{credential="default"}`, 0), read.ago(t, `runzero_api_usage_remaining{credential="default"}`, 0)
	if ratio := left / limit; ratio < 0.1 || ratio > 0.16 {
		t.Errorf("%v of the calls are left at the end", ratio)
	}
	if ends := read.ago(t, "runzero_license_expiration_timestamp_seconds{}", 0); ends != float64(time.Now().Add(20*day).Unix()) {
		t.Errorf("the licence expires at %v", ends)
	}
	assets := read.ago(t, `runzero_license_assets{kind="live"}`, 0) + read.ago(t, `runzero_license_assets{kind="project"}`, 0)
	if ratio := assets / read.ago(t, "runzero_license_assets_limit{}", 0); ratio < 0.9 || ratio > 1 {
		t.Errorf("%v of the licence is used", ratio)
	}
}

func falls(before, after float64) bool { return before == 1 && after == 0 }
func rises(before, after float64) bool { return before == 0 && after == 1 }

// by is a change by a factor, or by more than that.
func by(factor float64) func(before, after float64) bool {
	return func(before, after float64) bool {
		return before > 0 && (factor > 1 && after >= factor*before || factor < 1 && after <= factor*before)
	}
}

// TestAHistoryEndsAsTheExporterBegins holds the last scrape to what an exporter of the
// same console shows that is started then. How the polls went before is of the history
// alone; and so is what a collector knows of its earlier polls, and the console of the
// calls.
func TestAHistoryEndsAsTheExporterBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := readHistory(t, writeTwoWeeks(t, "--simulate.limit=100000 --cache.interval=30m --simulate.history=12h --simulate.history-step=30m"))
		last := map[string]float64{}
		for series, values := range read {
			if value, ok := values[0]; ok {
				last[series] = value
			}
		}
		code, text, log := command(t, t.Context(), "once", "--demo")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, log)
		}
		exporter := readText(t, text)
		for series, value := range exporter {
			if got, ok := last[series]; !ok || got != value {
				t.Errorf("%s is %v in the history (there: %v), and %v at the exporter", series, got, ok, value)
			}
			delete(last, series)
		}
		for series := range last {
			if series != "up{}" && compared(series) {
				t.Errorf("the exporter does not have %s", series)
			}
		}
		if len(exporter) < 500 {
			t.Errorf("only %d series were compared", len(exporter))
		}
	})
}

// compared tells whether a series is of what polls find, as of now.
func compared(series string) bool {
	for _, prefix := range []string{"runzero_api_", "runzero_exporter_", "runzero_collector_", "runzero_up"} {
		if strings.HasPrefix(series, prefix) {
			return strings.HasPrefix(series, "runzero_collector_folded") || strings.HasPrefix(series, "runzero_collector_supported")
		}
	}
	return strings.HasPrefix(series, "runzero_")
}

func TestAHistoryIsTheSameEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flags := strings.Replace(historyFlags, "14d", "1d", 1) + " --simulate.incidents"
		if first, second := writeTwoWeeks(t, flags), writeTwoWeeks(t, flags); first != second {
			t.Error("two histories of one console and one end differ")
		}
	})
}

func TestMistakesInTheHistoryAreSentences(t *testing.T) {
	for flags, want := range map[string]string{
		"--simulate.history=1d --simulate.history-step=0s":  "--simulate.history-step must be at least 1s",
		"--simulate.history=10y --simulate.history-step=1m": "are more than 110000 scrapes: lengthen the step",
	} {
		code, out, log := command(t, t.Context(), strings.Fields("simulate "+flags)...)
		if code != 1 || out != "" || !strings.Contains(log, want) {
			t.Errorf("%s: %d, %q, %q", flags, code, out, log)
		}
	}
}

// readText is a text exposition by series, in the form of a history's.
func readText(t *testing.T, text string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	series := newHistorySeries(time.Now(), historyOptions{step: historyStep, job: "runzero", instance: "localhost:10026"})
	series.families(slices.Collect(maps.Values(families)), 0, 1)
	var out strings.Builder
	if err := series.write(&out); err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for key, values := range readHistory(t, out.String()) {
		if compared(key) {
			found[key] = values[0]
		}
	}
	return found
}
