package collector

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const accountTasksPath = "/account/tasks"

// accountScan is a row of the account's tasks: a scan of an organization's HQ, with these further members.
func accountScan(organization, id, status, rest string) string {
	return strings.Replace(scan(id, status, rest), `{`, `{"organization_id":"`+organization+`",`, 1)
}

// listed is a list of rows.
func listed(rows ...string) responses {
	return responses{accountTasksPath: {body: "[" + strings.Join(rows, ",") + "]"}}
}

// earlier are the organizations as they were exported an hour before noon. Of each, a scan ended 90 minutes before noon.
func earlier(t *testing.T) []Followed {
	t.Helper()
	sites := acmeSites()
	var all []Followed
	for _, o := range []Organization{{acmeID, "Acme"}, {beaconID, "Beacon"}, {emptyID, "Empty"}} {
		s := tasksOf(t, Poll{Organization: o, Sites: sites, Now: at("-1h")}, scan(uuid(1), "processed", `"created_at":@-100m,"updated_at":@-90m`))
		all = append(all, Followed{Organization: o, Snapshot: &s, Sites: sites, Current: at("-15m")})
	}
	return all
}

// follow makes one poll of changes at noon.
func follow(t *testing.T, console http.Handler, followed []Followed, change ...func(*Poll)) (map[string]Changed, error) {
	t.Helper()
	poll := Poll{
		API: client(t, accountToken, console), Organizations: organizations(), Others: map[string]bool{otherID: true},
		Now: noon, Previous: &Snapshot{}, Settings: defaults(),
	}
	for _, change := range change {
		change(&poll)
	}
	for _, spec := range Specs() {
		if spec.Changes != nil {
			return spec.Changes(t.Context(), poll, followed)
		}
	}
	t.Fatal("no collector follows changes")
	return nil, nil
}

func first(p *Poll) { p.Previous = nil }

func TestWhatIsRequestedOfChanges(t *testing.T) {
	for name, test := range map[string]struct {
		followed func([]Followed)
		change   func(*Poll)
		want     string
	}{
		"what changed since the last poll": {func([]Followed) {}, func(*Poll) {}, "updated_at:<1hours and not type:sample"},
		"the one that is current the least": {func(f []Followed) { f[1].Current = at("-111m") }, func(*Poll) {},
			"updated_at:<3hours and not type:sample"},
		// The newest task changed 90 minutes ago, by a clock that may be an hour behind.
		"at first, what changed last": {func([]Followed) {}, first, "updated_at:<3hours and not type:sample"},
		"at first, if nothing is known": {func(f []Followed) {
			for i := range f {
				f[i].Snapshot = &Snapshot{Tasks: newTasks(nil)}
			}
		}, first, "updated_at:<1hours and not type:sample"},
	} {
		t.Run(name, func(t *testing.T) {
			var requests []*url.URL
			all := listed(accountScan(otherID, uuid(9), "new", `"created_at":@-1m,"updated_at":@-1m`))
			console := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests = append(requests, r.URL)
				all.ServeHTTP(w, r)
			})
			followed := earlier(t)
			test.followed(followed)
			if _, err := follow(t, console, followed, test.change); err != nil {
				t.Fatal(err)
			}
			if len(requests) != 1 || requests[0].Path != "/api/v1.0/account/tasks" || requests[0].Query().Get("search") != test.want || requests[0].Query().Has("_oid") {
				t.Errorf("requested %v", requests)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	for back, want := range map[time.Duration]time.Duration{
		-time.Hour: time.Hour, 0: time.Hour, 15 * time.Minute: time.Hour, 50 * time.Minute: time.Hour, 50*time.Minute + 1: 2 * time.Hour,
		time.Hour: 2 * time.Hour, 110 * time.Minute: 2 * time.Hour, 47 * time.Hour: 48 * time.Hour, 47*time.Hour + 51*time.Minute: 49 * time.Hour,
	} {
		if got := window(noon, noon.Add(-back)); got != want {
			t.Errorf("to look back %s, the search is for %s, want %s", back, got, want)
		}
	}
}

func TestNothingToFollowMakesNoRequest(t *testing.T) {
	console := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("requested") })
	if all, err := follow(t, console, nil, first); err != nil || all != nil {
		t.Errorf("%v, %v", all, err)
	}
}

// Rows of several organizations are added to each. What has not changed stays the very same.
func TestChangesOfSeveralOrganizations(t *testing.T) {
	followed := earlier(t)
	all, err := follow(t, listed(
		accountScan(beaconID, uuid(3), "active", `"created_at":@-9m,"updated_at":@-8m,"data_acquisition_started_at":@-8m`),
		accountScan(acmeID, uuid(2), "processed", `"created_at":@-30m,"updated_at":@-5m,"data_processing_ended_at":@-5m`),
		accountScan(otherID, uuid(5), "processed", `"created_at":@-30m,"updated_at":@-5m`),
		accountScan(acmeID, uuid(4), "new", `"created_at":@-1m,"updated_at":@-1m`),
		accountScan(emptyID, uuid(1), "processed", `"created_at":@-100m,"updated_at":@-90m`), // as it was exported
	), followed)
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	for i, id := range []string{acmeID, beaconID, emptyID} {
		if same := all[id].Snapshot == followed[i].Snapshot; all[id].Unclear || same != (id == emptyID) {
			t.Errorf("%s: unclear: %t, the same: %t", id, all[id].Unclear, same)
		}
	}
	wantSeries(t, *all[acmeID].Snapshot, "runzero_tasks", `runzero_tasks{status="new",task_type="scan"} 1`, `runzero_tasks{status="processed",task_type="scan"} 2`)
	wantSeries(t, *all[acmeID].Snapshot, "runzero_scan_last_success_timestamp", `runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-5m`)
	if got := all[acmeID].Snapshot.Tasks.Processed; !got.Equal(at("-5m")) {
		t.Errorf("assets have changed at %s", got)
	}
	beacon := exposition(t, all[beaconID].Snapshot.Families)
	if !strings.Contains(beacon, `runzero_tasks{org_name="Beacon",status="active",task_type="scan"} 1`) || strings.Contains(beacon, "Acme") {
		t.Errorf("Beacon has\n%s", beacon)
	}
	// The snapshot before is as it was: it may still be exposed.
	wantSeries(t, *followed[0].Snapshot, "runzero_tasks", `runzero_tasks{status="processed",task_type="scan"} 1`)
	if n := len(followed[0].Snapshot.Tasks.Runs); n != 1 {
		t.Errorf("the snapshot before has %d runs", n)
	}

	for i, id := range []string{acmeID, beaconID, emptyID} {
		followed[i].Snapshot = all[id].Snapshot
	}
	again, err := follow(t, listed(
		accountScan(acmeID, uuid(2), "processed", `"created_at":@-30m,"updated_at":@-5m,"data_processing_ended_at":@-5m`),
		accountScan(acmeID, uuid(4), "new", `"created_at":@-1m,"updated_at":@-1m`),
		accountScan(beaconID, uuid(3), "active", `"created_at":@-9m,"updated_at":@-8m,"data_acquisition_started_at":@-8m`),
	), followed)
	if err != nil || again[acmeID] != all[acmeID] || again[beaconID] != all[beaconID] {
		t.Errorf("the same rows once more change something: %v", err)
	}
}

func TestARenamedSiteIsExportedAgain(t *testing.T) {
	followed := earlier(t)
	sites := maps.Clone(acmeSites())
	sites[hq] = "Head office"
	followed[0].Sites, followed[1].Sites = sites, nil
	all, err := follow(t, listed(), followed)
	if err != nil {
		t.Fatal(err)
	}
	wantSeries(t, *all[acmeID].Snapshot, "runzero_scan_last_success_timestamp", `runzero_scan_last_success_timestamp_seconds{site_name="Head office"} @-90m`)
	if all[beaconID].Snapshot != followed[1].Snapshot || all[emptyID].Snapshot != followed[2].Snapshot {
		t.Error("an organization whose sites are as they were is exported again")
	}
}

// A change whose effect is unclear costs a poll of that organization, and of no other one.
func TestAnUnclearChange(t *testing.T) {
	followed := earlier(t)
	all, err := follow(t, listed(
		accountScan(acmeID, uuid(1), "error", `"created_at":@-100m,"updated_at":@-5m`), // was the last good one
		accountScan(beaconID, uuid(7), "processed", `"created_at":@-90d,"updated_at":@-5m`),
		accountScan(emptyID, uuid(8), "processed", `"created_at":@-6m,"updated_at":@-5m`),
	), followed)
	if err != nil || !all[acmeID].Unclear || !all[beaconID].Unclear || all[emptyID].Unclear {
		t.Fatalf("%+v, %v", all, err)
	}
	if all[acmeID].Snapshot != followed[0].Snapshot || all[emptyID].Snapshot == followed[2].Snapshot {
		t.Error("an unclear change is added, or a clear one is not")
	}
}

func TestAnOrganizationThatTheCredentialDoesNotReachIsNotFollowed(t *testing.T) {
	all, err := follow(t, listed(), earlier(t), func(p *Poll) { p.Organizations = map[string]string{acmeID: "Acme"} })
	if _, found := all[beaconID]; err != nil || found || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// A console that does not do what it is asked shows that in its response.
func TestSearchesThatAreNotHeeded(t *testing.T) {
	good := accountScan(acmeID, uuid(2), "processed", `"created_at":@-30m,"updated_at":@-5m`)
	unknown := accountScan(uuid(99), uuid(3), "processed", `"created_at":@-30m,"updated_at":@-5m`)
	excluded := accountScan(otherID, uuid(4), "processed", `"created_at":@-30m,"updated_at":@-5m`)
	wrongBefore := func(p *Poll) { p.LastError = fmt.Errorf("poll: %w", runzero.ErrWrongOrganization) }
	reached := func(*Poll) {}
	for name, test := range map[string]struct {
		rows        []string
		change      func(*Poll)
		is, text    string
		unsupported bool
	}{
		"an old row":                     {[]string{good, accountScan(acmeID, uuid(3), "processed", `"updated_at":@-121m`)}, reached, "", "ignores the search", true},
		"a clock that is an hour behind": {[]string{good, accountScan(acmeID, uuid(3), "new", `"created_at":@-119m,"updated_at":@-119m`)}, reached, "ok", "", false},
		"an old row of another one":      {[]string{accountScan(otherID, uuid(3), "processed", `"updated_at":@-90d`)}, reached, "", "ignores the search", true},
		"no updated_at":                  {[]string{accountScan(acmeID, uuid(3), "processed", `"created_at":@-5m`)}, reached, "", "ignores the search", true},
		"no organization":                {[]string{good, scan(uuid(3), "processed", `"updated_at":@-5m`)}, reached, "", "do not name their organization", true},
		"no rows":                        {nil, reached, "ok", "", false},
		"excluded rows at first":         {[]string{excluded}, first, "ok", "", false},
		"excluded rows":                  {[]string{excluded}, reached, "ok", "", false},
		"unknown rows":                   {[]string{unknown}, reached, "wrong", "", false},
		"unknown rows again":             {[]string{unknown}, wrongBefore, "", "in other organizations alone", true},
		"unknown rows beside others":     {[]string{unknown, good}, wrongBefore, "ok", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := follow(t, listed(test.rows...), earlier(t), test.change)
			switch {
			case test.is == "ok":
				if err != nil || len(all) != 3 {
					t.Errorf("%v, %v", all, err)
				}
			case all != nil || err == nil:
				t.Fatalf("%v", all)
			case errors.Is(err, ErrUnsupported) != test.unsupported || !strings.Contains(err.Error(), test.text):
				t.Errorf("error is %v", err)
			case errors.Is(err, runzero.ErrWrongOrganization) != (test.is == "wrong"):
				t.Errorf("error is %v", err)
			}
		})
	}
}

// What is not listed although it should be may be deleted: an export shows whether it is.
func TestATaskThatIsNotAmongTheChanges(t *testing.T) {
	seen := func(age string) []Followed {
		all := earlier(t)
		s := tasksOf(t, Poll{Sites: acmeSites(), Now: at("-1m")}, scan(uuid(2), "new", `"created_at":@`+age+`,"updated_at":@`+age))
		all[0].Snapshot = &s
		return all
	}
	row := func(organization, age string) string {
		return accountScan(organization, uuid(9), "new", `"created_at":@`+age+`,"updated_at":@`+age)
	}
	for name, test := range map[string]struct {
		rows     []string
		followed []Followed
		change   func(*Poll)
		missed   string
		searches int
	}{
		"older ones of others are listed":     {[]string{row(otherID, "-40m")}, seen("-30m"), func(*Poll) {}, uuid(2), 1},
		"newer ones alone are listed":         {[]string{row(otherID, "-20m")}, seen("-30m"), func(*Poll) {}, "", 1},
		"nothing is listed":                   {nil, seen("-30m"), func(*Poll) {}, uuid(2), 2},
		"nothing is listed, and all is older": {nil, seen("-70m"), func(*Poll) {}, "", 1},
		"nothing is listed at first":          {nil, seen("-70m"), first, uuid(2), 2},
	} {
		t.Run(name, func(t *testing.T) {
			searches, all := 0, listed(test.rows...)
			changed, err := follow(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				searches++
				all.ServeHTTP(w, r)
			}), test.followed, test.change)
			if acme := changed[acmeID]; err != nil || acme.Missed != test.missed || acme.Unclear != (test.missed != "") || acme.Snapshot != test.followed[0].Snapshot {
				t.Errorf("%+v, %v, want %q", acme, err, test.missed)
			}
			if searches != test.searches {
				t.Errorf("%d searches, want %d", searches, test.searches)
			}
		})
	}
	poll := Poll{Sites: acmeSites(), Previous: seen("-30m")[0].Snapshot, Missed: uuid(2)}
	if tasksOf(t, poll, scan(uuid(1), "new", `"created_at":@-3h,"updated_at":@-3h`)).Overlooked || !tasksOf(t, poll, scan(uuid(2), "new", `"created_at":@-30m,"updated_at":@-30m`)).Overlooked {
		t.Error("what is deleted was overlooked, or what is there was not")
	}
}

// A search that finds nothing proves nothing if everything is older than what may be searched for.
func TestNothingIsFoundInAQuietAccount(t *testing.T) {
	followed := earlier(t)[:1]
	s := tasksOf(t, Poll{Sites: acmeSites(), Now: at("-1h")}, scan(uuid(1), "processed", `"created_at":@-31d,"updated_at":@-30d`))
	followed[0].Snapshot = &s
	if all, err := follow(t, listed(), followed, first); err != nil || all[acmeID].Snapshot != &s {
		t.Errorf("%v, %v", all, err)
	}
}

func TestRefusedSearches(t *testing.T) {
	const page = "<html>Bad Request</html>"
	api := func(status int, detail string) response {
		return response{status: status, body: fmt.Sprintf(`{"title":"no","status":%d,"detail":%q}`, status, detail)}
	}
	for name, test := range map[string]struct {
		response response
		token    string
		want     string // unsupported with this text; empty: a failure
	}{
		"the search is invalid":       {api(400, `invalid search: unknown field "updated_at"`), accountToken, "refuses the search"},
		"a proxy's 400":               {response{status: 400, body: page}, accountToken, ""},
		"no such path":                {response{status: 404, body: "404: Not Found"}, accountToken, needsAccount},
		"a proxy's 404":               {response{status: 404, body: page}, accountToken, ""},
		"forbidden":                   {api(403, "insufficient permissions"), accountToken, needsAccount},
		"401 of an account token":     {api(401, "invalid credentials"), accountToken, ""},
		"401 of a credential unknown": {api(401, "invalid credentials"), unknownToken, "the token may be wrong"},
		"an error of the console":     {api(500, "oops"), accountToken, ""},
		"out of order":                {response{status: 502, body: page}, accountToken, ""},
	} {
		t.Run(name, func(t *testing.T) {
			console := responses{accountTasksPath: test.response}
			all, err := follow(t, console, earlier(t), func(p *Poll) { p.API = client(t, test.token, console) })
			if err == nil || all != nil || errors.Is(err, ErrUnsupported) != (test.want != "") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, error is %v, want %s", all, err, test.want)
			}
		})
	}
}

// The console lists the newest 1,000: what else has changed is not known.
func TestAFullList(t *testing.T) {
	var rows []string
	for i := range runzero.ChangedTasksLimit {
		rows = append(rows, accountScan([]string{acmeID, otherID}[i%2], uuid(i+10), "new", `"created_at":@-5m,"updated_at":@-5m`))
	}
	if all, err := follow(t, listed(rows[1:]...), earlier(t)); err != nil || all[acmeID].Unclear {
		t.Errorf("one less than the limit: %v", err)
	}
	if all, err := follow(t, listed(rows...), earlier(t)); !errors.Is(err, ErrIncomplete) || errors.Is(err, ErrUnsupported) || all != nil {
		t.Errorf("error is %v", err)
	}
	if _, err := follow(t, listed(append(rows, `{"id":"no task"}`)...), earlier(t)); !errors.Is(err, ErrIncomplete) {
		t.Errorf("it reads beyond the limit: %v", err)
	}
	if all, err := follow(t, responses{accountTasksPath: {body: "[" + strings.Join(rows[:9], ","), cut: true}}, earlier(t)); err == nil || all != nil {
		t.Errorf("what breaks off gives %v", all)
	}
}

// An export shows tasks that the changes should have shown before.
func TestOverlookedTasks(t *testing.T) {
	previous := earlier(t)[0].Snapshot // shows everything since 100 minutes before noon
	for name, test := range map[string]struct {
		row  string
		want bool
	}{
		"a new one":                     {scan(uuid(2), "processed", `"created_at":@-99m,"updated_at":@-70m`), true},
		"one that is known":             {scan(uuid(1), "processed", `"created_at":@-100m,"updated_at":@-70m`), false},
		"one that has changed just now": {scan(uuid(2), "processed", `"created_at":@-99m,"updated_at":@-10m`), false},
		"one of before":                 {scan(uuid(2), "processed", `"created_at":@-300m,"updated_at":@-200m`), false},
		"a schedule":                    {scan(uuid(2), "active", `"recur":true,"created_at":@-99m,"updated_at":@-70m`), false},
		"a sample":                      {`{"id":"` + uuid(2) + `","type":"sample","status":"processed","updated_at":@-70m}`, false},
	} {
		poll := Poll{Sites: acmeSites(), Previous: previous, Current: at("-5m")}
		if got := tasksOf(t, poll, test.row).Overlooked; got != test.want {
			t.Errorf("%s: overlooked: %t", name, got)
		}
		poll.Current = time.Time{}
		if tasksOf(t, poll, test.row).Overlooked {
			t.Errorf("%s: overlooked although changes are not followed", name)
		}
	}
	if tasksOf(t, Poll{Previous: &Snapshot{}, Current: at("-5m")}, scan(uuid(2), "processed", `"updated_at":@-70m`)).Overlooked {
		t.Error("overlooked without knowing what was there")
	}
}
