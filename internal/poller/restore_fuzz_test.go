//go:build port

package poller

import (
	"cmp"
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const fuzzedOrganization = "4ffe8ffb-0000-4000-8000-000000000001"

// remembered is what an exporter might have written down.
func remembered(f *testing.F, change func(*kept)) []byte {
	f.Helper()
	limit, at := int64(100), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	state := kept{
		Ledger: quota.Kept{Limit: &limit}, Told: 1,
		Credentials: []keptCredential{{Name: "1", Usage: collector.SavedUsage{Up: true, Limit: &limit}, Reach: &keptReach{
			Kind: runzero.AccountCredential, Whole: true, Asked: at,
			Organizations: []keptOrganization{{ID: fuzzedOrganization, Name: "Acme"}, {ID: "b", Name: "Acme"}, {ID: "c", Demo: true}},
		}}},
		Jobs: []keptJob{
			{Collector: Discovery, Base: at, Wait: time.Hour, Attempt: at, Success: at},
			{Collector: "sites", Wide: true, Base: at, Wait: time.Hour, Attempt: at, Success: at},
			{Collector: "tasks", Organization: fuzzedOrganization, Base: at, Wait: time.Hour, Attempt: at, Success: at, Calls: 1},
			{Collector: "explorers", Wide: true, Base: at, Attempt: at, Unsupported: true, Failures: 1},
		},
	}
	change(&state)
	data, err := json.Marshal(state)
	if err != nil {
		f.Fatal(err)
	}
	return data
}

// FuzzRestore starts on any state and with any organization's name in kept answers:
// what is served then can be scraped, nothing is told that cannot be, and so it is
// again after what is known was written down.
func FuzzRestore(f *testing.F) {
	for _, state := range [][]byte{
		remembered(f, func(*kept) {}),
		remembered(f, func(k *kept) { k.Jobs[1].Unsupported = true }),
		remembered(f, func(k *kept) {
			k.Credentials[0].Reach.Organizations = []keptOrganization{{ID: "a\n", Name: "x"}, {ID: "a", Name: "x"}, {ID: "", Name: "x"}, {ID: fuzzedOrganization + fuzzedOrganization + fuzzedOrganization + fuzzedOrganization, Name: "x"}, {ID: "a", Name: "y"}}
		}),
		remembered(f, func(k *kept) {
			k.Told = -1
			for i := range k.Jobs {
				k.Jobs[i].Wait, k.Jobs[i].Duration, k.Jobs[i].Calls, k.Jobs[i].Failures = -1<<63, -1, -1<<63, -1
				k.Jobs[i].Base, k.Jobs[i].Success = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
			}
		}),
		[]byte("{}"), []byte("null"), []byte(`{"Jobs":[{"Collector":"sites","Base":"x"}]}`), []byte(`{"Ledger":{"Limit":-1,"Remaining":9223372036854775807}}`),
	} {
		f.Add(state, "Acme", "sites")
		f.Add(state, "\"\\\n", "tasks")
	}
	folder, err := store.Open(f.TempDir(), log.NewNopLogger())
	if err != nil {
		f.Fatal(err)
	}
	client, err := runzero.New(runzero.Config{URL: "http://localhost", HTTP: config.HTTPClientConfig{Authorization: &config.Authorization{Credentials: "CT0123456789"}}})
	if err != nil {
		f.Fatal(err)
	}
	target := Target{Credentials: []Credential{{Name: "1", Client: client}}}
	for _, spec := range collector.Specs() {
		if spec.Scope == collector.HeadersOnly {
			continue
		}
		c := Collector{Name: spec.Name, Scope: spec.Scope, Needs: spec.Needs, Interval: cmp.Or(spec.Interval, time.Hour), Collector: spec.New(collector.Settings{}), Found: spec.FromDiscovery}
		if spec.AccountWide != nil {
			c.Wide = spec.AccountWide(collector.Settings{})
		}
		target.Collectors = append(target.Collectors, c)
	}
	f.Fuzz(func(t *testing.T, state []byte, name, family string) {
		synctest.Test(t, func(t *testing.T) {
			for _, of := range []string{"sites", "tasks", "explorers"} {
				for _, organization := range []string{"", fuzzedOrganization, "b"} {
					// What the store refuses to keep it keeps no more than before.
					folder.Save(store.Key{Organization: organization, Collector: of}, "\n", store.Snapshot{
						Families: said("runzero_"+family, name), Sites: map[string]string{"s": name}, Success: time.Now(),
					})
				}
			}
			if json.Valid(state) {
				folder.SaveState("", "", json.RawMessage(state))
			}
			ended, end := context.WithCancel(t.Context())
			end()
			folder.Run(ended)
			for range 2 {
				target.Account = NewAccount(quota.Share{Share: 0.5}, NewGate())
				p := New(Config{Logger: log.NewNopLogger(), Store: folder}, []Target{target})
				families, err := p.Gather()
				if err == nil {
					_, err = prometheus.Gatherers{gathered(families)}.Gather()
				}
				if err != nil {
					t.Error(err)
				}
				registry := prometheus.NewPedanticRegistry()
				registry.MustRegister(target.Account.Metrics(), p.StoreMetrics())
				if _, err := registry.Gather(); err != nil {
					t.Error(err)
				}
				for _, status := range p.Status() {
					if status.Organization != "" && status.Organization != collector.Label(status.Organization) {
						t.Errorf("told of %q", status.Organization)
					}
				}
				for _, name := range p.targets[0].names {
					if name != collector.Label(name) {
						t.Errorf("an organization is called %q", name)
					}
				}
				p.keepState(p.targets[0])
			}
		})
	})
}

// said is a family of one series of an organization.
func said(name, organization string) []*dto.MetricFamily {
	label, help, value := "org_name", "Help.", 1.0
	return []*dto.MetricFamily{{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{
		{Label: []*dto.LabelPair{{Name: &label, Value: &organization}}, Gauge: &dto.Gauge{Value: &value}},
	}}}
}
