package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

const statusPath = "/api/v1/status"

// Status is what statusPath serves and the page shows. docs/status-api.yml describes each field for users. What is
// not known is absent.
type Status struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	Ready    bool      `json:"ready"`
	Demo     bool      `json:"demo"`
	Verdict  string    `json:"verdict"`
	Leader   *Leader   `json:"leader,omitempty"`
	Accounts []Account `json:"accounts"`
}

// Account is an account of the configuration.
type Account struct {
	Name        string       `json:"name,omitempty"`
	Console     string       `json:"console"`
	Quota       Quota        `json:"quota"`
	Credentials []Credential `json:"credentials"`
	Polls       []Poll       `json:"polls"`
}

// Quota is the state of an account's API calls of the day.
type Quota struct {
	Limit       *int64    `json:"limit,omitempty"`
	LimitSource string    `json:"limit_source,omitempty"`
	Remaining   *int64    `json:"remaining,omitempty"`
	Spent       int64     `json:"spent"`
	Share       float64   `json:"share"`
	Reserve     float64   `json:"reserve"`
	Reset       time.Time `json:"reset,omitzero"`
	Exhaustion  time.Time `json:"exhaustion,omitzero"`
	Paused      []string  `json:"paused"`
	Explanation string    `json:"explanation"`

	stopped bool // no poll may start
}

// Credential is a token or OAuth2 client of an account.
type Credential struct {
	Name   string `json:"name"`
	Kind   string `json:"kind,omitempty"`
	State  string `json:"state"`
	Advice string `json:"advice,omitempty"`
}

// Poll is one collector, for an organization or for the account or its console as a whole.
type Poll struct {
	Collector       string    `json:"collector"`
	OrgName         string    `json:"org_name,omitempty"`
	State           string    `json:"state"`
	Running         bool      `json:"running"`
	Held            bool      `json:"held"`
	LastSuccess     time.Time `json:"last_success,omitzero"`
	AgeSeconds      *float64  `json:"age_seconds,omitempty"`
	NextPoll        time.Time `json:"next_poll,omitzero"`
	IntervalSeconds float64   `json:"interval_seconds"`
	DurationSeconds float64   `json:"duration_seconds"`
	Failures        int       `json:"failures"`
	Outcomes        string    `json:"outcomes"`
	Cause           string    `json:"cause,omitempty"`
	Error           string    `json:"error,omitempty"`
	Advice          string    `json:"advice,omitempty"`
	Series          int       `json:"series"`

	runbook string // its section about the cause
}

// status is the state of everything at now.
func (c Config) status(now time.Time) Status {
	s := Status{Version: c.Version, Started: c.Started.UTC().Truncate(time.Second), Ready: c.Ready(), Demo: c.Demo, Leader: c.leader(now), Accounts: []Account{}}
	for _, a := range c.Status() {
		account := Account{Name: a.Name, Console: a.Console, Quota: newQuota(a), Credentials: []Credential{}, Polls: []Poll{}}
		for _, each := range a.Credentials {
			account.Credentials = append(account.Credentials, Credential{each.Name, string(each.Kind), each.State, each.Advice})
		}
		for _, p := range a.Polls {
			account.Polls = append(account.Polls, newPoll(p, a, now))
		}
		s.Accounts = append(s.Accounts, account)
	}
	s.Verdict = s.Leader.add(s.verdict())
	return s
}

func newQuota(a poller.AccountStatus) Quota {
	s := a.Quota
	q := Quota{
		LimitSource: s.LimitSource, Spent: s.Spent, Share: s.Share.Share, Reserve: s.Share.Reserve, Reset: instant(s.Reset), Exhaustion: instant(s.Exhaustion),
		Paused: []string{}, Explanation: sentence(s.Explain()),
	}
	if s.LimitSource != "" {
		q.Limit = &s.Limit
	}
	if remaining, known := s.Remaining.Get(); known {
		q.Remaining = &remaining
	}
	for reason, paused := range s.Paused {
		if paused {
			q.Paused = append(q.Paused, reason)
		}
	}
	slices.Sort(q.Paused)
	q.stopped = s.Reason() != ""
	return q
}

func newPoll(p *poller.Status, a poller.AccountStatus, now time.Time) Poll {
	made := Poll{
		Collector: p.Collector, OrgName: p.Organization, State: p.State, Running: p.Running, Held: p.Held, LastSuccess: instant(p.LastSuccess),
		NextPoll: instant(p.Next), IntervalSeconds: p.Interval.Seconds(), DurationSeconds: p.Duration.Seconds(), Failures: p.Failures,
		Outcomes: p.Outcomes, Error: p.Error, Advice: p.Advice, Series: p.Series,
	}
	if !p.LastSuccess.IsZero() {
		age := max(now.Sub(p.LastSuccess), 0).Round(time.Second).Seconds()
		made.AgeSeconds = &age
	}
	if p.Error != "" || p.State == poller.StateWithdrawn {
		made.Cause, made.runbook = cause(p, a)
	}
	return made
}

// cause says in a few words why a poll fails, in the same words for all that fail for the same cause, and names the
// section of the runbooks about it.
func cause(p *poller.Status, a poller.AccountStatus) (text, runbook string) {
	credential := "the token"
	if len(a.Credentials) > 1 {
		credential = fmt.Sprintf("the credential %q", p.Credential)
	}
	switch p.Cause {
	case runzero.Unreachable:
		return "the console cannot be reached", "runzeroconsoleunreachable"
	case runzero.Unavailable:
		return "the console does not answer as it should", "runzeroconsoleunreachable"
	case runzero.Unreadable:
		return "the file of " + credential + " cannot be read", "runzeroauthenticationfailing"
	case runzero.Rejected:
		return "the console refuses " + credential, "runzeroauthenticationfailing"
	case runzero.TooMany:
		return "the console accepts no more requests for now", "runzeropollingpaused"
	}
	if p.Error == "" {
		return "the data is older than --cache.max-age", "runzerodatastale"
	}
	return p.Error, "runzerocollectorfailing"
}

// instant is a time as JSON and the page show it.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Second)
}

// sentence makes a sentence of a text that begins with a small letter and has no full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func (c Config) serveStatus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(c.status(time.Now())) // it holds nothing that cannot be encoded, and a client that is gone is no error
}
