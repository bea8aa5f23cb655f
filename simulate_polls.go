package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// historyPoll is one collector of a history, for one organization or for the account.
type historyPoll struct {
	name         string
	organization collector.Organization
	interval     time.Duration
	account      bool // asks for all organizations at once
	fed          bool // asks nothing: it is what the discovery found
	collect      func(context.Context, collector.Poll) (collector.Snapshot, error)
	found        func([]runzero.Organization, map[string]string) (collector.Snapshot, error)

	attempt, success time.Time
	wait             time.Duration // from the attempt to the next
	took             time.Duration
	calls            int64
	failures         int
	snapshot         *collector.Snapshot
	from             int // the scrape since which the snapshot is served
}

// all are the polls in the order in which they are asked, the cheapest first.
func (h *history) all() []*historyPoll {
	return append([]*historyPoll{h.discovery}, h.polls...)
}

// poll asks what is due.
func (h *history) poll(ctx context.Context) {
	h.ask(ctx, h.discovery)
	for _, p := range h.polls {
		if !p.fed {
			h.ask(ctx, p)
		}
	}
}

// ask makes a poll if it is due and may be.
func (h *history) ask(ctx context.Context, p *historyPoll) {
	if h.paused() != "" || h.now.Before(p.due(h.stretch())) {
		return
	}
	before := h.requests
	h.took = 0
	poll := collector.Poll{API: h.client, Organization: p.organization, Now: h.now, Sites: h.sites(p), Previous: p.snapshot}
	if p.organization.ID == "" {
		poll.Organizations = h.names
	}
	snapshot, err := p.collect(ctx, poll)
	if errors.Is(err, errHistoryPaused) {
		return // it is still due
	}
	p.took, p.calls = h.took, h.requests-before
	h.finish(p, snapshot, err)
}

// finish takes what a poll found. After a failure it is tried again at the next scrape,
// and then at its interval.
func (h *history) finish(p *historyPoll, snapshot collector.Snapshot, err error) {
	p.attempt, p.wait = h.now, p.interval
	if err != nil {
		if p.failures++; p.failures == 1 {
			p.wait = min(h.options.step, p.interval)
		}
		return
	}
	h.served(p)
	p.failures, p.success, p.snapshot, p.from = 0, h.now, &snapshot, h.step
}

// served notes what a poll found at the scrapes that it was served to.
func (h *history) served(p *historyPoll) {
	if p.snapshot != nil {
		h.series.families(p.snapshot.Families, p.from, min(h.step, h.until(p)))
	}
}

// until is the first scrape to which what the poll found is too old.
func (h *history) until(p *historyPoll) int {
	if h.config.MaxAge == 0 {
		return mostSteps + 1
	}
	return int(p.success.Add(h.config.MaxAge).Sub(h.begun)/h.options.step) + 1
}

// due is when the poll is to be made.
func (p *historyPoll) due(stretch float64) time.Time {
	if p.attempt.IsZero() {
		return time.Time{}
	}
	return quota.Due(p.attempt, p.wait, stretch)
}

// health is how the polls are going.
func (p *historyPoll) health(stretch float64, paused poller.Reason, reset time.Time) collector.PollState {
	next := p.due(stretch)
	if paused != "" && next.Before(reset) {
		next = reset
	}
	return collector.PollState{
		Collector: p.name, Organization: p.organization.Name, Success: p.snapshot != nil && p.failures == 0, Supported: true,
		Failures: p.failures, LastSuccess: p.success, LastAttempt: p.attempt, Duration: p.took,
		Interval: time.Duration(float64(p.interval) * stretch), Next: next,
	}
}

// discover learns the organizations, makes the polls that they take, and feeds the
// collectors that export just them.
func (h *history) discover(ctx context.Context, poll collector.Poll) (collector.Snapshot, error) {
	rows, err := poll.API.Organizations(ctx)
	if err != nil {
		return collector.Snapshot{}, err
	}
	ids := map[string]string{}
	rows = slices.DeleteFunc(rows, func(o runzero.Organization) bool {
		return h.account.Selection.Skipped(o) != ""
	})
	for _, o := range rows {
		ids[o.ID] = o.Name
	}
	names := collector.Distinguish(ids)
	h.names = names
	if h.polls == nil {
		for _, c := range h.config.Collectors {
			h.polls = append(h.polls, h.pollsOf(c, rows, names)...)
		}
	}
	for _, p := range h.polls {
		if p.fed {
			snapshot, err := p.found(rows, names)
			h.finish(p, snapshot, err)
		}
	}
	return collector.Snapshot{}, nil
}

// pollsOf are the polls that a collector takes: one where that will do for the account.
func (h *history) pollsOf(c schedule.Collector, rows []runzero.Organization, names map[string]string) []*historyPoll {
	p := &historyPoll{name: c.Name, interval: c.Interval}
	switch {
	case c.Scope == collector.HeadersOnly:
		return nil
	case c.FromDiscovery != nil:
		p.fed, p.found = true, c.FromDiscovery
	case c.AccountWide != nil:
		p.account, p.collect = true, c.AccountWide(h.config.Settings).Collect
	case c.Scope == collector.PerOrganization:
		var each []*historyPoll
		for _, o := range rows {
			of := *p
			of.organization, of.collect = collector.Organization{ID: o.ID, Name: names[o.ID]}, c.New(h.config.Settings).Collect
			each = append(each, &of)
		}
		return each
	default:
		p.collect = c.New(h.config.Settings).Collect
	}
	return []*historyPoll{p}
}

// sites is what the collector sites last found of the sites that the poll speaks of.
func (h *history) sites(p *historyPoll) collector.SiteNames {
	for _, other := range h.polls {
		switch {
		case other.name != "sites" || other.snapshot == nil || other == p:
		case p.account:
			return other.snapshot.Sites
		default:
			return other.snapshot.SitesOf(p.organization.ID)
		}
	}
	return nil
}
