package collector

import (
	"slices"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// So the labels need not be sorted again.
func TestAccountLabelSortsFirst(t *testing.T) {
	labels := slices.Concat(AssetLabels(), []string{"le", "quantile"})
	for _, m := range Catalogue() {
		labels = append(labels, m.Labels...)
	}
	for _, label := range labels {
		if label <= AccountLabel {
			t.Errorf("%s comes before %s", label, AccountLabel)
		}
	}
}

func TestWithAccount(t *testing.T) {
	usage := NewUsage(time.Now).Credential("default")
	usage.Responded(exchange(200, runzero.Usage{Total: known(4821), Limit: known(1000)}))
	families := slices.Concat(
		assetsOf(t, defaults(), Poll{Sites: acmeSites()}, `{"id":"1","site_id":"`+hq+`","last_seen":@-3h}{"id":"2","site_id":"`+plant+`"}`).Families,
		NewHealthFamilies().Of(PollState{Collector: "assets", Organization: "Acme", Interval: time.Hour}),
		usageFamilies(t, usage))
	before := exposition(t, families)
	labelled := WithAccount(families, "North")
	golden(t, "account", labelled)
	if after := exposition(t, families); after != before {
		t.Errorf("the families were changed:\n%s", lineDiff(before, after))
	}
	if same := WithAccount(families, ""); len(same) != len(families) || same[0] != families[0] {
		t.Error("without an account's name these are other families")
	}
	if of := WithAccount(nil, "North"); len(of) != 0 {
		t.Errorf("%d families of none", len(of))
	}
}

// HealthFamilies builds its labels itself.
func TestHealthFamiliesHaveTheAccount(t *testing.T) {
	polls := PollState{Collector: "assets", Organization: "Acme", Supported: true, Success: true, LastSuccess: noon, LastAttempt: noon, Interval: time.Hour, Next: noon}
	want := WithAccount(NewHealthFamilies().Of(polls), "North")
	polls.Account = "North"
	if diff := lineDiff(exposition(t, want), exposition(t, NewHealthFamilies().Of(polls))); diff != "" {
		t.Errorf("they differ:\n%s", diff)
	}
}

// The account name may have been added to a previous snapshot.
func TestPreviousSnapshotMayHaveTheAccount(t *testing.T) {
	body := scan("1", "processed", `"created_at":@-49h,"updated_at":@-48h,"stats":{"change.totalAssets":34}`) +
		`{"id":"2","type":"connector","name":"Azure","status":"processed","updated_at":@-30h}`
	const schedule = `{"id":"3","type":"connector","name":"Azure","status":"active","recur":true}`
	plain := tasksOf(t, Poll{Sites: acmeSites()}, body+schedule)
	labelled := Snapshot{Families: WithAccount(plain.Families, "North"), Sites: plain.Sites}
	of := func(previous Snapshot) []*dto.MetricFamily {
		return tasksOf(t, Poll{Sites: acmeSites(), Previous: &previous}, schedule).Families
	}
	want, got := exposition(t, of(plain)), exposition(t, of(labelled))
	if diff := lineDiff(want, got); diff != "" {
		t.Errorf("the result differs:\n%s", diff)
	}
	wantSeries(t, Snapshot{Families: of(labelled)}, "runzero_scan_last_success_timestamp_seconds", `runzero_scan_last_success_timestamp_seconds{site_name="HQ"} @-48h`)
}
