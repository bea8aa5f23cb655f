package collector

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func gathered(t *testing.T, c prometheus.Collector) []*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestQuota(t *testing.T) {
	paused := func(reason string) map[string]bool {
		all := map[string]bool{"quota": false, "reserve": false, "rate_limit": false, "auth": false}
		if reason != "" {
			all[reason] = true
		}
		return all
	}
	turns := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for name, state := range map[string]QuotaState{
		"quota":            {Limit: 100, LimitSource: "header", Budget: 50, Spent: 12, Demand: 312, Stretch: 6.24, Reset: turns, Paused: paused("")},
		"quota-running":    {Limit: 1000, LimitSource: "estimated", Budget: 500, Spent: 120, Demand: 312, Stretch: 1, Reset: turns, Exhaustion: turns.Add(-3 * time.Hour), Paused: paused("")},
		"quota-spent":      {Limit: 100, LimitSource: "header", Budget: 50, Spent: 50, Demand: 312, Stretch: 6.24, Reset: turns, Paused: paused("quota")},
		"quota-no-limit":   {Demand: 312, Spent: 40, Stretch: 1, Reset: turns, Paused: paused("")},
		"quota-no-account": {Stretch: 1, Paused: paused("auth")},
	} {
		golden(t, name, gathered(t, NewQuota(func() QuotaState { return state })))
	}
}

func TestStore(t *testing.T) {
	golden(t, "store", gathered(t, NewStore(func() bool { return true })))
	golden(t, "store-failing", gathered(t, NewStore(func() bool { return false })))
}

func TestReplica(t *testing.T) {
	leads := ReplicaState{Leads: true, StoreUp: true, Synced: time.Unix(1767225600, 0)}
	golden(t, "replica", gathered(t, NewReplica(func() ReplicaState { return leads })))
	golden(t, "replica-alone", gathered(t, NewReplica(func() ReplicaState { return ReplicaState{} })))
}

func TestConfigReload(t *testing.T) {
	for name, loaded := range map[string]func() (bool, time.Time){
		"config":        func() (bool, time.Time) { return true, noon },
		"config-broken": func() (bool, time.Time) { return false, at("-3d") },
		"config-never":  func() (bool, time.Time) { return false, time.Time{} },
	} {
		golden(t, name, gathered(t, NewConfigReload(loaded)))
	}
}
