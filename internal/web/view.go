package web

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"
)

// view is what the page's template shows.
type view struct {
	Status

	Style       template.CSS
	Script      template.JS
	Links       []link
	Runbooks    string
	Now         time.Time
	Up          time.Duration
	Tone        string // of the verdict: good, bad or wait
	Replicas    []fact // empty if there are none
	Failing     []*group
	Unsupported []*group
	Accounts    []accountView
	Selected    bool // only some organizations are shown
	None        bool // none of those that are selected is polled
}

type accountView struct {
	Account

	Bar           []segment
	Facts         []fact
	Explained     bool // the verdict has the quota's explanation
	Organizations []organization
}

// segment is a part of the bar of the quota, in calls and in percent of the limit.
type segment struct {
	Class, Name string
	Calls       int64
	From, Width float64
}

// organization is a table of polls. Those of the account and its console are in one without a name.
type organization struct {
	Name    string
	Polls   []row
	Failing int
	Open    bool
	Oldest  *row // the one whose data is oldest, measured by its interval
}

type row struct {
	Poll

	Age, Interval, Duration time.Duration
	Next                    string
	Tone                    string // of the age: fresh, late or old; empty when there is no data
	ratio                   float64
}

// unfolded is how many organizations are shown with all their polls. Of more, those that fail come first, and the others
// are links.
const unfolded = 8

// newView makes the view of everything, or of these organizations alone.
func newView(c Config, now time.Time, selected []string) view {
	s := c.status(now)
	v := view{
		Status: s, Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // our own
		Links: c.links(), Runbooks: runbooks, Now: now.UTC(), Up: now.Sub(s.Started), Tone: "good",
		Replicas: s.Leader.facts(now), Failing: append(s.Leader.failing(s), s.groups(Poll.failing)...), Unsupported: s.groups(func(p Poll) bool { return p.State == "unsupported" }),
	}
	v.Selected = len(selected) > 0
	organizations := 0
	for _, a := range s.Accounts {
		shown := accountView{Account: a, Bar: a.Quota.bar(), Facts: a.facts(now), Explained: strings.Contains(s.Verdict, a.Quota.Explanation), Organizations: organizationsOf(a, now)}
		if v.Selected {
			shown.Organizations = slices.DeleteFunc(shown.Organizations, func(o organization) bool { return !slices.Contains(selected, o.Name) })
		}
		organizations += len(shown.Organizations)
		v.Accounts = append(v.Accounts, shown)
		if a.Quota.stopped || slices.ContainsFunc(a.Polls, func(p Poll) bool { return p.State == "waiting" }) {
			v.Tone = "wait"
		}
	}
	if len(v.Failing) > 0 {
		v.Tone = "bad"
	}
	v.Tone = s.Leader.tone(v.Tone)
	v.None = v.Selected && organizations == 0
	opened := 0
	for _, a := range v.Accounts {
		for i := range a.Organizations {
			o := &a.Organizations[i]
			if o.Open = organizations <= unfolded || o.Name == "" || o.Failing > 0 && opened < unfolded; o.Open {
				opened++
			}
		}
	}
	return v
}

// organizationsOf are the polls of an account by organization, those that fail first.
func organizationsOf(a Account, now time.Time) []organization {
	var all []organization
	at := map[string]int{}
	for _, p := range a.Polls {
		i, known := at[p.OrgName]
		if !known {
			i = len(all)
			at[p.OrgName] = i
			all = append(all, organization{Name: p.OrgName})
		}
		o := &all[i]
		o.Polls = append(o.Polls, newRow(p, now))
		if p.failing() {
			o.Failing++
		}
	}
	for i := range all {
		o := &all[i]
		slices.SortStableFunc(o.Polls, func(x, y row) int { return cmp.Compare(rank(x.Poll), rank(y.Poll)) })
		for k := range o.Polls {
			if r := &o.Polls[k]; r.AgeSeconds != nil && (o.Oldest == nil || r.ratio > o.Oldest.ratio) {
				o.Oldest = r
			}
		}
	}
	slices.SortStableFunc(all, func(x, y organization) int { return cmp.Compare(min(y.Failing, 1), min(x.Failing, 1)) })
	return all
}

// rank orders polls: what needs attention comes first.
func rank(p Poll) int {
	switch {
	case p.failing():
		return 0
	case p.State == "unsupported":
		return 2
	}
	return 1
}

func newRow(p Poll, now time.Time) row {
	r := row{Poll: p, Interval: seconds(p.IntervalSeconds), Duration: seconds(p.DurationSeconds), Next: "not again"}
	if p.AgeSeconds != nil {
		r.Age = seconds(*p.AgeSeconds)
		r.ratio = r.Age.Seconds() / max(p.IntervalSeconds, 1)
		switch {
		case r.ratio > 3: // when alerts fire
			r.Tone = "old"
		case r.ratio > 1.5:
			r.Tone = "late"
		default:
			r.Tone = "fresh"
		}
	}
	switch wait := p.NextPoll.Sub(now); {
	case p.Running:
		r.Next = "running"
	case p.Held:
		r.Next = "waits"
	case p.NextPoll.IsZero():
	case wait < time.Second:
		r.Next = "now"
	default:
		r.Next = "in " + natural(wait)
	}
	return r
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// bar is how the limit is spent; nil when there is none, or when it is not known.
func (q Quota) bar() []segment {
	if q.Limit == nil || *q.Limit <= 0 {
		return nil
	}
	limit := *q.Limit
	own, others := min(q.Spent, limit), int64(0)
	if q.Remaining != nil {
		others = min(max(limit-*q.Remaining-own, 0), limit-own)
	}
	left := limit - own - others
	reserve := min(int64(math.Ceil(q.Reserve*float64(limit)-1e-9)), left)
	var bar []segment
	from := 0.0
	for _, each := range []segment{
		{Class: "own", Name: "this exporter", Calls: own}, {Class: "others", Name: "other tools", Calls: others},
		{Class: "left", Name: "left", Calls: left - reserve}, {Class: "reserve", Name: "reserve", Calls: reserve},
	} {
		each.From, each.Width = from, 100*float64(each.Calls)/float64(limit)
		from += each.Width
		bar = append(bar, each)
	}
	return bar
}

// fact is what is known of an account, under its name.
type fact struct{ Name, Value, Class string }

func (a Account) facts(now time.Time) []fact {
	facts := []fact{{Name: "Console", Value: a.Console}}
	for _, c := range a.Credentials {
		name := "Credential"
		if len(a.Credentials) > 1 {
			name += " " + c.Name
		}
		facts = append(facts, fact{name, strings.TrimPrefix(c.Kind+", "+c.State, ", "), c.State})
	}
	q := a.Quota
	if q.Limit == nil {
		return facts
	}
	sources := map[string]string{"header": "as the console reports", "configured": "set by --quota.limit", "estimated": "estimated from the live assets"}
	facts = append(facts, fact{Name: "Limit", Value: plural(*q.Limit, "call") + " a day, " + sources[q.LimitSource]})
	if q.Remaining == nil {
		facts = append(facts, fact{Name: "Other tools", Value: "their calls are not reported"})
	}
	if q.Reset.After(now) {
		facts = append(facts, fact{Name: "Resets", Value: fmt.Sprintf("in %s, at %s", natural(q.Reset.Sub(now)), q.Reset.Format("15:04 MST"))})
	}
	switch {
	case q.Exhaustion.After(now):
		facts = append(facts, fact{Name: "At the present pace", Value: "no call is left in " + natural(q.Exhaustion.Sub(now)), Class: "late"})
	case !q.Exhaustion.IsZero():
		facts = append(facts, fact{Name: "No call left", Value: "for " + natural(now.Sub(q.Exhaustion)), Class: "old"})
	default:
		facts = append(facts, fact{Name: "At the present pace", Value: "the calls last until the reset"})
	}
	return facts
}

// mark is a run of equal outcomes of polls.
type mark struct {
	Failed bool
	Text   string
}

// marks are the outcomes of the last polls as characters that differ in shape, too.
func marks(outcomes string) []mark {
	var all []mark
	for _, outcome := range outcomes {
		failed, text := outcome == '-', "▪"
		if failed {
			text = "✕"
		}
		if n := len(all); n > 0 && all[n-1].Failed == failed {
			all[n-1].Text += text
			continue
		}
		all = append(all, mark{failed, text})
	}
	return all
}

// Said is what the marks mean, for those who cannot see them.
func (r row) Said() string {
	if r.Outcomes == "" {
		return "no poll yet"
	}
	return fmt.Sprintf("%d of the last %d succeeded", strings.Count(r.Outcomes, "+"), len(r.Outcomes))
}
