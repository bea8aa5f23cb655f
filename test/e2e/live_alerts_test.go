//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// webhook receives the notifications of Alertmanager.
type webhook struct {
	*httptest.Server
	mu        sync.Mutex
	receivers map[string]string // by alert
}

func startWebhook(t *testing.T) *webhook {
	t.Helper()
	w := &webhook{receivers: map[string]string{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct{ Alerts []alert }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Errorf("a notification cannot be read: %v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, a := range message.Alerts {
			w.receivers[a.String()] = strings.TrimPrefix(r.URL.Path, "/")
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// receiver is who was notified of an alert; empty: nobody.
func (w *webhook) receiver(alert string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.receivers[alert]
}

type alert struct {
	Labels map[string]string
	Status json.RawMessage
}

// String identifies the alert in this test.
func (a alert) String() string {
	text := a.Labels["alertname"]
	for _, label := range []string{"org_name", "site_name", "schedule", "explorer", "integration"} {
		if value := a.Labels[label]; value != "" {
			text += " / " + value
		}
	}
	return text
}

// rules waits until every rule has been evaluated without an error.
func (l *live) rules(t *testing.T) {
	eventually(t, func() error {
		r, err := send(client, http.MethodGet, l.prometheus.url+"/api/v1/rules")
		if err != nil {
			return err
		}
		var result struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, LastError string }
				}
			}
		}
		decode(t, r.body, &result)
		n := 0
		for _, group := range result.Data.Groups {
			for _, rule := range group.Rules {
				if rule.Health != "ok" {
					return fmt.Errorf("%s is %s: %s", rule.Name, rule.Health, rule.LastError)
				}
				n++
			}
		}
		if n == 0 {
			return errors.New("there are no rules")
		}
		return nil
	})
}

// alerts waits for the notifications that the incidents cause. What other alerts explain must be inhibited.
func (l *live) alerts(t *testing.T) {
	want := map[string]string{
		"RunZeroSiteHasNoExplorer / Brightwater Clinics / Clinic North":                                "network-pager",
		"RunZeroSiteScanStale / Brightwater Clinics / Clinic South":                                    "network-tickets",
		"RunZeroSiteScanStale / Halvorsen Logistics / Plant 2":                                         "network-tickets",
		"RunZeroScheduledScanMissed / Brightwater Clinics / Clinic South / Daily scan of Clinic South": "network-tickets",
		"RunZeroScheduledScanFailing / Halvorsen Logistics / Headquarters / Guest Wi-Fi sweep":         "network-tickets",
		"RunZeroIntegrationFailing / Halvorsen Logistics / Azure AD sync":                              "network-tickets",
		"RunZeroAssetCountJumped / Halvorsen Logistics / Headquarters":                                 "security-tickets",
		"RunZeroAssetCountDropped / Halvorsen Logistics / Harbour Lab":                                 "security-tickets",
		"RunZeroAPIQuotaSpentByOthers":                                                                 "monitoring-tickets",
		"RunZeroLicenseExpiring":                                                                       "security-tickets",
		"RunZeroLicenseNearLimit":                                                                      "security-tickets",
	}
	// In the evening, few calls left are no problem: the day is almost over.
	now := time.Now().UTC()
	if left := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now); left > 5*time.Hour {
		want["RunZeroAPIQuotaLow"] = "monitoring-tickets"
	}
	eventually(t, func() error {
		var missing []string
		for alert, receiver := range want {
			if got := l.webhook.receiver(alert); got != receiver {
				missing = append(missing, fmt.Sprintf("%s for %s, got %q", alert, receiver, got))
			}
		}
		if len(missing) > 0 {
			slices.Sort(missing)
			return fmt.Errorf("missing notifications: %s", strings.Join(missing, "; "))
		}
		return nil
	})
	var all []alert
	decode(t, get(t, l.alertmanager+"/api/v2/alerts").body, &all)
	inhibited := map[string]bool{}
	for _, a := range all {
		var status struct{ InhibitedBy []string }
		decode(t, a.Status, &status)
		inhibited[a.String()] = len(status.InhibitedBy) > 0
		if receiver := l.webhook.receiver(a.String()); receiver != "" && len(status.InhibitedBy) > 0 {
			t.Errorf("%s was notified of %s, though another alert explains it", receiver, a)
		}
	}
	for _, explained := range []string{
		"RunZeroExplorerOffline / Brightwater Clinics / Clinic North / BRIGHTWATER-RZ02",
		"RunZeroScheduledScanMissed / Halvorsen Logistics / Headquarters / Guest Wi-Fi sweep",
	} {
		if muted, fires := inhibited[explained]; !fires || !muted {
			t.Errorf("%s fires: %t, and is inhibited: %t", explained, fires, muted)
		}
	}
}
