package collector

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// endless polls a console whose answer at the path has that many records.
func endless(t *testing.T, c Collector, path string, poll Poll, rows int, row func(i int) string) (Snapshot, error) {
	t.Helper()
	poll.API = client(t, accountToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.TrimPrefix(r.URL.Path, "/api/v1.0") != path {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		out := bufio.NewWriter(w)
		defer func() { _ = out.Flush() }()
		for i := range rows {
			if _, err := out.WriteString(row(i)); err != nil {
				return // nobody reads on
			}
		}
	}))
	return try(t, c, nil, poll)
}

// Of a million values of everything that is open-ended, as many are kept as are to be,
// and nothing is lost of what adds up.
func TestAMillionValuesAreFolded(t *testing.T) {
	settings := labelled("site_name", "os", "os_product", "risk")
	settings.AssetTop = 5
	s, err := endless(t, made(t, "assets", settings), assetsPath, Poll{}, manyRows, func(i int) string {
		return fmt.Sprintf(`{"id":"%d","site_id":"s%d","os":"o%d","os_product":"p%d","risk":"r%d","sources":["a%d"],"last_seen":1787140800}`, i, i%7, i, i, i, i)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runzero_assets", "runzero_assets_by_risk", "runzero_assets_by_criticality", "runzero_assets_by_os_support"} {
		if got := total(s, name); got != manyRows {
			t.Errorf("%s adds up to %v", name, got)
		}
	}
	if got := counted(s, "runzero_asset_last_seen_age_seconds"); got != manyRows {
		t.Errorf("%d assets have an age", got)
	}
	values := map[string]map[string]bool{}
	eachSample(s.Families, "runzero_assets", func(_ float64, labels map[string]string) {
		for name, value := range labels {
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
		}
	})
	for _, label := range assetLabels() {
		if n := len(values[label.name]); label.open && n > settings.AssetTop+1 {
			t.Errorf("%d values of %s", n, label.name)
		}
	}
	series, _ := seriesOf(s.Families)
	if len(series) > 7*6*6*8+7*30+100 {
		t.Errorf("%d series", len(series))
	}
	if err := misread(s.Families); err != nil {
		t.Error(err)
	}
}

// An import is called after its file. Of more than are told apart the ones that ran last
// are kept, whatever the order in which the console lists them.
func TestOfManyImportsTheLastAreKept(t *testing.T) {
	const many = 3 * maxIntegrationNames
	for _, order := range []string{"the oldest first", "the newest first"} {
		s, err := endless(t, made(t, "tasks", defaults()), tasksPath, Poll{}, many, func(i int) string {
			if order == "the newest first" {
				i = many - 1 - i
			}
			return fmt.Sprintf(`{"id":"%d","type":"import","status":"processed","name":"file %d","updated_at":%d}`, i, i, noon.Unix()-many+int64(i))
		})
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		eachSample(s.Families, "runzero_integration_last_success", func(_ float64, labels map[string]string) { got = append(got, labels["integration"]) })
		for i := many - maxIntegrations; i < many; i++ {
			want = append(want, fmt.Sprint("file ", i))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: kept are %v", order, got)
		}
		if folded := total(s, "runzero_collector_folded_values"); folded < maxIntegrationNames/2-maxIntegrations {
			t.Errorf("%s: %v are said to be left out", order, folded)
		}
	}
}

// What has a name that people look for is not folded: of too many the poll fails, and
// reads no further than to the first that is too much.
func TestAMillionOfWhatIsNotFoldedIsAnError(t *testing.T) {
	named := func(i int) string {
		return fmt.Sprintf(`{"id":"%s","organization_id":"%s","name":"n%d","site_id":"%s","type":"scan","status":"active","recur":true}`, uuid(i), acmeID, i, uuid(i/3))
	}
	accountRows := Poll{Organizations: account()}
	for name, of := range map[string]struct {
		collector Collector
		path      string
		poll      Poll
		want      string
	}{
		"sites":               {made(t, "sites", defaults()), sitesPath, Poll{}, "more than 10000 sites"},
		"account's sites":     {wide(t, "sites"), accountSitesPath, accountRows, "more than 10000 sites"},
		"explorers":           {made(t, "explorers", defaults()), explorersPath, Poll{}, "more than 10000 Explorers"},
		"account's Explorers": {wide(t, "explorers"), accountExplorersPath, accountRows, "more than 10000 Explorers"},
		"hosted zones":        {made(t, "hosted_zones", defaults()), hostedZonesPath, accountRows, "more than 1000 hosted zones"},
		"sites of assets":     {made(t, "assets", defaults()), assetsPath, Poll{}, "more than 10000 sites"},
		"recurring scans":     {made(t, "tasks", defaults()), tasksPath, Poll{}, "more than 20000 recurring scans"},
		"organizations":       {organizationsFound{}, "/account/orgs", accountRows, "more than 10000 records"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := endless(t, of.collector, of.path, of.poll, 1_000_000, named); err == nil || !strings.Contains(err.Error(), of.want) {
				t.Errorf("error %v, want one that says %s", err, of.want)
			}
		})
	}
}

// As many sites as there may be, and something in none of them, are not too many.
func TestAsManySitesAsThereMayBe(t *testing.T) {
	sites := map[string]string{zeroID: unassigned}
	for i := range maxSites {
		sites[uuid(i)] = fmt.Sprint("site ", i)
	}
	of := func(more string) func(int) string {
		return func(i int) string {
			if i == maxSites {
				return `{"id":"unassigned"` + more + `}`
			}
			return fmt.Sprintf(`{"id":"%d","site_id":"%s"%s}`, i, uuid(i), more)
		}
	}
	if _, err := endless(t, made(t, "assets", labelled()), assetsPath, Poll{Sites: Distinguish(sites)}, maxSites+1, of("")); err != nil {
		t.Errorf("assets: %v", err)
	}
	if _, err := endless(t, made(t, "tasks", defaults()), tasksPath, Poll{}, maxSites+1, of(`,"type":"scan","status":"new"`)); err != nil {
		t.Errorf("tasks: %v", err)
	}
}

// Where nobody tells which sites there are, those that scans once spoke of do not pile
// up for ever.
func TestSitesThatCameAndWentDoNotPileUp(t *testing.T) {
	var previous *Snapshot
	for round := range 3 {
		s, err := endless(t, made(t, "tasks", defaults()), tasksPath, Poll{Previous: previous}, maxSites*2/3, func(i int) string {
			return fmt.Sprintf(`{"id":"%d","site_id":"%s","type":"scan","status":"processed","updated_at":%d}`, i, uuid(round*maxSites+i), noon.Unix()-60)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Sites); n > maxSites+1 || round > 0 && n < maxSites {
			t.Errorf("%d sites after %d rounds", n, round+1)
		}
		for i := range maxSites * 2 / 3 {
			if s.Sites[uuid(round*maxSites+i)] == "" {
				t.Fatal("a site that a scan speaks of now is not there")
			}
		}
		previous = &s
	}
}

// No poll exports more than so many series, whatever it is split by.
func TestTooManySeriesAreAnError(t *testing.T) {
	out := &samples{descs: descs("sites")}
	for i := range maxSeries + 1 {
		out.gauge("runzero_sites", 1, strconv.Itoa(i))
	}
	if _, err := out.snapshot(nil); err == nil || !strings.Contains(err.Error(), "series") {
		t.Errorf("error %v of %d series", err, len(out.metrics))
	}
	counts := newTally(newDimension("label", false), newDimension("label", false), newDimension("label", true))
	var err error
	n := 0
	for ; err == nil && n < 2*maxSeries; n++ {
		err = counts.add([]string{strconv.Itoa(n / 1000), strconv.Itoa(n % 1000), strconv.Itoa(n)})
	}
	if err == nil || !strings.Contains(err.Error(), "combinations of labels") || n != maxSeries+1 || len(counts.cells) != maxSeries {
		t.Errorf("error %v after %d combinations, of which %d are kept", err, n, len(counts.cells))
	}
	// What is kept is counted on.
	if err := counts.add([]string{"0", "0", "0"}); err != nil {
		t.Error(err)
	}
}

// Names that are made to look like those that tell others apart cost no more for it.
func TestDistinguishingIsNotQuadratic(t *testing.T) {
	names := map[string]string{"aaaaaaaa-1": "HQ", "b": "HQ", "c": "HQ (aaaaaaaa)", "d": "HQ (aaaaaaaa-1)"}
	for i := range 10_000 {
		names[uuid(i)] = fmt.Sprintf("HQ (aaaaaaaa-1) %d", i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	labels := Distinguish(names)
	runtime.ReadMemStats(&after)
	checkUnique(t, labels)
	if label := labels["aaaaaaaa-1"]; label != "HQ (aaaaaaaa-1) 10000" || len(labels) != len(names) {
		t.Errorf("%d labels, of which one is %s", len(labels), label)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 200<<20 {
		t.Errorf("%d bytes for %d names", n, len(names))
	}
}

// The text of a schedule's status or frequency is not kept, however long it is.
func TestSchedulesKeepNoTexts(t *testing.T) {
	s := newSchedules()
	long := strings.Repeat("x", 4096)
	for i := range 10 {
		task := runzero.Task{ID: uuid(i), Type: typeScan, Recur: true, Status: long, Frequency: long, Name: long, SiteName: long}
		if err := s.add(&task); err != nil {
			t.Fatal(err)
		}
	}
	for _, kept := range s.scans {
		if n := len(fmt.Sprintf("%+v", kept)); n > 2000 {
			t.Errorf("%d bytes are kept of a schedule", n)
		}
	}
}
