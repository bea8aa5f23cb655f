//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	labels    map[string]bool   // of each alert, as text
	counts    map[string]int    // of notifications, by receiver, but for probes
}

func startWebhook(t *testing.T) *webhook {
	t.Helper()
	w := &webhook{receivers: map[string]string{}, labels: map[string]bool{}, counts: map[string]int{}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct {
			GroupLabels map[string]string
			Alerts      []alert
		}
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Errorf("a notification cannot be read: %v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		receiver := strings.TrimPrefix(r.URL.Path, "/")
		if !strings.HasPrefix(message.GroupLabels["alertname"], probeName) {
			w.counts[receiver]++
		}
		for _, a := range message.Alerts {
			w.receivers[a.String()] = receiver
			w.labels[labelText(a.Labels)] = true
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

// heard returns an error until there was a notification of the alert with these labels.
func (w *webhook) heard(labels string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.labels[labels] {
		return fmt.Errorf("nobody was notified of %s", labels)
	}
	return nil
}

// notifications are those by receiver.
func (w *webhook) notifications() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.counts)
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
		"RunZeroSiteHasNoExplorer / Halvorsen Logistics / Rotterdam Warehouse":                         "network-pager",
		"RunZeroSiteHasNoExplorer / Brightwater Clinics / Headquarters":                                "network-pager",
		"RunZeroScanFailed / Halvorsen Logistics / Plant 2":                                            "network-tickets",
		"RunZeroScanFailed / Halvorsen Logistics / Headquarters":                                       "network-tickets",
		"RunZeroScanStuck / Kestrel Acquisition / Main Campus":                                         "network-tickets",
		"RunZeroScanFailed / Halvorsen Logistics / Airport Office":                                     "network-tickets",
		"RunZeroScheduledScanMissed / Brightwater Clinics / Clinic South / Daily scan of Clinic South": "network-tickets",
		"RunZeroScheduledScanFailing / Halvorsen Logistics / Headquarters / Guest Wi-Fi sweep":         "network-tickets",
		"RunZeroScanObjectiveAtRisk":                                                                   "network-tickets",
		"RunZeroIntegrationFailing / Halvorsen Logistics / Azure AD sync":                              "network-tickets",
		"RunZeroIntegrationStale / Brightwater Clinics / Azure AD sync":                                "network-tickets",
		"RunZeroExplorerOffline / Brightwater Clinics / Clinic North / BRIGHTWATER-RZ02":               "network-tickets",
		"RunZeroSiteMissing / Halvorsen Logistics / Bremen Depot":                                      "network-tickets",
		"RunZeroOrganizationMissing / Orchard Street Schools":                                          "network-tickets",
		"RunZeroAssetCountJumped / Halvorsen Logistics / Headquarters":                                 "security-tickets",
		"RunZeroAssetCountDropped / Halvorsen Logistics / Harbour Lab":                                 "security-tickets",
		"RunZeroAssetsDraining / Kestrel Acquisition / Main Campus":                                    "security-tickets",
		"RunZeroNewAssetsSurge / Brightwater Clinics":                                                  "security-tickets",
		"RunZeroCriticalRiskAssetsIncreased / Kestrel Acquisition":                                     "security-tickets",
		"RunZeroEndOfLifeShareGrowing / Halvorsen Logistics":                                           "review",
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
	inhibited := map[string]bool{} // in each severity
	for _, a := range all {
		var status struct{ InhibitedBy []string }
		decode(t, a.Status, &status)
		before, known := inhibited[a.String()]
		inhibited[a.String()] = len(status.InhibitedBy) > 0 && (before || !known)
	}
	for name, muted := range inhibited {
		if receiver := l.webhook.receiver(name); receiver != "" && muted {
			t.Errorf("%s was notified of %s, though another alert explains it", receiver, name)
		}
	}
	for _, explained := range []string{
		"RunZeroExplorerOffline / Halvorsen Logistics / Rotterdam Warehouse / HALVORSEN-RZ02",
		"RunZeroSiteScanStale / Brightwater Clinics / Clinic South",
		"RunZeroSiteNeverScanned / Halvorsen Logistics / Airport Office",
		"RunZeroScheduledScanMissed / Halvorsen Logistics / Headquarters / Guest Wi-Fi sweep",
	} {
		if muted, fires := inhibited[explained]; !fires || !muted {
			t.Errorf("%s fires: %t, and is inhibited: %t", explained, fires, muted)
		}
	}
}
