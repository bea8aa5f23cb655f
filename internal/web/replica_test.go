package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

func sharing(r poller.Replica) func() (poller.Replica, bool) {
	return func() (poller.Replica, bool) { return r, true }
}

func TestAReplicaSaysWhoPolls(t *testing.T) {
	now := time.Now()
	leads := poller.Replica{Leads: true, Leader: "pod-a", Since: now.Add(-3 * time.Hour), StoreUp: true, Synced: now}
	cutOff := leads
	cutOff.StoreUp, cutOff.Error, cutOff.Advice = false, "connection refused", "check the network"
	const away = "The store that replicas share cannot be used: this replica does not poll, and serves the last results that it has."
	for what, c := range map[string]struct {
		replica      poller.Replica
		poll         string // its state
		tone         string
		verdict      string
		facts        []string
		ready, cause string
	}{
		"leads": {
			leads, poller.StateGood, "good", "The only poll succeeds.",
			[]string{"this replica, pod-a, for 3 h", "works"}, "some polls have neither succeeded nor failed yet", "",
		},
		"follows": {
			poller.Replica{Leader: "pod-b", StoreUp: true, Synced: now.Add(-2 * time.Second)}, poller.StateGood, "good",
			"The only poll succeeds. This replica follows pod-b.", []string{"pod-b", "s behind", "works"}, "it waits for the results of pod-b, which leads", "",
		},
		"follows far behind": {
			poller.Replica{Leader: "pod-b", StoreUp: true, Synced: now.Add(-5 * time.Minute)}, poller.StateGood, "wait",
			"The only poll succeeds. This replica follows pod-b, 5 min behind.", []string{"5 min behind"}, "it waits for the results of pod-b, which leads", "",
		},
		"follows one whose polls fail": {
			poller.Replica{Leader: "pod-b", StoreUp: true, Synced: now}, poller.StateFailing, "bad",
			"1 of 1 poll fails: /export: odd. This replica follows pod-b.", nil, "it waits for the results of pod-b, which leads", "/export: odd",
		},
		"has just started": {
			poller.Replica{Leader: "pod-b", StoreUp: true}, poller.StateWaiting, "wait",
			"Starting: no poll has a result yet. This replica follows pod-b.", []string{"no results of the leader yet"}, "it waits for the results of pod-b, which leads", "",
		},
		"is the first": {
			poller.Replica{StoreUp: true}, poller.StateWaiting, "wait",
			"Starting: no poll has a result yet. No replica leads yet.", []string{">none<"}, "no replica leads yet", "",
		},
		"nobody leads": {
			poller.Replica{StoreUp: true, Synced: now}, poller.StateGood, "wait",
			"No replica leads: none polls, and the last results are still served.", []string{">none<"}, "no replica leads yet", "",
		},
		"is cut off": {
			poller.Replica{Leader: "pod-b", Synced: now.Add(-time.Hour)}, poller.StateGood, "bad", away,
			[]string{"pod-b, when last known", "1 h behind", "cannot be used"}, "the store that replicas share cannot be used", "--cache.url cannot be used",
		},
		"led, and is cut off": {cutOff, poller.StateGood, "bad", away, []string{"pod-a, when last known", "cannot be used", ">connection refused<", ">Check the network.<"}, "the store that replicas share cannot be used", "Affects all collectors: 1 poll."},
	} {
		poll := poller.Status{Collector: "sites", State: c.poll}
		if c.poll == poller.StateFailing {
			poll.Error = "/export: odd"
		}
		h := handler(func(w *web.Config) {
			showing(poll)(w)
			w.Replica, w.Ready = sharing(c.replica), func() bool { return false }
		})
		page := get(h, "/").Body.String()
		for _, want := range append(c.facts, `<p class="verdict `+c.tone+`" role="status">`+c.verdict+"</p>", c.cause) {
			if !strings.Contains(page, want) {
				t.Errorf("it %s: the page lacks %q", what, want)
			}
		}
		if got := get(h, "/-/ready").Body.String(); got != "runzero_exporter is not ready: "+c.ready+".\n" {
			t.Errorf("it %s: %s", what, got)
		}
	}
}

func TestAnExporterAloneHasNoLeader(t *testing.T) {
	h := handler(func(c *web.Config) { c.Replica = func() (poller.Replica, bool) { return poller.Replica{}, false } })
	var status struct{ Leader json.RawMessage }
	if err := json.Unmarshal(get(h, "/api/v1/status").Body.Bytes(), &status); err != nil || status.Leader != nil {
		t.Errorf("%v: %s", err, status.Leader)
	}
	if page := get(h, "/").Body.String(); strings.Contains(page, "Replicas") {
		t.Error("the page speaks of replicas")
	}
}
