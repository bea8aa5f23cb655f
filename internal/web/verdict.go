package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// group is what fails for one cause, or is unsupported for one reason.
type group struct {
	Account string
	Cause   string
	Error   string // of one of the polls; empty when Cause is it
	Advice  string
	Runbook string // the section of the runbooks about it
	Polls   int64
	Of      string // which collectors, and of how many organizations

	collectors, organizations map[string]bool
}

func (p Poll) failing() bool { return p.State == "failing" || p.State == "withdrawn" }

// groups are the polls that are wanted, by cause, what concerns most polls first.
func (s Status) groups(wanted func(Poll) bool) []*group {
	var all []*group
	for _, a := range s.Accounts {
		for _, p := range a.Polls {
			if !wanted(p) {
				continue
			}
			i := slices.IndexFunc(all, func(g *group) bool { return g.Account == a.Name && g.Cause == p.Cause })
			if i < 0 {
				i = len(all)
				all = append(all, &group{Account: a.Name, Cause: p.Cause, Runbook: p.runbook, collectors: map[string]bool{}, organizations: map[string]bool{}})
			}
			g := all[i]
			g.Polls++
			g.collectors[p.Collector] = true
			g.organizations[p.OrgName] = true
			if g.Error == "" && p.Error != p.Cause {
				g.Error = p.Error
			}
			g.Advice = cmp.Or(g.Advice, sentence(strings.TrimPrefix(p.Advice, p.Cause+": ")))
		}
	}
	for _, g := range all {
		g.Of = g.of()
	}
	slices.SortStableFunc(all, func(x, y *group) int { return cmp.Compare(y.Polls, x.Polls) })
	return all
}

func (g *group) of() string {
	collectors := list(slices.Sorted(maps.Keys(g.collectors)))
	names := slices.Sorted(maps.Keys(g.organizations)) // "" is the account and its console
	switch {
	case len(names) > 2 || len(names) == 2 && names[0] != "":
		return fmt.Sprintf("%s of %s", collectors, plural(int64(len(names)), "organization"))
	case len(names) == 1 && names[0] != "":
		return collectors + " of " + names[0]
	}
	return collectors
}

// verdict is the state of all polls in one sentence.
func (s Status) verdict() string {
	var polls, failing, held, waiting, unsupported int64
	paused := ""
	for _, a := range s.Accounts {
		if a.Quota.stopped && paused == "" {
			paused = "Polling is paused, and the last results are still served. " + a.Quota.Explanation
		}
		for _, p := range a.Polls {
			if p.Held {
				held++
			}
			switch polls++; {
			case p.failing():
				failing++
			case p.State == "waiting":
				waiting++
			case p.State == "unsupported":
				unsupported++
			}
		}
	}
	polls -= unsupported
	switch {
	case failing > 0:
		causes := s.groups(Poll.failing)
		text := fmt.Sprintf("%s of %s %s: %s", count(failing), plural(polls, "poll"), verb(failing, "fails", "fail"), causes[0].Cause)
		if more := int64(len(causes)) - 1; more > 0 {
			text += fmt.Sprintf(", and for %s more", plural(more, "reason"))
		}
		if held > 0 {
			text += fmt.Sprintf("; %s more %s for the end of that", count(held), verb(held, "waits", "wait"))
		}
		return text + "."
	case paused != "":
		return paused
	case waiting == polls:
		return "Starting: no poll has a result yet."
	case waiting > 0:
		return fmt.Sprintf("%s of %s %s no result yet.", count(waiting), plural(polls, "poll"), verb(waiting, "has", "have"))
	case polls == 1:
		return "The only poll succeeds."
	}
	return fmt.Sprintf("All %s succeed.", plural(polls, "poll"))
}

func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
