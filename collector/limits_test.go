package collector

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// pollMany polls a console whose response at the path has this many records.
func pollMany(t *testing.T, c Collector, path string, poll Poll, rows int, row func(i int) string) (Snapshot, error) {
	t.Helper()
	poll.API = client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimPrefix(r.URL.Path, "/api/v1.0") != path {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		var chunk strings.Builder
		for i := range rows {
			chunk.WriteString(row(i))
			if chunk.Len() > 64<<10 || i == rows-1 {
				if _, err := w.Write([]byte(chunk.String())); err != nil {
					return // the poll has ended
				}
				chunk.Reset()
			}
		}
	}))
	return attempt(t, c, nil, poll)
}

// Things that people look for by name are not grouped: if there are too many, the poll fails, without reading on.
func TestTooManyNamesFailThePoll(t *testing.T) {
	record := func(i int) string {
		return fmt.Sprintf(`{"id":"%s","organization_id":"%s","name":"n%d","site_id":"%s","type":"scan","status":"active","recur":true}`, uuid(i), acmeID, i, uuid(i/3))
	}
	newSiteEach := func(i int) string {
		return fmt.Sprintf(`{"id":"%d","site_id":"%s","type":"scan","status":"new"}`, i, uuid(i))
	}
	account := Poll{Organizations: organizations()}
	for _, test := range []struct {
		name      string
		collector Collector
		path      string
		poll      Poll
		record    func(int) string
		want      string
	}{
		{"sites", collectorOf(t, "sites", defaults()), sitesPath, Poll{}, record, "more than 10000 sites"},
		{"account's sites", accountWide(t, "sites"), accountSitesPath, account, record, "more than 10000 sites"},
		{"explorers", collectorOf(t, "explorers", defaults()), explorersPath, Poll{}, record, "more than 10000 Explorers"},
		{"hosted zones", collectorOf(t, "hosted_zones", defaults()), hostedZonesPath, account, record, "more than 1000 hosted zones"},
		{"API keys", collectorOf(t, "api_keys", defaults()), apiKeysPath, account, record, "more than 50000 API keys"},
		{"organizations", discoveredOrganizations(), "/account/orgs", account, record, "more than 10000 records"},
		{"recurring scans", collectorOf(t, "tasks", defaults()), tasksPath, Poll{}, record, "more than 20000 recurring scans"},
		{"sites of scans", collectorOf(t, "tasks", defaults()), tasksPath, Poll{}, newSiteEach, "more than 10000 sites"},
		{"sites of assets", collectorOf(t, "assets", defaults()), assetsPath, Poll{}, newSiteEach, "more than 10000 sites"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := pollMany(t, test.collector, test.path, test.poll, 1_000_000, test.record); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
}

// The limit is on the rows of all exported organizations together.
func TestTooManyRowsOfAnAccountFailThePoll(t *testing.T) {
	exported := map[string]string{}
	for i := range maxAccountRows/maxSites + 1 {
		exported[uuid(i)] = uuid(i)
	}
	poll := func(organization func(i int) string) error {
		_, err := pollMany(t, accountWide(t, "sites"), accountSitesPath, Poll{Organizations: exported, Others: map[string]bool{otherID: true}}, maxAccountRows+1, func(i int) string {
			return fmt.Sprintf(`{"id":"%s","organization_id":"%s","name":"x"}`, uuid(i), organization(i))
		})
		return err
	}
	if err := poll(func(i int) string { return uuid(i % len(exported)) }); err == nil || !strings.Contains(err.Error(), "more than 50000 sites in one account") {
		t.Errorf("error is %v", err)
	}
	if err := poll(func(int) string { return otherID }); err != nil {
		t.Errorf("rows of organizations that are not exported count: %v", err)
	}
}

// While the sites are not known, those of earlier scans do not accumulate forever.
func TestSitesOfEarlierPollsDoNotAccumulate(t *testing.T) {
	var previous *Snapshot
	for round := range 3 {
		seen := map[string]string{}
		for i := range maxSites * 2 / 3 {
			seen[uuid(round*maxSites+i)] = "x"
		}
		names := Poll{Previous: previous}.siteNames(seen)
		if n := len(names); n > maxSites+1 || round > 0 && n < maxSites {
			t.Errorf("%d sites after %d rounds", n, round+1)
		}
		for id := range seen {
			if names[id] == "" {
				t.Fatal("a site of this poll has no name")
			}
		}
		previous = &Snapshot{Sites: names}
	}
}

// If there are more integrations than can be kept, those that ran last are exported, whatever the order of the list.
func TestOfManyIntegrationsTheLatestAreExported(t *testing.T) {
	const many = 2 * maxIntegrationNames
	for _, oldestFirst := range []bool{true, false} {
		i := newIntegrations()
		for n := range many {
			if !oldestFirst {
				n = many - 1 - n
			}
			i.add(&runzero.Task{ID: strconv.Itoa(n), Name: fmt.Sprint("file ", n), AcquisitionEnded: noon.Add(time.Duration(n-many) * time.Second)}, succeeded, noon)
		}
		out := newSamples("tasks")
		i.samples(out, "Acme")
		s, err := out.snapshot(nil)
		if err != nil {
			t.Fatal(err)
		}
		got := by(s, "runzero_integration_last_success", "integration")
		for n := many - maxIntegrations; n < many; n++ {
			if _, ok := got[fmt.Sprint("file ", n)]; !ok {
				t.Fatalf("file %d is not exported", n)
			}
		}
		if folded := total(s, "runzero_collector_folded_values"); len(got) != maxIntegrations || folded < maxIntegrationNames/2-maxIntegrations {
			t.Errorf("%d are exported, %v left out", len(got), folded)
		}
	}
}

func TestTooManySeriesFailThePoll(t *testing.T) {
	out := newSamples("sites")
	out.metrics = make([]prometheus.Metric, maxSeries)
	out.gauge("runzero_sites", 1, "Acme")
	if _, err := out.snapshot(nil); err == nil || !strings.Contains(err.Error(), "more than 500000 series") {
		t.Errorf("error is %v", err)
	}
}

func TestTooManyCombinationsFailThePoll(t *testing.T) {
	tally := newTally(newDimension("documented", false), newDimension("open", true))
	for i := range maxSeries {
		tally.cells[cell{uint16(i), uint16(i >> 16), 1}] = 1
	}
	if err := tally.add([]string{"a", "b"}); err == nil || !strings.Contains(err.Error(), "combinations of labels") {
		t.Errorf("error is %v", err)
	}
	tally.cells[cell{1, otherCode}] = 1
	if err := tally.add([]string{"a", "c"}); err != nil {
		t.Errorf("a combination that is counted already fails: %v", err)
	}
}

// Names that imitate the suffixes of others must not make it expensive.
func TestDistinguishIsNotQuadratic(t *testing.T) {
	names := map[string]string{"aaaaaaaa-1": "HQ", "b": "HQ", "c": "HQ (aaaaaaaa)", "d": "HQ (aaaaaaaa-1)"}
	for i := range 10_000 {
		names[uuid(i)] = fmt.Sprintf("HQ (aaaaaaaa-1) %d", i)
	}
	var labels map[string]string
	bytes := allocatedBy(func() { labels = Distinguish(names) })
	checkUnique(t, labels)
	if label := labels["aaaaaaaa-1"]; label != "HQ (aaaaaaaa-1) 10000" || len(labels) != len(names) {
		t.Errorf("%d labels, of which one is %s", len(labels), label)
	}
	if bytes > 200<<20 {
		t.Errorf("%d bytes for %d names", bytes, len(names))
	}
}

func TestLabelDoesNotCopyLongTexts(t *testing.T) {
	text := strings.Repeat("a\n", 5<<20)
	if n := allocatedBy(func() { Label(text) }); n > 1<<20 {
		t.Errorf("%d bytes for a label", n)
	}
}

func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestSchedulesDoNotKeepLongTexts(t *testing.T) {
	s := newTasks(nil)
	long := strings.Repeat("x", 4096)
	if err := s.add(&runzero.Task{ID: uuid(1), Type: typeScan, Recur: true, Status: long, Frequency: long, Name: long, SiteName: long}, noon); err != nil {
		t.Fatal(err)
	}
	if n := len(fmt.Sprintf("%+v", s.Schedules)); n > 2000 {
		t.Errorf("%d bytes are kept of a schedule", n)
	}
}
