package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// pageOnly serves the page of an exporter that polls so many organizations, or of such a replica.
func (s state) pageOnly(t *testing.T) string {
	t.Helper()
	account := poller.AccountStatus{
		Console: "console.example.com", Credentials: []poller.CredentialStatus{{Name: "default", Kind: runzero.AccountCredential, State: poller.CredentialWorks}},
	}
	account.Quota.Share, account.Quota.Succeeded = quota.Share{Share: 0.5, Reserve: 0.1}, true
	account.Quota.Limit, account.Quota.LimitSource, account.Quota.Budget, account.Quota.Spent = 10_000, quota.LimitHeader, 5_000, 1_245
	account.Quota.Remaining, account.Quota.Reset = runzero.Known(6_911), time.Now().Add(8*time.Hour+12*time.Minute)
	for i := range s.organizations {
		for k, collector := range []string{"sites", "tasks", "assets", "explorers", "services"} {
			poll := &poller.Status{
				Organization: fmt.Sprintf("Organization %d", i+1), Collector: collector, State: poller.StateGood,
				LastSuccess: time.Now().Add(-time.Duration(i+k) * time.Second), Next: time.Now().Add(10 * time.Minute), Interval: 15 * time.Minute,
				Duration: 1200 * time.Millisecond, Outcomes: "+++++++-++++++++++++", Series: 40 * (k + 1),
			}
			if i < s.failing && collector == "assets" {
				poll.State, poll.Failures, poll.Outcomes, poll.Cause = poller.StateFailing, 3, "+++++++++++++++++---", runzero.Unavailable
				poll.Error = "/export/org/assets.jsonl: 502 Bad Gateway"
				poll.Advice = "the console failed; the request is repeated automatically"
			}
			account.Polls = append(account.Polls, poll)
		}
	}
	server := httptest.NewServer(web.New(web.Config{
		Logger: log.NewNopLogger(), TelemetryPath: "/metrics", Gatherer: prometheus.NewRegistry(), Version: "1.2.3", Started: time.Now().Add(-26 * time.Hour),
		Ready: func() bool { return true }, Status: func() []poller.AccountStatus { return []poller.AccountStatus{account} },
		Configuration: func() string { return "" }, Of: func([]string) (prometheus.Gatherer, error) { return nil, http.ErrNotSupported },
		Organizations: func() []poller.Organization { return nil },
		Replica: func() (poller.Replica, bool) {
			if s.replica == nil {
				return poller.Replica{}, false
			}
			return *s.replica, true
		},
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}
