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
	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const fuzzedOrganization = "4ffe8ffb-0000-4000-8000-000000000001"

// FuzzRestore starts a poller with any cached states, and with any organization name in the cached snapshots. The
// exposition is valid and every name clean, and so they are after what was restored was saved and restored once more.
func FuzzRestore(f *testing.F) {
	for _, state := range fuzzedStates(f) {
		f.Add(state, []byte("x"), "\"\\\n", "sites")
		var whole savedState
		if json.Unmarshal(state, &whole) != nil {
			continue
		}
		for _, job := range whole.jobs() {
			poll, err := json.Marshal(job)
			if err != nil {
				f.Fatal(err)
			}
			f.Add([]byte("{}"), poll, "Acme", "sites")
		}
	}
	folder, err := store.Open(f.TempDir(), store.Options{Logger: log.NewNopLogger()})
	if err != nil {
		f.Fatal(err)
	}
	account := everyCollector(f)
	f.Fuzz(func(t *testing.T, state, poll []byte, name, family string) {
		synctest.Test(t, func(t *testing.T) {
			for _, of := range []string{"sites", "tasks", "explorers"} {
				for _, organization := range []string{"", fuzzedOrganization, "b"} {
					// What the store refuses to save stays as it was.
					folder.Save(store.Key{Organization: organization, Collector: of}, "\n", store.Snapshot{
						Families: oneSeries("runzero_"+family, name), Sites: map[string]string{"s": name}, Success: time.Now(),
					})
				}
			}
			if json.Valid(state) {
				folder.SaveState(store.Key{}, json.RawMessage(state))
			}
			for _, of := range []store.Key{
				{Collector: schedule.Discovery}, {Organization: "*", Collector: "sites"}, {Organization: "*", Collector: "explorers"},
				{Organization: fuzzedOrganization, Collector: "tasks"}, {Collector: "console"},
			} {
				if json.Valid(poll) {
					folder.SaveState(of, json.RawMessage(poll))
				}
			}
			for range 2 {
				ended, end := context.WithCancel(t.Context())
				end()
				_ = folder.Run(ended)
				account.Quota = quota.New(quota.Share{Share: 0.5}, quota.NewGate(time.Now))
				p := New(Config{Logger: log.NewNopLogger(), Store: folder, Now: time.Now, Random: func() float64 { return 0 }}, []Account{account})
				expectClean(t, p)
				p.saveState(p.accounts[0])
			}
		})
	})
}

func expectClean(t *testing.T, p *Poller) {
	t.Helper()
	if _, err := (prometheus.Gatherers{p}).Gather(); err != nil {
		t.Error(err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector.NewQuota(p.accounts[0].Quota.Metrics))
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
	for _, status := range p.Status()[0].Polls {
		if status.Organization != "" && status.Organization != collector.Label(status.Organization) {
			t.Errorf("the status has organization %q", status.Organization)
		}
	}
	for _, name := range p.accounts[0].names {
		if name != collector.Label(name) {
			t.Errorf("an organization is called %q", name)
		}
	}
}

// everyCollector is an account with an account credential and all collectors.
func everyCollector(f *testing.F) Account {
	f.Helper()
	client, err := runzero.New(runzero.Config{
		URL: "http://localhost", HTTP: promconfig.HTTPClientConfig{Authorization: &promconfig.Authorization{Credentials: "CT0123456789"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	account := Account{Credentials: []Credential{{Name: "1", Client: client}}}
	for _, spec := range collector.Specs() {
		account.Collectors = append(account.Collectors, schedule.Collector{Spec: spec, Interval: cmp.Or(spec.Interval, time.Hour)})
	}
	return account
}

// fuzzedStates are states as an earlier run may have saved them, and broken ones.
func fuzzedStates(f *testing.F) [][]byte {
	f.Helper()
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	spent := quota.New(quota.Share{Share: 0.5}, quota.NewUnlimitedGate(func() time.Time { return at }))
	spent.Observer("1").Responded(runzero.Exchange{Sent: at, Code: 200, Authenticated: true, Usage: runzero.Usage{Limit: runzero.Known(100)}})
	saved := func(change func(*savedState)) []byte {
		state := savedState{
			Quota: spent.Save(0), LoggedStretch: 1,
			Credentials: []savedCredential{{Name: "1", Usage: collector.SavedUsage{Up: true, Usage: runzero.Usage{Limit: runzero.Known(100)}}, Reach: &reach{
				Kind: runzero.AccountCredential, AccountWide: true, Polled: at,
				Organizations: []runzero.Organization{{ID: fuzzedOrganization, Name: "Acme"}, {ID: "b", Name: "Acme"}, {ID: "c", Demo: true}},
			}}},
			Jobs: []savedJob{
				{Collector: schedule.Discovery, Base: at, Wait: time.Hour, LastAttempt: at, LastSuccess: at},
				{Collector: "sites", AccountWide: true, Base: at, Wait: time.Hour, LastAttempt: at, LastSuccess: at},
				{Collector: "tasks", Organization: fuzzedOrganization, Base: at, Wait: time.Hour, LastAttempt: at, LastSuccess: at, Calls: 1},
				{Collector: "explorers", AccountWide: true, Base: at, LastAttempt: at, Unsupported: true, Failures: 1},
			},
		}
		change(&state)
		data, err := json.Marshal(state)
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	long := fuzzedOrganization + fuzzedOrganization + fuzzedOrganization + fuzzedOrganization
	return [][]byte{
		saved(func(*savedState) {}),
		saved(func(s *savedState) { s.Jobs[1].Unsupported = true }),
		saved(func(s *savedState) {
			s.Credentials[0].Reach.Organizations = []runzero.Organization{{ID: "a\n", Name: "x"}, {ID: "a", Name: "x"}, {ID: "", Name: "x"}, {ID: long, Name: "x"}, {ID: "a", Name: "y"}}
		}),
		saved(func(s *savedState) {
			s.LoggedStretch = -1
			for i := range s.Jobs {
				s.Jobs[i].Wait, s.Jobs[i].Duration, s.Jobs[i].Calls, s.Jobs[i].Failures = -1<<63, -1, -1<<63, -1
				s.Jobs[i].Base, s.Jobs[i].LastSuccess = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)
			}
		}),
		[]byte("{}"), []byte("null"), []byte(`{"Jobs":[{"Collector":"sites","Base":"x"}]}`), []byte(`{"Quota":{"Limit":-1,"Remaining":9223372036854775807}}`),
	}
}

// oneSeries is a family with one series of an organization.
func oneSeries(name, organization string) []*dto.MetricFamily {
	return []*dto.MetricFamily{{Name: &name, Help: new("Help."), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{
		{Label: []*dto.LabelPair{{Name: new("org_name"), Value: &organization}}, Gauge: &dto.Gauge{Value: new(1.0)}},
	}}}
}
