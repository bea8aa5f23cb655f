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

// told is an alert as Alertmanager is told of it: its name and labels, as amtool
// takes them.
type told string

// Who is told of what.
func TestRoutes(t *testing.T) {
	amtool(t, "check-config", alertmanagerFile)
	for alert, receiver := range map[told]string{
		"alertname=RunZeroExporterDown severity=critical team=monitoring job=runzero":               "monitoring-pager",
		"alertname=RunZeroExporterDown severity=warning team=monitoring instance=a":                 "monitoring-tickets",
		"alertname=RunZeroExporterDown severity=critical team=monitoring":                           "monitoring-pager",
		"alertname=RunZeroAPIQuotaExhausted severity=critical team=monitoring account_name=main":    "monitoring-pager",
		"alertname=RunZeroAPIQuotaLow severity=warning team=monitoring":                             "monitoring-tickets",
		"alertname=RunZeroSiteScanStale severity=warning team=network org_name=A site_name=HQ":      "network-tickets",
		"alertname=RunZeroSiteHasNoExplorer severity=critical team=network org_name=A site_name=HQ": "network-pager",
		"alertname=RunZeroSiteNeverScanned severity=info team=network org_name=A site_name=HQ":      "review",
		"alertname=RunZeroAssetCountDropped severity=warning team=security org_name=A site_name=HQ": "security-tickets",
		"alertname=RunZeroLicenseExpiring severity=critical team=security":                          "security-pager",
		"alertname=RunZeroEndOfLifeShareGrowing severity=info team=security org_name=A":             "review",
		"alertname=SomethingElse severity=critical team=unheard-of":                                 "monitoring-pager",
		"alertname=SomethingElse": "monitoring-tickets",
	} {
		args := append([]string{"config", "routes", "test", "--config.file=" + alertmanagerFile, "--verify.receivers=" + receiver}, strings.Fields(string(alert))...)
		amtool(t, args...)
	}
}

func amtool(t *testing.T, args ...string) {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "amtool", args...).CombinedOutput(); err != nil {
		t.Errorf("amtool %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// Which alert mutes which, as a real Alertmanager has it.
func TestInhibitions(t *testing.T) {
	const (
		exporter = " job=runzero account_name=main"
		site     = exporter + " org_name=A site_name=HQ"
	)
	for _, c := range []struct {
		what  string
		cause told
		muted []told
		heard []told
	}{
		{
			"the credential is refused",
			"alertname=RunZeroAuthenticationFailing severity=critical" + exporter,
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks" + exporter, "alertname=RunZeroCollectorFailing severity=warning collector=discovery" + exporter},
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks job=runzero account_name=other", "alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		{
			"the calls are used up",
			"alertname=RunZeroAPIQuotaExhausted severity=critical" + exporter,
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks" + exporter, "alertname=RunZeroAPIQuotaLow severity=warning" + exporter, "alertname=RunZeroPollingPaused severity=warning reason=quota" + exporter},
			[]told{"alertname=RunZeroAPIQuotaSpentByOthers severity=warning" + exporter, "alertname=RunZeroStoreFailing severity=warning instance=a" + exporter},
		},
		{
			"no exporter is there",
			"alertname=RunZeroExporterDown severity=critical job=runzero",
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks" + exporter},
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks job=other"},
		},
		{
			"one of two exporters is there",
			"alertname=RunZeroExporterDown severity=warning instance=a job=runzero",
			nil,
			[]told{"alertname=RunZeroDataStale severity=warning org_name=A collector=tasks" + exporter},
		},
		{
			"a site has no Explorer",
			"alertname=RunZeroSiteHasNoExplorer severity=critical" + site,
			[]told{"alertname=RunZeroSiteScanStale severity=warning" + site, "alertname=RunZeroExplorerOffline severity=warning explorer=one" + site, "alertname=RunZeroScheduledScanMissed severity=warning schedule=daily" + site},
			[]told{"alertname=RunZeroSiteScanStale severity=warning site_name=HQ org_name=B" + exporter, "alertname=RunZeroSiteScanStale severity=warning site_name=Plant org_name=A" + exporter, "alertname=RunZeroAssetCountDropped severity=warning" + site},
		},
		{
			"a site has no Explorer, without account_name",
			"alertname=RunZeroSiteHasNoExplorer severity=critical job=runzero org_name=A site_name=HQ",
			[]told{"alertname=RunZeroSiteScanStale severity=warning job=runzero org_name=A site_name=HQ"},
			[]told{"alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		{
			"a schedule fails",
			"alertname=RunZeroScheduledScanFailing severity=warning schedule=daily" + site,
			[]told{"alertname=RunZeroScheduledScanMissed severity=warning schedule=daily" + site},
			[]told{"alertname=RunZeroScheduledScanMissed severity=warning schedule=weekly" + site, "alertname=RunZeroSiteScanStale severity=warning" + site},
		},
		{
			"a credential is about to expire",
			"alertname=RunZeroCredentialExpiring severity=critical credential=one" + exporter,
			[]told{"alertname=RunZeroCredentialExpiring severity=warning credential=one" + exporter},
			[]told{"alertname=RunZeroCredentialExpiring severity=warning credential=two" + exporter, "alertname=RunZeroLicenseExpiring severity=warning" + exporter},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			base := startAlertmanager(t, alertmanagerFile)
			post(t, base, append(append([]told{c.cause}, c.muted...), c.heard...))
			wants := map[told]bool{c.cause: false}
			for _, alert := range c.muted {
				wants[alert] = true
			}
			for _, alert := range c.heard {
				wants[alert] = false
			}
			eventually(t, func() error {
				muted, err := mutes(t, base)
				for alert, want := range wants {
					if is, known := muted[alert.sorted()]; !known || is != want {
						err = errors.Join(err, fmt.Errorf("%s: there: %t, muted: %t, want %t", alert, known, is, want))
					}
				}
				return err
			})
		})
	}
}

func (a told) sorted() string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(string(a)))), " ")
}

func (a told) labels() map[string]string {
	labels := map[string]string{}
	for _, label := range strings.Fields(string(a)) {
		name, value, _ := strings.Cut(label, "=")
		labels[name] = value
	}
	return labels
}

// startAlertmanager starts one with a configuration.
func startAlertmanager(t *testing.T, file string) (base string) {
	t.Helper()
	p := startProgram(t, "prometheus-alertmanager", nil, "--config.file="+file, "--storage.path="+filepath.Join(t.TempDir(), "alertmanager"),
		"--cluster.listen-address=", anyPort)
	base = p.url()
	waitFor(t, p, base+"/-/ready", http.StatusOK)
	return base
}

func post(t *testing.T, base string, alerts []told) {
	t.Helper()
	type posted struct {
		Labels map[string]string `json:"labels"`
	}
	var all []posted
	for _, a := range alerts {
		all = append(all, posted{a.labels()})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager takes no alerts: %s", response.Status)
	}
}

// mutes tells of each alert whether it is muted.
func mutes(t *testing.T, base string) (map[string]bool, error) {
	t.Helper()
	answer, err := ask(client, http.MethodGet, base+"/api/v2/alerts")
	if err != nil {
		return nil, err
	}
	var alerts []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := json.Unmarshal(answer.body, &alerts); err != nil {
		return nil, err
	}
	muted := map[string]bool{}
	for _, a := range alerts {
		var labels []string
		for name, value := range a.Labels {
			labels = append(labels, name+"="+value)
		}
		muted[told(strings.Join(labels, " ")).sorted()] = len(a.Status.InhibitedBy) > 0
	}
	return muted, nil
}
