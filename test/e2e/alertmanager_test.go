//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const alertmanagerFile = "../../alerts/alertmanager.example.yml"

func TestAlertsReachTheirReceivers(t *testing.T) {
	t.Parallel()
	amtool(t, "check-config", alertmanagerFile)
	for alert, receiver := range map[string]string{
		"alertname=RunZeroExporterDown severity=critical team=monitoring job=runzero":               "monitoring-pager",
		"alertname=RunZeroExporterDown severity=warning team=monitoring instance=a":                 "monitoring-tickets",
		"alertname=RunZeroAPIQuotaExhausted severity=critical team=monitoring account_name=main":    "monitoring-pager",
		"alertname=RunZeroSiteScanStale severity=warning team=network org_name=A site_name=HQ":      "network-tickets",
		"alertname=RunZeroSiteHasNoExplorer severity=critical team=network org_name=A site_name=HQ": "network-pager",
		"alertname=RunZeroSiteNeverScanned severity=info team=network org_name=A site_name=HQ":      "review",
		"alertname=RunZeroAssetCountDropped severity=warning team=security org_name=A site_name=HQ": "security-tickets",
		"alertname=RunZeroLicenseExpiring severity=critical team=security":                          "security-pager",
		"alertname=RunZeroEndOfLifeShareGrowing severity=info team=security org_name=A":             "review",
		"alertname=SomethingElse severity=critical team=unknown":                                    "monitoring-pager",
		"alertname=SomethingElse": "monitoring-tickets",
	} {
		amtool(t, append([]string{"config", "routes", "test", "--config.file=" + alertmanagerFile, "--verify.receivers=" + receiver}, strings.Fields(alert)...)...)
	}
}

func amtool(t *testing.T, args ...string) {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "amtool", args...).CombinedOutput(); err != nil {
		t.Errorf("amtool %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// An alert mutes those that it explains, and no others.
func TestAlertsInhibitWhatTheyExplain(t *testing.T) {
	t.Parallel()
	// The cases share an Alertmanager: each has a job of its own.
	const (
		account = " job=CASE account_name=main"
		site    = account + " org_name=A site_name=HQ"
		stale   = "alertname=RunZeroDataStale severity=warning org_name=A collector=tasks"
	)
	base := startAlertmanager(t, alertmanagerFile)
	want := map[string]bool{} // whether each alert is muted
	for name, c := range map[string]struct {
		cause        string
		muted, heard []string
	}{
		"the credential is refused": {
			"alertname=RunZeroAuthenticationFailing severity=critical" + account,
			[]string{
				stale + account, "alertname=RunZeroCollectorFailing severity=warning collector=discovery" + account,
				"alertname=RunZeroDataStale severity=warning scope=account collector=tasks" + account, "alertname=RunZeroCollectorHasNoData severity=warning collector=sites" + account,
			},
			[]string{stale + " job=CASE account_name=other", stale + account + " cluster=another", stale + account + " namespace=another", "alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		"the quota is exhausted": {
			"alertname=RunZeroAPIQuotaExhausted severity=critical" + account,
			[]string{stale + account, "alertname=RunZeroAPIQuotaLow severity=warning" + account, "alertname=RunZeroPollingPaused severity=warning reason=quota" + account},
			[]string{"alertname=RunZeroAPIQuotaSpentByOthers severity=warning" + account, "alertname=RunZeroStoreFailing severity=warning instance=a" + account},
		},
		"all exporters are down": {
			"alertname=RunZeroExporterDown severity=critical job=CASE",
			[]string{stale + account},
			[]string{stale + " job=other account_name=main"},
		},
		"the store is down": {
			"alertname=RunZeroStoreDown severity=critical job=CASE",
			[]string{stale + account, "alertname=RunZeroNoLeader severity=critical job=CASE", "alertname=RunZeroPollingPaused severity=warning reason=quota" + account},
			[]string{"alertname=RunZeroNoLeader severity=critical job=other", "alertname=RunZeroAuthenticationFailing severity=critical" + account},
		},
		"a replica cannot reach the store": {
			"alertname=RunZeroStoreDown severity=warning instance=a job=CASE",
			nil,
			[]string{stale + account, "alertname=RunZeroNoLeader severity=critical job=CASE"},
		},
		"one of two exporters is down": {
			"alertname=RunZeroExporterDown severity=warning instance=a job=CASE",
			nil,
			[]string{stale + account},
		},
		"a site has no Explorer": {
			"alertname=RunZeroSiteHasNoExplorer severity=critical" + site,
			[]string{"alertname=RunZeroSiteScanStale severity=warning" + site, "alertname=RunZeroExplorerOffline severity=warning explorer=one" + site, "alertname=RunZeroScheduledScanMissed severity=warning schedule=daily" + site},
			[]string{"alertname=RunZeroSiteScanStale severity=warning site_name=HQ org_name=B" + account, "alertname=RunZeroSiteScanStale severity=warning site_name=Plant org_name=A" + account, "alertname=RunZeroAssetCountDropped severity=warning" + site},
		},
		"a site has no Explorer, without account_name": {
			"alertname=RunZeroSiteHasNoExplorer severity=critical job=CASE org_name=A site_name=HQ",
			[]string{"alertname=RunZeroSiteScanStale severity=warning job=CASE org_name=A site_name=HQ"},
			[]string{"alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		"a schedule fails": {
			"alertname=RunZeroScheduledScanFailing severity=warning schedule=daily" + site,
			[]string{"alertname=RunZeroScheduledScanMissed severity=warning schedule=daily" + site, "alertname=RunZeroSiteScanStale severity=warning" + site},
			[]string{"alertname=RunZeroScheduledScanMissed severity=warning schedule=weekly" + site, "alertname=RunZeroSiteScanStale severity=warning site_name=Plant org_name=A" + account},
		},
		"an exporter keeps restarting": {
			"alertname=RunZeroExporterRestarting severity=warning instance=a job=CASE",
			[]string{"alertname=RunZeroExporterDown severity=warning instance=a job=CASE"},
			[]string{"alertname=RunZeroExporterDown severity=warning instance=b job=CASE", stale + account},
		},
		"an Explorer comes and goes": {
			"alertname=RunZeroExplorerFlapping severity=warning explorer=one org_name=A" + account,
			[]string{"alertname=RunZeroExplorerOffline severity=warning explorer=one" + site},
			[]string{"alertname=RunZeroExplorerOffline severity=warning explorer=two" + site},
		},
		"a site gains assets": {
			"alertname=RunZeroAssetCountJumped severity=warning" + site,
			[]string{"alertname=RunZeroNewAssetsSurge severity=warning org_name=A" + account},
			[]string{"alertname=RunZeroNewAssetsSurge severity=warning org_name=B" + account},
		},
		"many sites are overdue": {
			"alertname=RunZeroScanObjectiveAtRisk severity=warning" + account,
			[]string{"alertname=RunZeroScanObjectiveAtRisk severity=info" + account},
			[]string{"alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		"a credential is about to expire": {
			"alertname=RunZeroCredentialExpiring severity=critical credential=one" + account,
			[]string{"alertname=RunZeroCredentialExpiring severity=warning credential=one" + account},
			[]string{"alertname=RunZeroCredentialExpiring severity=warning credential=two" + account, "alertname=RunZeroLicenseExpiring severity=warning" + account},
		},
	} {
		job := "job=" + strings.ReplaceAll(name, " ", "_")
		for _, alert := range append(c.heard, c.cause) {
			want[sortedLabels(strings.ReplaceAll(alert, "job=CASE", job))] = false
		}
		for _, alert := range c.muted {
			want[sortedLabels(strings.ReplaceAll(alert, "job=CASE", job))] = true
		}
	}
	post(t, base, want)
	eventually(t, func() error {
		muted, err := mutedAlerts(t, base)
		for alert, want := range want {
			if is, exists := muted[alert]; !exists || is != want {
				err = errors.Join(err, fmt.Errorf("%s: exists: %t, muted: %t, want %t", alert, exists, is, want))
			}
		}
		return err
	})
}

func sortedLabels(alert string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(alert))), " ")
}

func startAlertmanager(t *testing.T, file string) (base string) {
	t.Helper()
	p := startProgram(t, "prometheus-alertmanager", nil, "--config.file="+file,
		"--storage.path="+filepath.Join(t.TempDir(), "alertmanager"), "--cluster.listen-address=", anyPort)
	base = p.url()
	waitForOK(t, p, base+"/-/ready")
	return base
}

// post sends Alertmanager the alerts that are the keys.
func post(t *testing.T, base string, alerts map[string]bool) {
	t.Helper()
	type posted struct {
		Labels map[string]string `json:"labels"`
	}
	var all []posted
	for alert := range alerts {
		labels := map[string]string{}
		for _, label := range strings.Fields(alert) {
			name, value, _ := strings.Cut(label, "=")
			labels[name] = value
		}
		all = append(all, posted{labels})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(base+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if _ = r.Body.Close(); r.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager refuses the alerts: %s", r.Status)
	}
}

// mutedAlerts returns whether each alert is muted.
func mutedAlerts(t *testing.T, base string) (map[string]bool, error) {
	t.Helper()
	r, err := send(client, http.MethodGet, base+"/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	var alerts []struct {
		Labels map[string]string
		Status struct{ InhibitedBy []string }
	}
	decode(t, r.body, &alerts)
	muted := map[string]bool{}
	for _, a := range alerts {
		muted[labelText(a.Labels)] = len(a.Status.InhibitedBy) > 0
	}
	return muted, nil
}

func labelText(labels map[string]string) string {
	var all []string
	for name, value := range labels {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
