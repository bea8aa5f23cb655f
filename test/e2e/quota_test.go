//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// sharer is one of two exporters that share an account's quota.
type sharer struct {
	*process
	env, args []string
	sent      *recorder
	base      string
}

// startSharers starts two exporters with one credential, each of which would poll everything each second if it could.
func startSharers(t *testing.T, limit int) (both [2]*sharer, console string) {
	t.Helper()
	console, env := startConsole(t, 8, 200, limit)
	for i := range both {
		s := &sharer{env: env, sent: startRecorder(t, console)}
		s.args = []string{anyPort, "--runzero.url=" + s.sent.URL, "--quota.share=0.4", "--cache.interval=1s",
			"--collector.console.interval=1s", "--cache.dir=" + t.TempDir()}
		s.start(t)
		both[i] = s
	}
	return both, console
}

func (s *sharer) start(t *testing.T) {
	t.Helper()
	s.process = start(t, s.env, s.args...)
	s.base = s.url()
}

// waitForValue waits for a series whose labels contain text.
func (s *sharer) waitForValue(name, text string, fits func(float64) bool) {
	s.t.Helper()
	s.waitForMetrics(s.base, func(f families) error {
		for labels, value := range f.values(name) {
			if strings.Contains(labels, text) && fits(value) {
				return nil
			}
		}
		return fmt.Errorf("%s is %v", name, f[name])
	})
}

func (s *sharer) waitForCalls(n float64) {
	s.t.Helper()
	s.waitForValue("runzero_exporter_spent_calls", "", func(spent float64) bool { return spent >= n })
}

// withinShares requires that neither has sent more than its share, and that the console agrees.
func withinShares(t *testing.T, both [2]*sharer, limit int, console string) {
	t.Helper()
	share, sent := limit*4/10, 0
	for _, s := range both {
		n := len(s.sent.requests())
		sent += n
		if n > share {
			t.Errorf("an exporter sent %d requests, its share is %d", n, share)
		}
		f := scrape(t, s.base)
		for labels, left := range f.values("runzero_api_usage_remaining") {
			if left < float64(limit-2*share) {
				t.Errorf("%s: %v calls of %d are reported as remaining", labels, left, limit)
			}
		}
		for labels, spent := range f.values("runzero_exporter_spent_calls") {
			if spent > float64(share) {
				t.Errorf("%s: %v calls are reported as spent, the share is %d", labels, spent, share)
			}
		}
	}
	token := strings.TrimPrefix(both[0].env[0], "RUNZERO_TOKEN=")
	used := get(t, console+"/api/v1.0/account/orgs", "Authorization", "Bearer "+token).header.Get("X-API-Usage-Today")
	charged, err := strconv.Atoi(used)
	if charged--; /* this one */ err != nil || charged > 2*share || charged > sent {
		t.Errorf("the console charged %s calls, %v; two shares are %d, and %d requests were sent", used, err, 2*share, sent)
	}
}

// Two exporters that do not know of each other stay within their shares, also when both are
// in a crash loop, and stretch what is left of them over the day.
func TestTwoExportersShareAnAccount(t *testing.T) {
	t.Parallel()
	const limit = 100
	both, console := startSharers(t, limit)
	for _, s := range both {
		s.waitForLine(&s.stderr, `^(.*level=warn .*factor=.*times as long.*)$`)
		s.waitForCalls(8)
	}
	for range 10 {
		for _, s := range both {
			s.kill()
			s.start(t)
			s.waitForCalls(8)
		}
	}
	withinShares(t, both, limit, console)
	for _, s := range both {
		s.waitForValue("runzero_exporter_interval_stretch_ratio", "", func(ratio float64) bool { return ratio > 1000 })
		if page := string(get(t, s.base+"/").body); !strings.Contains(page, "times as long") {
			t.Errorf("the page does not explain the intervals: %s", page)
		}
	}
}

// When the first round takes the whole share, polling pauses, and the log, the metrics and
// the page explain it. A restart changes nothing, and what was learned is exposed.
func TestPollingPausesWhenTheShareIsSpent(t *testing.T) {
	t.Parallel()
	const limit = 20
	both, console := startSharers(t, limit)
	for _, s := range both {
		for restart := range 2 {
			sent := 0
			if restart == 1 {
				sent = len(s.sent.requests())
				s.stop(syscall.SIGTERM) // a kill could come before the last call is saved
				s.start(t)
			}
			s.waitForValue("runzero_api_paused", `"quota"`, func(paused float64) bool { return paused == 1 })
			s.waitForLine(&s.stderr, `^(.*level=warn .*reason=quota .*why=.*8 API calls.*--quota\.share.*)$`)
			s.waitForMetrics(s.base, func(f families) error {
				if len(f["runzero_sites"].GetMetric()) == 0 {
					return fmt.Errorf("no sites are exposed")
				}
				return nil
			})
			if page := string(get(t, s.base+"/").body); !strings.Contains(page, "--quota.share") {
				t.Errorf("the page does not explain the pause: %s", page)
			}
			if n := len(s.sent.requests()) - sent; restart == 1 && n != 0 {
				t.Errorf("the restart sent %d requests", n)
			}
			if n := strings.Count(s.stderr.String(), "reason=quota"); n != 1 {
				t.Errorf("the pause is logged %d times", n)
			}
		}
	}
	withinShares(t, both, limit, console)
}
