package schedule

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Collector is an enabled collector with the settings it is polled with. The configuration
// makes it, and everything that schedules, forecasts or polls takes it as it is.
type Collector struct {
	collector.Spec
	Settings collector.Settings // what it is polled with
	Interval time.Duration      // from one poll to the next while the quota suffices
	// MaxInterval is from one poll to the next while nothing has changed, as far as the collector ChangedBy shows; 0: it is
	// polled at each Interval.
	MaxInterval time.Duration
	// MaxIntervalSource is the setting that decides MaxInterval, as IntervalSource is.
	MaxIntervalSource string
	// IntervalSource is the setting that decides Interval, as users write it: a flag with its
	// dashes, or the file, the line and the key.
	IntervalSource string
	Weight         float64 // how much longer than others its interval may become when the quota is short
	// Fingerprint identifies every setting that shapes this collector's samples. A cached
	// snapshot with another fingerprint is not reused.
	Fingerprint string
}
