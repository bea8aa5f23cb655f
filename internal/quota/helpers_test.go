package quota

import (
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// start is noon, so that the expected reset at midnight is half a day away.
var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// unknown leaves a header out.
const unknown = -1

func count(n int64) runzero.Count {
	if n == unknown {
		return runzero.Count{}
	}
	return runzero.Known(n)
}

func usage(limit, remaining int64) runzero.Usage {
	return runzero.Usage{Limit: count(limit), Remaining: count(remaining)}
}

// call records a request and its response a second later.
func call(l *ledger, at time.Time, limit, remaining int64) {
	l.Sent(at)
	l.Responded(at.Add(time.Second), at, "token", usage(limit, remaining))
}

func wantCalls(t *testing.T, l *ledger, share Share, at time.Time, want int64) {
	t.Helper()
	if a := share.allowance(l, at); !a.Known || a.Calls != want {
		t.Errorf("allowance at %s: %+v, want %d calls", at.Format(time.DateTime), a, want)
	}
}
