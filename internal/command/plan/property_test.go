//go:build port

package plan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// Whatever is set: what results fits into the share, spends as much of it as is asked
// for, and the intervals that are proposed do fit.
func TestPlanAddsUp(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	between := func(from, to float64) float64 { return from * math.Pow(to/from, random.Float64()) }
	proposals := 0
	for try := range 300 {
		share := math.Ceil(between(1, 100)) / 100
		limit := int64(between(100, 1e6))
		args := []string{
			fmt.Sprintf("--limit=%d", limit), fmt.Sprintf("--quota.share=%g", share), "--cache.max-age=0",
			fmt.Sprintf("--cache.interval=%ds", int64(between(1, 1e6))), fmt.Sprintf("--organizations=%d", int64(between(1, 300))),
		}
		for _, spec := range collector.Specs() {
			switch {
			case spec.Name == "console" || random.IntN(3) > 0:
			case random.IntN(2) == 0:
				args = append(args, "--no-collector."+spec.Name)
			case spec.Scope != collector.HeadersOnly:
				args = append(args, fmt.Sprintf("--collector.%s.interval=%ds", spec.Name, int64(between(1, 1e6))))
			}
		}
		code, out, stderr := command(t, t.Context(), append([]string{"plan"}, args...)...)
		may := quota.Share{Share: share}.Calls(limit)
		p, sum := readTable(t, out), 0.0
		for _, r := range p.rows {
			each := parseFloat(t, r[5])
			sum += each
			if wanted, resulting := readInterval(t, r[3]), readInterval(t, r[4]); resulting < wanted*0.99 || code == 0 && resulting != wanted {
				t.Errorf("%s: %s becomes %s", r[0], r[3], r[4])
			}
		}
		rounding := 0.05 * float64(len(p.rows)+1)
		asked := parseFloat(t, regexp.MustCompile(`Asked for: (\d+) `).FindStringSubmatch(out)[1])
		if want := min(asked, float64(may)); math.Abs(sum-p.total) > rounding || p.total > float64(may)+0.05 || want-p.total > 1 || (code == 0) != (asked <= float64(may)) {
			t.Errorf("seed %d, try %d: exit code %d, %v in rows, %v in all, of %v asked for and %d allowed:\n%v\n%s%s", seed, try, code, sum, p.total, asked, may, args, out, stderr)
		}
		if proposed := regexp.MustCompile(`ask less often: ((?:--\S+ )+)`).FindStringSubmatch(unwrap(out)); proposed != nil {
			proposals++
			if code, out, _ := command(t, t.Context(), slices.Concat([]string{"plan"}, args[:3], args[4:5], switches(args), strings.Fields(proposed[1]))...); code != 0 {
				t.Errorf("seed %d, try %d: %s does not fit:\n%s", seed, try, proposed[1], out)
			}
		}
	}
	if proposals < 30 {
		t.Errorf("seed %d: only %d proposals", seed, proposals)
	}
}

// unwrap is a text on one line.
func unwrap(text string) string { return strings.Join(strings.Fields(text), " ") }

// switches are the flags that switch collectors off.
func switches(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return !strings.HasPrefix(arg, "--no-") })
}

func readInterval(t *testing.T, s string) float64 {
	t.Helper()
	var d time.Duration
	if err := (durationValue{d: &d}).Set(s); err != nil {
		t.Fatal(err)
	}
	return d.Seconds()
}
