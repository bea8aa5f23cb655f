package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// showing is a configuration whose accounts have these polls, each of them good unless it says otherwise.
func showing(polls ...poller.Status) func(*web.Config) {
	account := poller.AccountStatus{Console: "console.example.com", Credentials: []poller.CredentialStatus{{Name: "default"}}}
	for _, p := range polls {
		if p.State == "" {
			p.State = poller.StateGood
		}
		account.Polls = append(account.Polls, &p)
	}
	return func(c *web.Config) {
		c.Status = func() []poller.AccountStatus { return []poller.AccountStatus{account} }
	}
}

func failing(organization string, cause runzero.Cause, text string) poller.Status {
	return poller.Status{
		Organization: organization, Collector: "assets", State: poller.StateFailing, Failures: 3, Outcomes: "++---",
		Cause: cause, Error: text, Advice: "look into it",
	}
}

func TestTheVerdictSaysHowThingsAre(t *testing.T) {
	good, waiting := poller.Status{Collector: "sites"}, poller.Status{Collector: "sites", State: poller.StateWaiting}
	unsupported := poller.Status{Collector: "license", State: poller.StateUnsupported, Error: "not supported"}
	for want, polls := range map[string][]poller.Status{
		"All 2 polls succeed.":                                   {good, good, unsupported},
		"The only poll succeeds.":                                {good},
		"Starting: no poll has a result yet.":                    {waiting, waiting},
		"1 of 3 polls has no result yet.":                        {good, waiting, good},
		"2 of 3 polls fail: the console refuses the token.":      {failing("A", runzero.Rejected, "401"), good, failing("B", runzero.Rejected, "401")},
		"1 of 1 poll fails: the console cannot be reached.":      {failing("A", runzero.Unreachable, "refused")},
		"1 of 2 polls fails: /export: the response ended early.": {failing("A", "", "/export: the response ended early"), waiting},
		"1 of 3 polls fails: the console cannot be reached; 2 more wait for the end of that.": {
			failing("A", runzero.Unreachable, "refused"), {Collector: "sites", Held: true}, {Collector: "tasks", Held: true},
		},
		"1 of 2 polls fails: the data is older than --cache.max-age.": {{Collector: "sites", State: poller.StateWithdrawn}, good},
		"3 of 3 polls fail: the console does not answer as it should, and for 1 reason more.": {
			failing("A", runzero.Faulty, "odd"), failing("B", runzero.Unavailable, "502"), failing("C", runzero.Unavailable, "503"),
		},
	} {
		if page := get(handler(showing(polls...)), "/").Body.String(); !strings.Contains(page, `role="status">`+want+"</p>") {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestWhatFailsForOneCauseIsSaidOnce(t *testing.T) {
	var polls []poller.Status
	for i := range 300 {
		polls = append(polls, failing(fmt.Sprintf("Organization %d", i), runzero.Unavailable, "502 Bad Gateway"))
	}
	page := get(handler(showing(polls...)), "/").Body.String()
	if n := strings.Count(page, "502 Bad Gateway"); n != 1 || !strings.Contains(page, "Affects assets of 300 organizations: 300 polls.") || !strings.Contains(page, "Look into it.") {
		t.Errorf("the error is there %d times", n)
	}
}

func TestWhatFailsComesFirst(t *testing.T) {
	page := get(handler(showing(poller.Status{Organization: "Anvil"}, failing("Zebra", "", "odd"))), "/").Body.String()
	if strings.Index(page, ">Zebra<") > strings.Index(page, ">Anvil<") || !strings.Contains(page, "failing, 3 in a row") {
		t.Error("the organization that fails is not first")
	}
}

// Of many organizations only those that fail are unfolded; each of the others has a page of its own.
func TestManyOrganizationsAreFolded(t *testing.T) {
	polls := []poller.Status{failing("Zebra & Co", "", "odd")}
	for i := range 40 {
		polls = append(polls, poller.Status{Organization: fmt.Sprintf("Organization %d", i), Collector: "sites"})
	}
	h := handler(showing(polls...))
	if page := get(h, "/").Body.String(); strings.Count(page, "<table>") != 1 || !strings.Contains(page, `href="?organization=Organization%2027"`) {
		t.Errorf("%d tables", strings.Count(page, "<table>"))
	}
	if page := get(h, "/?organization=Organization+27").Body.String(); strings.Count(page, "<table>") != 1 || !strings.Contains(page, "All organizations") || strings.Contains(page, "Organization 26") {
		t.Errorf("%d tables", strings.Count(page, "<table>"))
	}
	if page := get(h, "/?organization=Nothing").Body.String(); !strings.Contains(page, "No organization of this name is polled.") {
		t.Error("an organization that does not exist is shown without a word")
	}
}

func TestAgesAreComparedWithIntervals(t *testing.T) {
	for age, want := range map[time.Duration]string{
		20 * time.Minute: `class="fresh">20 min<`, 30 * time.Minute: `class="late">30 min (late)<`, 50 * time.Minute: `class="old">50 min (old)<`,
	} {
		poll := poller.Status{Collector: "sites", Interval: 15 * time.Minute, LastSuccess: time.Now().Add(-age)}
		if page := get(handler(showing(poll)), "/").Body.String(); !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestDashboardsAreLinkedIfTheirAddressIsKnown(t *testing.T) {
	for address, want := range map[string]bool{"https://grafana.example.com/monitoring": true, "": false} {
		page := get(handler(func(c *web.Config) { c.GrafanaURL = address }), "/").Body.String()
		if got := strings.Contains(page, `href="https://grafana.example.com/monitoring/d/runzero-scans"`); got != want {
			t.Errorf("with %q the dashboards are linked: %t", address, got)
		}
	}
}

// Of the calls that have been made, those that the console did not count are still our own.
func TestTheBarAddsUpToTheLimit(t *testing.T) {
	for what, c := range map[string]struct {
		spent, remaining int64 // remaining < 0: not reported
		want             []string
	}{
		"others have spent some":       {300, 500, []string{"this exporter 300", "other tools 200", "left 400", "reserve 100"}},
		"the console counts less":      {10, 995, []string{"this exporter 10", "other tools 0", "left 890", "reserve 100"}},
		"nothing is reported":          {10, -1, []string{"this exporter 10", "other tools 0", "left 890", "reserve 100"}},
		"only the reserve is left":     {300, 60, []string{"this exporter 300", "other tools 640", "left 0", "reserve 60"}},
		"more is spent than the limit": {2000, 0, []string{"this exporter 1,000", "other tools 0", "left 0", "reserve 0"}},
	} {
		account := poller.AccountStatus{}
		account.Quota.Limit, account.Quota.LimitSource, account.Quota.Spent, account.Quota.Share.Reserve = 1000, "header", c.spent, 0.1
		if c.remaining >= 0 {
			account.Quota.Remaining = runzero.Known(c.remaining)
		}
		page := get(handler(func(w *web.Config) {
			w.Status = func() []poller.AccountStatus { return []poller.AccountStatus{account} }
		}), "/").Body.String()
		for _, want := range c.want {
			if !strings.Contains(page, ">"+want+"</li>") {
				t.Errorf("%s: the page lacks %q", what, want)
			}
		}
	}
}

func TestDurationsReadNaturally(t *testing.T) {
	for age, want := range map[time.Duration]string{
		3 * time.Second: "3 s", 59400 * time.Millisecond: "59 s", 59600 * time.Millisecond: "1 min", 125 * time.Minute: "2 h 5 min", 24*time.Hour - time.Second: "1 day",
		49*time.Hour + 10*time.Minute: "2 days 1 h", 720 * time.Hour: "30 days",
	} {
		poll := poller.Status{Collector: "sites", Interval: age, LastSuccess: time.Now()}
		if page := get(handler(showing(poll)), "/").Body.String(); !strings.Contains(page, `data-label="Interval">`+want+"<") {
			t.Errorf("%s is not written %q", age, want)
		}
	}
}
