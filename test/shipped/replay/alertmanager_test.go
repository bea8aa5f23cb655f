package replay

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"
)

// alertmanager routes, groups and inhibits alerts as Alertmanager does with the same configuration. Its own packages
// would do, but need five times as many modules as the rest of these tests; test/e2e has the real program.
type alertmanager struct {
	root        *route
	inhibitions []inhibition
	groups      map[groupKey]*alertGroup
	firing      []labels.Labels
}

// route is one of the configuration file. What it does not set is that of the route above it.
type route struct {
	Receiver      string
	GroupBy       []string       `yaml:"group_by"`
	GroupWait     model.Duration `yaml:"group_wait"`
	GroupInterval model.Duration `yaml:"group_interval"`
	Matchers      matchers
	Continue      bool
	Routes        []*route
}

type inhibition struct {
	Source matchers `yaml:"source_matchers"`
	Target matchers `yaml:"target_matchers"`
	Equal  []string
}

type matchers []*amlabels.Matcher

func (m *matchers) UnmarshalYAML(node *yaml.Node) error {
	var texts []string
	if err := node.Decode(&texts); err != nil {
		return err
	}
	for _, text := range texts {
		matcher, err := amlabels.ParseMatcher(text)
		if err != nil {
			return err
		}
		*m = append(*m, matcher)
	}
	return nil
}

func (m matchers) match(alert labels.Labels) bool {
	return !slices.ContainsFunc(m, func(one *amlabels.Matcher) bool { return !one.Matches(alert.Get(one.Name)) })
}

type groupKey struct {
	route  *route
	labels string
}

// alertGroup is the alerts of one receiver that are notified together.
type alertGroup struct {
	route  *route
	labels labels.Labels
	next   time.Time       // when it is looked at next
	last   []labels.Labels // alerts of the last notification that still fire
}

// notification is one message to a receiver about alerts that it did not know to fire. Repetitions and messages that
// alerts are resolved do not count.
type notification struct {
	at       time.Time
	receiver string
	group    labels.Labels
	alerts   []labels.Labels // the new ones
}

// page reports whether it wakes someone.
func (n notification) page() bool { return strings.HasSuffix(n.receiver, "-pager") }

func newAlertmanager(t *testing.T, file string) *alertmanager {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Route        *route
		InhibitRules []inhibition `yaml:"inhibit_rules"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	inherit(config.Route)
	return &alertmanager{root: config.Route, inhibitions: config.InhibitRules, groups: map[groupKey]*alertGroup{}}
}

func inherit(r *route) {
	for _, child := range r.Routes {
		if child.Receiver == "" {
			child.Receiver = r.Receiver
		}
		if child.GroupBy == nil {
			child.GroupBy = r.GroupBy
		}
		if child.GroupWait == 0 {
			child.GroupWait = r.GroupWait
		}
		if child.GroupInterval == 0 {
			child.GroupInterval = r.GroupInterval
		}
		inherit(child)
	}
}

// find returns the routes of an alert: the deepest of the first branch that matches, and those after it while they
// continue.
func (r *route) find(alert labels.Labels) []*route {
	if !r.Matchers.match(alert) {
		return nil
	}
	var found []*route
	for _, child := range r.Routes {
		below := child.find(alert)
		found = append(found, below...)
		if below != nil && !child.Continue {
			break
		}
	}
	if found == nil {
		return []*route{r}
	}
	return found
}

// receive takes the alerts that fire from now until the next evaluation, and returns the notifications of that time.
func (a *alertmanager) receive(now, until time.Time, firing []labels.Labels) []notification {
	a.firing = firing
	members := map[groupKey][]labels.Labels{}
	for _, alert := range firing {
		for _, r := range a.root.find(alert) {
			by := alert.MatchLabels(true, r.GroupBy...)
			key := groupKey{r, by.String()}
			if a.groups[key] == nil {
				a.groups[key] = &alertGroup{route: r, labels: by, next: now.Add(time.Duration(r.GroupWait))}
			}
			members[key] = append(members[key], alert)
		}
	}
	var notifications []notification
	for key, group := range a.groups {
		for group.next.Before(until) {
			if n := a.flush(group, members[key]); len(n.alerts) > 0 {
				notifications = append(notifications, n)
			}
			group.next = group.next.Add(time.Duration(group.route.GroupInterval))
			if len(members[key]) == 0 {
				delete(a.groups, key)
				break
			}
		}
	}
	slices.SortFunc(notifications, func(x, y notification) int {
		return strings.Compare(x.receiver+x.group.String(), y.receiver+y.group.String())
	})
	return notifications
}

// flush returns what a group has to say about its members.
func (a *alertmanager) flush(group *alertGroup, members []labels.Labels) notification {
	n := notification{at: group.next, receiver: group.route.Receiver, group: group.labels}
	var current []labels.Labels
	for _, alert := range members {
		if a.inhibited(alert) {
			continue
		}
		current = append(current, alert)
		if !slices.ContainsFunc(group.last, func(l labels.Labels) bool { return labels.Equal(l, alert) }) {
			n.alerts = append(n.alerts, alert)
		}
	}
	group.last = current
	return n
}

// inhibited reports whether another alert that fires is the cause of this one.
func (a *alertmanager) inhibited(alert labels.Labels) bool {
	return slices.ContainsFunc(a.inhibitions, func(i inhibition) bool {
		if !i.Target.match(alert) {
			return false
		}
		// Alertmanager's rule against alerts that inhibit themselves.
		both := i.Source.match(alert)
		return slices.ContainsFunc(a.firing, func(cause labels.Labels) bool {
			return i.Source.match(cause) && (!both || !i.Target.match(cause)) &&
				!slices.ContainsFunc(i.Equal, func(name string) bool { return cause.Get(name) != alert.Get(name) })
		})
	})
}
