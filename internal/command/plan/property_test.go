package plan

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/test/harness"
)

// Whatever is configured: the resulting intervals fit into the share and spend all that the
// configuration can use of it, and proposed intervals fit.
func TestForecastsFitIntoTheShare(t *testing.T) {
	seed := uint64(1795996749337282200) // try 188: a longer interval between two scans that makes no fewer polls
	random := rand.New(rand.NewPCG(seed, 0))
	proposals := 0
	for try := range 300 {
		o := randomOptions(random)
		f := forecastOf(t, o)
		allowed := float64(quota.Share{Share: o.Flags.QuotaShare}.Calls(o.Limit))
		sum := 0.0
		for _, r := range f.rows {
			sum += r.daily(f.floor)
			if resulting := r.load.InForce(f.floor); resulting < r.load.Interval || f.fits() && resulting != r.load.Interval {
				t.Errorf("seed %d, try %d: the interval of %s becomes %s, of %s", seed, try, r.collector, resulting, r.load.Interval)
			}
		}
		if want := min(f.demand, allowed); math.Abs(sum-want) > 1e-6*want || f.fits() != (f.demand <= allowed*(1+rounding)) {
			t.Errorf("seed %d, try %d: %v calls a day, of %v needed and %v allowed: %+v", seed, try, sum, f.demand, allowed, o)
		}
		if settings := f.longerIntervals(o.Flags.CacheMaxAge); !f.fits() && settings != "" {
			proposals++
			for setting := range strings.FieldsSeq(settings) {
				apply(t, &o.Flags, setting)
			}
			if !forecastOf(t, o).fits() {
				t.Errorf("seed %d, try %d: %s does not fit", seed, try, settings)
			}
		}
	}
	if proposals < 30 {
		t.Errorf("seed %d: only %d proposals", seed, proposals)
	}
}

func randomOptions(random *rand.Rand) Options {
	between := func(from, to float64) float64 { return from * math.Pow(to/from, random.Float64()) }
	interval := func() time.Duration { return time.Duration(between(1, 1e6)) * time.Second }
	o := Options{Flags: harness.DefaultFlags(), Limit: int64(between(100, 1e6)), Organizations: int(between(1, 300))}
	o.Flags.QuotaShare = math.Ceil(between(1, 100)) / 100
	o.Flags.CacheMaxAge, o.Flags.CacheInterval = 0, interval()
	if random.IntN(2) == 0 {
		harness.OnChange(&o.Flags)
		o.ScansPerDay = between(0.01, 1000)
	}
	for _, spec := range collector.Specs() {
		flags := config.CollectorFlags{Enabled: spec.Name == "console" || random.IntN(3) > 0}
		if spec.Scope != collector.HeadersOnly && random.IntN(2) == 0 {
			flags.Interval = interval()
		}
		o.Flags.Collectors[spec.Name] = flags
	}
	return o
}

func forecastOf(t *testing.T, o Options) forecast {
	t.Helper()
	o.Flags.Offline = true
	c, err := o.Flags.Load()
	if err != nil {
		t.Fatal(err)
	}
	f, err := o.account(t.Context(), log.NewNopLogger(), c, c.Accounts[0])
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// apply sets a flag such as --collector.assets.interval=1h.
func apply(t *testing.T, f *config.Flags, setting string) {
	t.Helper()
	flag, value, _ := strings.Cut(setting, "=")
	parsed, err := model.ParseDuration(value)
	if err != nil {
		t.Fatal(err)
	}
	interval := time.Duration(parsed)
	if flag == "--cache.interval" {
		f.CacheInterval = interval
		return
	}
	if flag == "--collector.assets.max-interval" {
		f.AssetMaxInterval = interval
		return
	}
	name := strings.TrimSuffix(strings.TrimPrefix(flag, "--collector."), ".interval")
	of, known := f.Collectors[name]
	if !known {
		t.Fatalf("unknown flag %s", flag)
	}
	of.Interval = interval
	f.Collectors[name] = of
}
