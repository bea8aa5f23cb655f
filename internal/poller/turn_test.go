package poller

import (
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
)

// A leader that is cut off may have polled changes, while the next one has only begun to. What the first one exposes of
// them stays when it follows.
func TestASuccessIsNotForgottenWhenAnotherReplicaPolls(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for what, c := range map[string]struct {
		other job
		kept  bool
	}{
		"the poll is under way": {job{}, true},
		"the poll has failed":   {job{err: collector.ErrIncomplete, failures: 1}, true},
		"it has succeeded":      {job{snapshot: &collector.Snapshot{}, lastSuccess: now}, false},
		"it is unsupported":     {job{unsupported: true, err: collector.ErrUnsupported}, false},
	} {
		a, others := newAccount(Account{}), newAccount(Account{})
		own := &job{Poll: schedule.Poll{Changes: true}, account: a}
		own.setSnapshot(&collector.Snapshot{})
		own.lastAttempt, own.lastSuccess = now.Add(-time.Minute), now.Add(-time.Minute)
		c.other.account, c.other.lastAttempt = others, now
		own.take(&c.other, others)
		if kept := own.lastSuccess.Equal(now.Add(-time.Minute)) && own.snapshot != nil; kept != c.kept || !own.lastAttempt.Equal(now) {
			t.Errorf("%s: kept: %v, last attempt at %s", what, kept, own.lastAttempt)
		}
	}
}
