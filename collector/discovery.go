package collector

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Discovery is a search whose results become targets of Prometheus, from the configuration file.
type Discovery struct {
	Name       string // label value and end of a path, unique
	Of         string // what is searched: one of DiscoveryOf
	Search     string // in runZero's query language; empty: all
	Port       uint16 // of the targets that are assets; 0: they have none
	MaxTargets int    // of an organization; more are left out. 0: DefaultMaxTargets
}

// DefaultMaxTargets is the MaxTargets of a discovery for which none is configured.
const DefaultMaxTargets = 5000

// DiscoveryOf lists the kinds of records that become targets.
func DiscoveryOf() []string { return []string{"assets", "services"} }

// DiscoverySpec describes the collector of a discovery. Discoveries are not in Specs, because they are not enabled by
// flags.
func DiscoverySpec(d Discovery) Spec {
	return Spec{
		Name: "discovery/" + d.Name, Help: "targets of Prometheus that the discovery " + d.Name + " finds", Discovery: d,
		Needs: runzero.ExportToken, Collect: guarded(d.collect), ChangedBy: "tasks",
	}
}

// rows streams what the search finds.
func (d Discovery) rows(ctx context.Context, poll Poll) iter.Seq2[runzero.Target, error] {
	if d.Of == "services" {
		return poll.API.TargetServices(ctx, poll.Organization.ID, d.Search)
	}
	return poll.API.TargetAssets(ctx, poll.Organization.ID, d.Search)
}

func (d Discovery) collect(ctx context.Context, poll Poll) (Snapshot, error) {
	return d.snapshot(d.rows(ctx, poll), poll)
}

// snapshot makes targets of what the search has found.
func (d Discovery) snapshot(rows iter.Seq2[runzero.Target, error], poll Poll) (Snapshot, error) {
	out := newSamples("discovery")
	targets, seen := targetSet{most: cmp.Or(d.MaxTargets, DefaultMaxTargets)}, newSeenSites(poll.Sites)
	countEach(out, rows, d.Of, func(row runzero.Target) error {
		site, err := seen.note(row.SiteID, row.SiteName)
		if err != nil {
			return err
		}
		if target, usable := d.target(&row, site); usable {
			targets.add(target, row.Tags)
		}
		return nil
	})
	if out.err != nil {
		return Snapshot{}, fmt.Errorf("discovery %s: %w", d.Name, out.err)
	}
	names, name, org := nameSites(poll.Sites, seen.names), Label(d.Name), poll.Organization.Name
	found, dropped := targets.all()
	out.gauge("runzero_discovery_targets", float64(len(found)), org, name)
	out.gauge("runzero_discovery_targets_dropped", float64(dropped), org, name)
	assets := newTally(newDimension(siteLabel, false), newDimension("asset_type", true))
	counted := map[string]bool{}
	for i := range found {
		t := &found[i]
		if !counted[t.asset] {
			counted[t.asset] = true
			if err := assets.add([]string{t.site, t.typ}); err != nil {
				return Snapshot{}, err
			}
		}
		t.site = names[t.site]
	}
	assets.folded(poll.Settings.AssetTop, func(values []string, n int64) {
		out.gauge("runzero_discovery_assets", float64(n), org, name, names[values[0]], values[1])
	})
	snapshot, err := out.snapshot(names)
	if err == nil {
		snapshot.Dropped = dropped
		snapshot.Targets, err = document(found, metaLabels{discovery: name, organization: org, account: poll.Account})
	}
	return snapshot, err
}
