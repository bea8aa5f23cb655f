package quota

import (
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// start is a day's noon, so that a reset at midnight is half a day away.
var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

const unknown = -1

func count(n int64) runzero.Count {
	if n == unknown {
		return runzero.Count{}
	}
	return runzero.Known(n)
}

// said makes the headers of an answer; unknown leaves one out.
func said(limit, remaining int64) runzero.Usage {
	return runzero.Usage{Limit: count(limit), Remaining: count(remaining)}
}

// call sends a request and has it answered a second later.
func call(l *ledger, at time.Time, limit, remaining int64) {
	l.Sent(at)
	l.Responded(at.Add(time.Second), at, said(limit, remaining))
}

// wantCalls checks what share leaves of the account at an instant.
func wantCalls(t *testing.T, l *ledger, share Share, at time.Time, want int64) {
	t.Helper()
	if a := share.allowance(l, at); !a.Known || a.Calls != want {
		t.Errorf("allowance at %s is %+v, want %d calls", at.Format(time.DateTime), a, want)
	}
}
