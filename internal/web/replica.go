package web

import "time"

// Leader is the one of several replicas that polls, as this replica knows it.
type Leader struct {
	Name          string    `json:"name,omitempty"`
	Self          bool      `json:"self"`
	Since         time.Time `json:"since,omitzero"`
	StoreUp       bool      `json:"store_up"`
	Synced        time.Time `json:"synced,omitzero"`
	BehindSeconds *float64  `json:"behind_seconds,omitempty"`
	Error         string    `json:"error,omitempty"`
	Advice        string    `json:"advice,omitempty"`
}

// leader is nil if the exporter has no replicas.
func (c Config) leader(now time.Time) *Leader {
	if c.Replica == nil {
		return nil
	}
	r, shares := c.Replica()
	if !shares {
		return nil
	}
	l := &Leader{Name: r.Leader, Self: r.Leads, Since: instant(r.Since), StoreUp: r.StoreUp, Synced: instant(r.Synced), Error: r.Error, Advice: r.Advice}
	behind := max(now.Sub(r.Synced), 0).Round(100 * time.Millisecond).Seconds()
	if r.Leads {
		behind = 0
	}
	if r.Leads || !r.Synced.IsZero() {
		l.BehindSeconds = &behind
	}
	return l
}

// lags is how far a replica may be behind before that is worth a word: it looks for what is new every second.
const lags = 10 * time.Second

// behind is how old what this replica has may be; false if it never had what the leader has.
func (l *Leader) behind() (time.Duration, bool) {
	if l.BehindSeconds == nil {
		return 0, false
	}
	return seconds(*l.BehindSeconds), true
}

// add extends the verdict on the polls, which are the leader's, by what matters of the replicas.
func (l *Leader) add(verdict string) string {
	switch {
	case l == nil || l.Self && l.StoreUp:
		return verdict
	case !l.StoreUp:
		return "The store that replicas share cannot be used: this replica does not poll, and serves the last results that it has."
	case l.Name == "" && l.Synced.IsZero():
		return verdict + " No replica leads yet."
	case l.Name == "":
		return "No replica leads: none polls, and the last results are still served."
	}
	verdict += " This replica follows " + l.Name
	if lag, known := l.behind(); known && lag >= lags {
		verdict += ", " + natural(lag) + " behind"
	}
	return verdict + "."
}

// tone is that of the verdict: as it is without replicas, unless they make it worse.
func (l *Leader) tone(otherwise string) string {
	if l == nil || l.Self || otherwise == "bad" {
		return otherwise
	}
	if lag, known := l.behind(); l.Name == "" || !known || lag >= lags {
		return "wait"
	}
	return otherwise
}

// failing is what fails of the replicas, among what fails of their polls.
func (l *Leader) failing(s Status) []*group {
	if l == nil || l.StoreUp {
		return nil
	}
	away := &group{
		Cause: "--cache.url cannot be used", Error: l.Error, Advice: sentence(l.Advice), Of: "all collectors", Runbook: "runzerostoredown",
	}
	for _, a := range s.Accounts {
		away.Polls += int64(len(a.Polls))
	}
	return []*group{away}
}

func (l *Leader) facts(now time.Time) []fact {
	if l == nil {
		return nil
	}
	leads := fact{Name: "Leader", Value: l.Name}
	switch {
	case l.Name == "" && l.StoreUp:
		leads.Value, leads.Class = "none", "late"
	case l.Name == "":
		leads.Value = "unknown"
	case !l.StoreUp:
		leads.Value += ", when last known"
	default:
		if l.Self {
			leads.Value = "this replica, " + l.Name
		}
		if !l.Since.IsZero() {
			leads.Value += ", for " + natural(now.Sub(l.Since))
		}
	}
	store := fact{"Shared store", "works", "works"}
	if !l.StoreUp {
		store.Value, store.Class = "cannot be used", "rejected"
	}
	if l.Self {
		return []fact{leads, store}
	}
	follows := fact{Name: "This replica", Value: "has no results of the leader yet", Class: "late"}
	if lag, known := l.behind(); known {
		follows.Value, follows.Class = natural(lag)+" behind", "fresh"
		if lag >= lags {
			follows.Class = "late"
		}
	}
	return []fact{leads, follows, store}
}

// unready is why the exporter is not ready.
func (l *Leader) unready() string {
	switch {
	case l == nil || l.Self && l.StoreUp:
		return "some polls have neither succeeded nor failed yet"
	case !l.StoreUp:
		return "the store that replicas share cannot be used"
	case l.Name == "":
		return "no replica leads yet"
	}
	return "it waits for the results of " + l.Name + ", which leads"
}
