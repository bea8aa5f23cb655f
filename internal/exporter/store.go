package exporter

import (
	"context"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/store"
)

// openStore opens where results are cached, if that is configured.
func (e *Exporter) openStore(c *config.Config) error {
	o := store.Options{Logger: e.options.Logger, Now: e.options.Now, Required: c.CacheRequired, Dial: e.options.DialCache}
	switch {
	case c.Cache.URL != "":
		shared, err := store.OpenShared(context.Background(), c.Cache, o)
		if err != nil {
			return err
		}
		e.store = shared
		e.registry.MustRegister(collector.NewReplica(func() collector.ReplicaState {
			s := shared.State()
			return collector.ReplicaState{Leads: s.Term != 0, StoreUp: s.Up, Synced: s.Synced}
		}))
	case c.CacheDir != "":
		folder, err := store.Open(c.CacheDir, o)
		if err != nil {
			return err
		}
		if e.options.Disk != nil {
			folder.Intercept(e.options.Disk)
		}
		e.store = folder
		e.registry.MustRegister(collector.NewStore(folder.Healthy))
	}
	return nil
}

// permit returns an error when no request may be sent, because another replica may poll.
func (e *Exporter) permit() error {
	if e.store == nil {
		return nil
	}
	return e.store.Permit()
}

// Replica returns the state of this exporter as one of several; false when it has no others.
func (e *Exporter) Replica() (poller.Replica, bool) {
	if e.store == nil {
		return poller.Replica{}, false
	}
	s := e.store.State()
	return poller.Replica{Leads: s.Term != 0, Leader: s.Leader.Name, Since: s.Leader.Since, StoreUp: s.Up, Error: s.Trouble, Advice: s.Remedy, Synced: s.Synced}, s.Shared
}
