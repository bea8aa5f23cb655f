package collector

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// failures returns how many scans of HQ failed since the last good one; -1 if that is not exported.
func failures(s Snapshot) int {
	n := -1
	eachSample(s.Families, "runzero_scan_consecutive_failures", func(value float64, _ map[string]string) { n = int(value) })
	return n
}

func TestConsecutiveFailures(t *testing.T) {
	good := func(id, end string) string { return scan(id, "processed", `"updated_at":@`+end) }
	bad := func(id, end string) string { return scan(id, "error", `"updated_at":@`+end) }
	var many []string
	for i := range 1000 {
		many = append(many, bad(uuid(i), fmt.Sprintf("-%dm", i+1)))
	}
	for name, test := range map[string]struct {
		rows []string
		want int
	}{
		"never scanned":                              {nil, -1},
		"only waiting":                               {[]string{scan("1", "new", `"updated_at":@-1h`)}, -1},
		"the last was good":                          {[]string{bad("1", "-9h"), good("2", "-1h")}, 0},
		"two failed since":                           {[]string{bad("1", "-9h"), good("2", "-5h"), bad("3", "-4h"), scan("4", "canceled", `"updated_at":@-1h`)}, 2},
		"none was ever good":                         {[]string{bad("1", "-9h"), bad("2", "-5h"), bad("3", "-4h")}, 3},
		"one is still running":                       {[]string{good("1", "-9h"), bad("2", "-5h"), scan("3", "active", `"updated_at":@-1h`)}, 1},
		"listed twice":                               {[]string{bad("1", "-4h"), bad("1", "-4h"), bad("2", "-3h")}, 2},
		"more than are counted":                      {append(many[:1000:1000], good("1", "-40d")), maxFailures},
		"many, and few since":                        {append(many[:1000:1000], good("1", "-241s")), 4},
		"ended together, the larger id is the later": {[]string{bad("1", "-4h"), good("2", "-4h"), bad("3", "-4h")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			for range 5 {
				rnd.Shuffle(len(test.rows), func(i, j int) { test.rows[i], test.rows[j] = test.rows[j], test.rows[i] })
				if got := failures(tasksOf(t, Poll{Sites: acmeSites()}, strings.Join(test.rows, "\n"))); got != test.want {
					t.Errorf("%d, want %d", got, test.want)
				}
			}
		})
	}
}

// A console that lists only the last scans makes no difference, even if the exporter restarts between all polls.
func TestFailuresAreRemembered(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var rows []string
		var previous *Snapshot
		want := 0
		for i := range 60 {
			if rnd.IntN(8) == 0 {
				rows, want = append(rows, scan(uuid(i), "processed", fmt.Sprintf(`"updated_at":@-%dm`, 1000-i))), 0
			} else {
				rows, want = append(rows, scan(uuid(i), "error", fmt.Sprintf(`"updated_at":@-%dm`, 1000-i))), want+1
			}
			listed := rows[max(0, len(rows)-3):]
			s := tasksOf(t, Poll{Sites: acmeSites(), Previous: previous}, strings.Join(listed, "\n"))
			if got := failures(s); got != want {
				t.Fatalf("seed %d, scan %d: %d, want %d", seed, i, got, want)
			}
			s.Tasks = cached(t, s.Tasks)
			previous = &s
		}
	}
}

// The snapshot before a change may still be exposed, and the change may come again.
func TestAFailureIsAddedOnce(t *testing.T) {
	before := tasksOf(t, Poll{Sites: acmeSites(), Now: at("-1h")}, scan(uuid(1), "error", `"created_at":@-100m,"updated_at":@-90m`))
	followed := Followed{Organization: Organization{ID: acmeID, Name: "Acme"}, Snapshot: &before, Sites: acmeSites()}
	change := []runzero.Task{{ID: uuid(2), Type: typeScan, Status: "error", SiteID: hq, CreatedAt: at("-30m"), UpdatedAt: at("-20m")}}
	for range 2 {
		changed, err := followed.add(change, Poll{Now: noon, Settings: defaults()})
		if err != nil || failures(*changed.Snapshot) != 2 {
			t.Fatalf("%d, %v", failures(*changed.Snapshot), err)
		}
		followed.Snapshot = changed.Snapshot
	}
	if n := len(before.Tasks.Scans[hq].Failures); n != 1 {
		t.Errorf("the snapshot before has %d", n)
	}
}

// A schedule of a connector that is edited changes what is exported.
func TestAChangedScheduleOfAnIntegration(t *testing.T) {
	before := tasksOf(t, Poll{Sites: acmeSites()}, ``)
	followed := Followed{Organization: Organization{ID: acmeID, Name: "Acme"}, Snapshot: &before, Sites: acmeSites()}
	changed, err := followed.add([]runzero.Task{{ID: uuid(1), Type: typeConnector, Name: "Azure", Recur: true, Status: "active", Interval: time.Hour}}, Poll{Now: noon, Settings: defaults()})
	if err != nil {
		t.Fatal(err)
	}
	wantSeries(t, *changed.Snapshot, "runzero_integration_max_age", `runzero_integration_max_age_seconds{integration="Azure"} 3600`)
}

// What is still listed of before the last good scan, which is not, does not count.
func TestFailuresBeforeARememberedSuccess(t *testing.T) {
	before := tasksOf(t, Poll{Sites: acmeSites()}, scan("1", "error", `"updated_at":@-3h`)+scan("2", "processed", `"updated_at":@-2h`))
	if got := failures(tasksOf(t, Poll{Sites: acmeSites(), Previous: &before}, scan("1", "error", `"updated_at":@-3h`))); got != 0 {
		t.Errorf("%d, want 0", got)
	}
}

// What another version has cached has no failures, but shows that the last scan failed.
func TestAFailureOfAnotherVersionIsRemembered(t *testing.T) {
	before := tasksOf(t, Poll{Sites: acmeSites()}, scan("1", "error", `"updated_at":@-3h`)+scan("2", "error", `"updated_at":@-2h`))
	before.Tasks = nil
	if got := failures(tasksOf(t, Poll{Sites: acmeSites(), Previous: &before, LastError: errTasksEmptied}, ``)); got != 1 {
		t.Errorf("%d, want 1", got)
	}
}
