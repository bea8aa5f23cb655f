//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// alertRule is what Alertmanager sees of a rule.
type alertRule struct {
	Alert               string
	Labels, Annotations map[string]string
}

// storm is an Alertmanager to which everything happens at once.
type storm struct {
	name         string
	alerts       string         // a regular expression
	atSameSites  bool           // so that some alerts explain others
	raised       int            // at least
	most         map[string]int // notifications by receiver
	t            *testing.T
	webhook      *webhook
	alertmanager string
}

// Three hundred organizations with everything that the rules can say about them are a few notifications: one for each
// alert, and one more for each alert that organizations have only after their next poll.
func TestAStormIsAFewNotifications(t *testing.T) {
	t.Parallel()
	storms := []*storm{
		{
			name: "the console does not respond", alerts: "ConsoleUnreachable|CollectorFailing|DataStale", atSameSites: true, raised: 7,
			most: map[string]int{"monitoring-tickets": 1},
		},
		{
			name: "no Explorer is connected", atSameSites: true, raised: 1500,
			alerts: "SiteHasNoExplorer|ExplorerOffline|SiteScanStale|SiteNeverScanned|Scan(Failed|Missed)|ScheduledScan.*|ScanObjectiveAtRisk",
			most:   map[string]int{"network-pager": 2, "network-tickets": 1},
		},
		{
			name: "everything, each at another site", alerts: ".*", raised: 5000,
			most: map[string]int{"monitoring-pager": 5, "monitoring-tickets": 4, "network-pager": 2, "network-tickets": 26, "security-pager": 1, "security-tickets": 10, "review": 4},
		},
	}
	for _, s := range storms {
		s.t, s.webhook = t, startWebhook(t)
		s.alertmanager = notifyingAlertmanager(t, s.webhook, map[string]string{"group_wait": "8s", "group_interval": "8s"})
	}
	// At first half of the organizations, then all, and then again as Prometheus does all the time, which is no news.
	for round, without := range []string{"org_name=late-", "none", "none"} {
		for _, s := range storms {
			post(t, s.alertmanager, s.raise(without))
		}
		// All groups notify at the same pace. The second alert of a new one comes at its second turn.
		for turn := range 2 {
			probe := fmt.Sprintf("alertname=%s%d turn=%d", probeName, round, turn)
			for _, s := range storms {
				post(t, s.alertmanager, map[string]bool{probe: false})
			}
			for _, s := range storms {
				eventually(t, func() error { return s.webhook.heard(probe) })
			}
		}
		for _, s := range storms {
			s.everythingIsHeard()
		}
	}
	for _, s := range storms {
		got := s.webhook.notifications()
		t.Logf("%s: %d alerts, notifications %v", s.name, len(s.raise("none")), got)
		for receiver, n := range got {
			if n > s.most[receiver] {
				t.Errorf("%s: %s was notified %d times, want at most %d", s.name, receiver, n, s.most[receiver])
			}
		}
	}
}

// probeName begins the names of alerts that show how far Alertmanager is.
const probeName = "Probe"

// raise returns the storm's alerts, but for those that contain a text.
func (s *storm) raise(without string) map[string]bool {
	s.t.Helper()
	all := map[string]bool{}
	for _, rule := range raisedRules(s.t, "RunZero("+s.alerts+")") {
		for _, alert := range rule.everywhere(s.atSameSites) {
			if !strings.Contains(alert, without) {
				all[alert] = false
			}
		}
	}
	return all
}

// everythingIsHeard waits until there was a notification of each alert that no other one explains.
func (s *storm) everythingIsHeard() {
	s.t.Helper()
	muted, err := mutedAlerts(s.t, s.alertmanager)
	if err != nil {
		s.t.Fatal(err)
	}
	heard := 0
	for alert, isMuted := range muted {
		if !isMuted && !strings.Contains(alert, probeName) {
			eventually(s.t, func() error { return s.webhook.heard(alert) })
			heard++
		}
	}
	if heard == 0 || len(muted) < s.raised/2 {
		s.t.Fatalf("%s: %d of %d alerts are heard", s.name, heard, len(muted))
	}
}

// raisedRules are the rules that match. Where many organizations have the same trouble, a rule with the scope account
// raises one alert for all of them, and the rule that raises one for each is silent.
func raisedRules(t *testing.T, pattern string) []alertRule {
	t.Helper()
	text, err := os.ReadFile("../../alerts/runzero.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []alertRule } }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var all []alertRule
	byAccount := map[string]bool{}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	for _, r := range all {
		if r.Labels["scope"] == "account" {
			byAccount[r.Alert] = true
		}
	}
	name := regexp.MustCompile("^" + pattern + "$")
	return slices.DeleteFunc(all, func(r alertRule) bool {
		return !name.MatchString(r.Alert) || byAccount[r.Alert] && r.Labels["scope"] == ""
	})
}

// everywhere are the rule's alerts about everything that it can be about: its texts name the labels.
func (r alertRule) everywhere(atSameSites bool) []string {
	place := r.Alert
	if atSameSites {
		place = "any"
	}
	things := map[string][]string{
		"account_name": {"main"}, "credential": {"default"}, "reason": {"quota"}, "instance": {"a", "b"},
		"collector": {"assets", "explorers", "sites", "tasks"},
		"site_name": {place + "-site"}, "explorer": {place + "-explorer"},
		"schedule": {place + "-daily"}, "integration": {place + "-directory"}, "query": {place}, "status": {"new"},
	}
	for i := range 150 {
		things["org_name"] = append(things["org_name"], fmt.Sprintf("early-%d", i), fmt.Sprintf("late-%d", i))
	}
	alerts := []string{"alertname=" + r.Alert + " job=runzero"}
	for name, value := range r.Labels {
		alerts[0] += " " + name + "=" + value
	}
	texts := strings.Join(slices.Collect(maps.Values(r.Annotations)), " ")
	for label, values := range things {
		if !regexp.MustCompile(`\$labels\.` + label + `\b`).MatchString(texts) {
			continue
		}
		var more []string
		for _, alert := range alerts {
			for _, value := range values {
				more = append(more, alert+" "+label+"="+value)
			}
		}
		alerts = more
	}
	for i, alert := range alerts {
		alerts[i] = sortedLabels(alert)
	}
	return alerts
}
