package schedule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// enabled are the named collectors, at 15 minutes each.
func enabled(names string) []Collector {
	var all []Collector
	for _, spec := range collector.Specs() {
		if slices.Contains(strings.Fields(names), spec.Name) {
			all = append(all, Collector{Spec: spec, Interval: 15 * time.Minute, IntervalSource: "--collector." + spec.Name + ".interval"})
		}
	}
	return all
}

func organizations(accountWide bool, names ...string) []Organization {
	var all []Organization
	for _, name := range names {
		all = append(all, Organization{Organization: collector.Organization{ID: "id of " + name, Name: name}, AccountWide: accountWide})
	}
	return all
}

func TestPolls(t *testing.T) {
	const names = "usage console license organizations sites tasks"
	mixed := append(organizations(true, "A"), organizations(false, "B")...)
	for _, c := range []struct {
		what    string
		account Account
		want    []string
	}{
		{"nothing is known yet", Account{Kinds: []runzero.Kind{runzero.ExportToken}, Collectors: enabled("console sites")},
			[]string{"discovery", "console"}},
		{"an export token", Account{Kinds: []runzero.Kind{runzero.ExportToken}, Organizations: organizations(false, "A"), Collectors: enabled(names)},
			[]string{"discovery", "console", "license lacks account credential", "organizations of A lacks organization token", "sites of A", "tasks of A"}},
		{"an account credential", Account{Kinds: []runzero.Kind{runzero.AccountCredential}, Organizations: organizations(true, "A", "B"), Collectors: enabled(names)},
			[]string{"discovery", "console", "license", "organizations account-wide from discovery", "sites account-wide", "tasks account-wide", "tasks of A daily", "tasks of B daily"}},
		{"an account-wide form that is refused", Account{Kinds: []runzero.Kind{runzero.AccountCredential}, Organizations: organizations(true, "A"), Collectors: enabled("sites"),
			Refused: func(name string) bool { return name == "sites" }},
			[]string{"discovery", "sites account-wide", "sites of A"}},
		{"an account credential that does not reach all", Account{Kinds: []runzero.Kind{runzero.AccountCredential, runzero.ExportToken}, Organizations: mixed, Collectors: enabled("sites")},
			[]string{"discovery", "sites account-wide", "sites of B"}},
	} {
		var got []string
		for _, p := range Polls(c.account) {
			text := p.Name
			if p.Organization.Name != "" {
				text += " of " + p.Organization.Name
			}
			if p.AccountWide {
				text += " account-wide"
			}
			if p.FromDiscovery {
				text += " from discovery"
			}
			if p.Daily {
				text += " daily"
			}
			if p.Missing != "" {
				text += fmt.Sprintf(" lacks %s", p.Missing)
			}
			got = append(got, text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestLoadsAreThoseOfPollsThatMakeRequests(t *testing.T) {
	account := Account{Kinds: []runzero.Kind{runzero.AccountCredential}, Organizations: organizations(true, "A", "B"), Collectors: enabled("organizations sites tasks directory")}
	loads := Loads(Polls(account)) // discovery, sites, changes of tasks, and two directories of two calls each; two tasks a day
	if got := Demand(loads, day); got != 7*96+2 {
		t.Errorf("%v calls a day, want 674: %v", got, loads)
	}
	export := Account{Kinds: []runzero.Kind{runzero.ExportToken}, Collectors: enabled("license")}
	if got := Demand(Loads(Polls(export)), day); got != 1 { // discovery alone
		t.Errorf("%v calls a day, want 1: a poll that no credential reaches costs none", got)
	}
}

func TestACollectorDerivedFromDiscoverySetsItsInterval(t *testing.T) {
	account := Account{Kinds: []runzero.Kind{runzero.AccountCredential}, Organizations: organizations(true, "A"), Collectors: enabled("organizations")}
	if p := Polls(account)[0]; p.Interval != 15*time.Minute || p.IntervalSource != "--collector.organizations.interval" {
		t.Errorf("discovery every %s by %q", p.Interval, p.IntervalSource)
	}
	account.Collectors = enabled("sites")
	if p := Polls(account)[0]; p.Interval != time.Hour || p.IntervalSource != "" {
		t.Errorf("discovery every %s by %q, want an hour by nothing", p.Interval, p.IntervalSource)
	}
}
