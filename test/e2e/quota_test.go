//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// sharer is one of several exporters that share an account.
type sharer struct {
	*process
	args []string
	seen *proxy
	base string
}

// startSharers starts two exporters with one credential, each of which would ask
// everything each second if it could.
func startSharers(t *testing.T, console string, env []string) []*sharer {
	t.Helper()
	var both []*sharer
	for range 2 {
		s := &sharer{seen: startProxy(t, console)}
		s.args = []string{anyPort, "--runzero.url=" + s.seen.URL, "--quota.share=0.4", "--cache.interval=1s",
			"--collector.console.interval=1s", "--cache.dir=" + t.TempDir()}
		both = append(both, s)
		s.restart(t, env)
	}
	return both
}

// restart starts the exporter, after killing it if it runs.
func (s *sharer) restart(t *testing.T, env []string) {
	t.Helper()
	if s.process != nil {
		s.signal(syscall.SIGKILL)
		<-s.done
	}
	s.process = start(t, env, s.args...)
	s.base = s.url()
}

// scrape reads the exporter's metrics.
func (s *sharer) scrape() (map[string]*dto.MetricFamily, error) {
	a, err := ask(client, http.MethodGet, s.base+"/metrics")
	if err != nil {
		return nil, err
	}
	return parse(s.t, a.body), nil
}

// waitForValue waits for a sample, labels of which hold text.
func (s *sharer) waitForValue(name, text string, fits func(float64) bool) {
	s.t.Helper()
	eventually(s.t, func() error {
		families, err := s.scrape()
		if err != nil {
			return err
		}
		for labels, value := range byLabels(families[name]) {
			if strings.Contains(labels, text) && fits(value) {
				return nil
			}
		}
		return fmt.Errorf("%s is %v", name, families[name])
	})
}

// withinShares insists that neither has sent more than its share, and that the console
// bears that out.
func withinShares(t *testing.T, both []*sharer, limit int, console string, env []string) {
	t.Helper()
	share, sent := limit*4/10, 0
	for _, s := range both {
		n := len(s.seen.requests())
		sent += n
		if n > share {
			t.Errorf("an exporter sent %d requests, and its share is %d", n, share)
		}
		families, err := s.scrape()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range families["runzero_api_usage_remaining"].GetMetric() {
			if left := m.GetGauge().GetValue(); left < float64(limit-2*share) {
				t.Errorf("an exporter tells of %v calls that are left of %d", left, limit)
			}
		}
		if spent := families["runzero_exporter_spent_calls"].GetMetric()[0].GetGauge().GetValue(); spent > float64(share) {
			t.Errorf("an exporter tells of %v calls, and its share is %d", spent, share)
		}
	}
	token := strings.TrimPrefix(env[0], "RUNZERO_TOKEN=")
	used := get(t, console+"/api/v1.0/account/orgs", "Authorization", "Bearer "+token).header.Get("X-API-Usage-Today")
	charged, err := strconv.Atoi(used)
	if charged--; /* this one */ err != nil || charged > 2*share || charged > sent {
		t.Errorf("the console charged %s calls, %v; two shares are %d, and %d requests were sent", used, err, 2*share, sent)
	}
}

// Two exporters that know nothing of each other stay below the sum of their shares,
// also when both are in a crash loop, and stretch what is left of them over the day.
func TestTwoExportersShareAnAccount(t *testing.T) {
	const limit = 100
	console, env := simulate(t, 8, limit)
	both := startSharers(t, console, env)
	for _, s := range both {
		s.find(&s.stderr, `^(.*msg="intervals are stretched".*times as long.*)$`)
		s.waitForValue("runzero_exporter_spent_calls", "", func(spent float64) bool { return spent >= 8 })
	}
	for range 10 {
		for _, s := range both {
			s.restart(t, env)
			s.waitForValue("runzero_exporter_spent_calls", "", func(spent float64) bool { return spent >= 8 })
		}
	}
	withinShares(t, both, limit, console, env)
	for _, s := range both {
		s.waitForValue("runzero_exporter_interval_stretch_ratio", "", func(ratio float64) bool { return ratio > 1000 })
		if page := string(get(t, s.base+"/").body); !strings.Contains(page, "times as long") {
			t.Errorf("the page does not say that intervals are stretched: %s", page)
		}
	}
}

// A share that the first round takes whole: asking stops, and everybody is told.
func TestAskingStopsWhenTheShareIsSpent(t *testing.T) {
	const limit = 20
	console, env := simulate(t, 8, limit)
	both := startSharers(t, console, env)
	paused := func(value float64) bool { return value == 1 }
	for _, s := range both {
		s.waitForValue("runzero_api_paused", `"quota"`, paused)
		s.find(&s.stderr, `^(.*level=warn msg="asking has stopped; the last answers are served on" reason=quota why="this exporter has spent 8 of the 8 API calls a day .*)$`)
	}
	// It stays so: a restart changes nothing, and what is known is served.
	for _, s := range both {
		sent := len(s.seen.requests())
		s.restart(t, env)
		s.waitForValue("runzero_api_paused", `"quota"`, paused)
		s.find(&s.stderr, `^(.*msg="asking has stopped.*)$`)
		eventually(t, func() error {
			families, err := s.scrape()
			if err == nil && len(families["runzero_sites"].GetMetric()) == 0 {
				err = errors.New("nothing of what was learned is served")
			}
			return err
		})
		if page := string(get(t, s.base+"/").body); !strings.Contains(page, "has spent 8 of the 8 API calls a day") {
			t.Errorf("the page does not say why asking has stopped: %s", page)
		}
		if now := len(s.seen.requests()); now != sent {
			t.Errorf("the restart sent %d requests", now-sent)
		}
		if told := strings.Count(s.stderr.String(), "asking has stopped"); told != 1 {
			t.Errorf("the log says %d times that asking has stopped", told)
		}
	}
	withinShares(t, both, limit, console, env)
}
