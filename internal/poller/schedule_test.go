package poller

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestPause(t *testing.T) {
	const interval = 15 * time.Minute
	answer := func(status int, retryAfter time.Duration) error {
		return fmt.Errorf("sites: %w", &runzero.Error{Status: status, RetryAfter: retryAfter})
	}
	broken := fmt.Errorf("assets: %w", io.ErrUnexpectedEOF)
	for _, c := range []struct {
		what     string
		err      error
		failures int
		interval time.Duration
		want     time.Duration
	}{
		{"success", nil, 0, interval, interval},
		{"a broken connection is tried once more, soon", broken, 1, interval, 30 * time.Second},
		{"the retry failed: no second one", broken, 2, interval, interval},
		{"then the interval doubles", broken, 3, interval, 2 * interval},
		{"up to an hour", broken, 4, interval, time.Hour},
		{"and no further", broken, 400, interval, time.Hour},
		{"a long interval does not shrink", broken, 9, 6 * time.Hour, 6 * time.Hour},
		{"a retry is not later than the interval", broken, 1, 10 * time.Second, 10 * time.Second},
		{"a server error is tried once more", answer(502, 0), 1, interval, 30 * time.Second},
		{"later, where the server says so", answer(503, 10*time.Minute), 1, interval, 10 * time.Minute},
		{"what was refused is not retried", answer(400, 0), 1, interval, interval},
		{"a refused token waits an hour", answer(401, 0), 1, interval, time.Hour},
		{"for ever", answer(401, 0), 50, interval, time.Hour},
		{"forbidden too", answer(403, 0), 1, interval, time.Hour},
		{"and a long interval still counts", answer(403, 0), 1, 6 * time.Hour, 6 * time.Hour},
		{"too many requests: no retry", answer(429, 0), 1, interval, interval},
		{"too many requests: as long as the server says", answer(429, 2*time.Hour), 1, interval, 2 * time.Hour},
		{"unsupported is asked once a day", fmt.Errorf("%w: %w", collector.ErrUnsupported, answer(404, 0)), 1, interval, 24 * time.Hour},
		{"data that cannot be read is not asked for again at once", errors.New("not JSON"), 1, interval, interval},
	} {
		if got := pause(c.err, c.failures, c.interval); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestSpreadGivesEachJobItsOwnPlace(t *testing.T) {
	for _, n := range []int{1, 2, 7, 900} {
		seen := map[time.Duration]bool{}
		for place := range n {
			s := spread(15*time.Minute, place, n)
			if s < 0 || s >= 15*time.Minute || seen[s] {
				t.Fatalf("%d of %d: %s", place, n, s)
			}
			seen[s] = true
		}
	}
	if s := spread(24*time.Hour, 9, 10); s > time.Hour {
		t.Errorf("a daily job is put off by %s", s)
	}
}

func TestJitterOnlyAdds(t *testing.T) {
	for _, random := range []float64{0, 0.5, 0.999999} {
		if j := jitter(time.Hour, random); j < 0 || j >= 3*time.Minute {
			t.Errorf("%v: %s", random, j)
		}
	}
}

func TestChoose(t *testing.T) {
	all := []runzero.Organization{
		{ID: "a1", Name: "Main"}, {ID: "b2", Name: "Lab"}, {ID: "c3", Name: "Sample", Demo: true}, {ID: "d4", Name: "Old", Inactive: true},
	}
	for _, c := range []struct {
		what             string
		all              []runzero.Organization
		include, exclude string
		want             string
		err              string
	}{
		{"all but demo and inactive ones", all, "", "", "a1 b2", ""},
		{"by name", all, "Lab", "", "b2", ""},
		{"by id, in any case", all, "A1", "", "a1", ""},
		{"each once", all, "Lab b2", "", "b2", ""},
		{"demo and inactive ones when named", all, "Sample d4", "", "c3 d4", ""},
		{"without some", all, "", "Lab", "a1", ""},
		{"without one by id, in any case", all, "", "A1 Gone", "b2", ""},
		{"a misspelt name", all, "Lab Mian", "", "", `the credential reaches no organization "Mian": it reaches "Main", "Lab", "Sample", "Old"`},
		{"nothing left", all[2:], "", "", "", "the credential reaches no organization but demo, inactive or excluded ones: name those to poll with --runzero.organization, or organizations of the account in the file"},
	} {
		chosen, err := choose(c.all, strings.Fields(c.include), strings.Fields(c.exclude))
		got := ""
		for _, o := range chosen {
			if got != "" {
				got += " "
			}
			got += o.ID
		}
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || err.Error() != c.err) {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}
