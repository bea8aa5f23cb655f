package collector

import (
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	for name, polls := range map[string]PollState{
		"health-not-polled-yet": {Collector: "assets", Organization: "Acme", Supported: true, Interval: 15 * time.Minute, Next: noon},
		"health-good": {Collector: "assets", Organization: "Acme", Supported: true, Success: true, LastSuccess: noon, LastAttempt: noon,
			Duration: 1500 * time.Millisecond, Interval: 15 * time.Minute, Next: noon.Add(15 * time.Minute)},
		"health-failing": {Collector: "tasks", Organization: "Acme", Supported: true, Failures: 3, LastSuccess: at("-2h"), LastAttempt: at("-1m"),
			Interval: time.Hour, Next: at("5m")},
		"health-unsupported": {Collector: "console", Failures: 1, LastAttempt: at("-1m"), Duration: time.Second, Interval: time.Hour, Next: at("1d")},
		"health-polled-once": {Collector: "discovery", Supported: true, Success: true, LastSuccess: noon, LastAttempt: noon},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, NewHealthFamilies().Of(polls))
		})
	}
}

func TestReasons(t *testing.T) {
	golden(t, "health-reasons", NewHealthFamilies().Reasons("", map[PollReason]int64{
		{"assets", ReasonChange}: 3, {"assets", ReasonInterval}: 4, {"tasks", ReasonRetry}: 1,
	}))
}
