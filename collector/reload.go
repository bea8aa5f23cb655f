package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// NewConfigReload makes the families of the configuration, live: loaded tells whether the
// last attempt to load it succeeded, and when one last did, which is zero for never.
func NewConfigReload(loaded func() (ok bool, last time.Time)) prometheus.Collector {
	return live{descs: Descs(Config), collect: func(out *samples) {
		ok, last := loaded()
		out.flag("runzero_exporter_config_last_reload_successful", ok)
		out.instant("runzero_exporter_config_last_reload_success_timestamp_seconds", last)
	}}
}
