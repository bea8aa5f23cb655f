package collector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// Changes is an account-wide poll for what has changed in organizations that have been polled one by one.
type Changes func(context.Context, Poll, []Followed) (map[string]Changed, error)

// Followed is an organization to follow.
type Followed struct {
	Organization Organization
	Snapshot     *Snapshot // the last one
	Sites        SiteNames // as Poll.Sites
	Current      time.Time // up to when Snapshot shows all changes
}

// Changed is what became of an organization's Snapshot.
type Changed struct {
	Snapshot *Snapshot // the last one if nothing has changed
	Unclear  bool      // something has changed that only a poll of the organization can show
	// Missed is a task that should have been among the changes, and was not: it is deleted, or the console cannot be relied
	// on. Empty: none.
	Missed string
}

// ErrIncomplete means that more has changed than one response can show.
var ErrIncomplete = errors.New("more tasks have changed than the console lists")

const (
	// Searches are for whole hours.
	shortestWindow = time.Hour
	// LongestWindow is how long ago the changes may have been that a poll for them looks for.
	LongestWindow = 48 * time.Hour
	// windowMargin is how much longer than necessary a search looks back, because requests and responses take time.
	windowMargin = 10 * time.Minute
	// windowSkew is how far the console's clock may be behind, or ahead.
	windowSkew = time.Hour
)

// window returns how far a search at now must look back to cover everything since then.
func window(now, since time.Time) time.Duration {
	back := now.Sub(since) + windowMargin
	return max(shortestWindow, (back + time.Hour - 1).Truncate(time.Hour))
}

// collectTaskChanges adds to the tasks of organizations what has changed since.
func collectTaskChanges(ctx context.Context, poll Poll, followed []Followed) (map[string]Changed, error) {
	if followed == nil {
		return nil, nil // nothing was polled yet
	}
	since, newest := poll.Now, time.Time{}
	for _, f := range followed {
		if f.Current.Before(since) {
			since = f.Current
		}
		if f.Snapshot.Tasks.Newest.After(newest) {
			newest = f.Snapshot.Tasks.Newest
		}
	}
	within := window(poll.Now, since)
	// The first search looks back until it must find something: else nothing would show that the console applies it.
	if longer := window(poll.Now, newest.Add(-windowSkew)); poll.Previous == nil && longer <= LongestWindow {
		within = max(within, longer)
	}
	list, err := changedTasks(ctx, poll, within)
	if err == nil && list.oldest.IsZero() && newest.After(poll.Now.Add(-within)) && within < LongestWindow {
		// One should have been found, unless the clocks differ: this looks back so much longer that they do not matter.
		within += windowSkew
		list, err = changedTasks(ctx, poll, within)
	}
	if err != nil {
		return nil, err
	}
	if list.oldest.IsZero() {
		list.oldest = poll.Now.Add(windowSkew - within)
	}
	all := map[string]Changed{}
	for _, f := range followed {
		id := f.Organization.ID
		if _, reached := poll.Organizations[id]; !reached {
			continue
		}
		if missed := f.Snapshot.Tasks.missed(list.tasks[id], list.oldest); missed != "" {
			all[id] = Changed{Snapshot: f.Snapshot, Unclear: true, Missed: missed}
			continue
		}
		if all[id], err = f.add(list.tasks[id], poll); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// changeList is the response to a search for tasks that have changed.
type changeList struct {
	tasks  map[string][]runzero.Task // by organization
	oldest time.Time                 // change in the list, of any organization: none that is later may be missing; zero: there is none
}

func changedTasks(ctx context.Context, poll Poll, within time.Duration) (changeList, error) {
	list := changeList{tasks: map[string][]runzero.Task{}}
	n, unknown := 0, false
	for task, err := range poll.API.ChangedTasks(ctx, within) {
		if err != nil {
			return list, unsupportedSearch(err, poll.API.Kind())
		}
		if n++; n == 1 || task.UpdatedAt.Before(list.oldest) {
			list.oldest = task.UpdatedAt
		}
		switch organization := task.OrganizationID; {
		case organization == "":
			return list, fmt.Errorf("%w: the account's tasks do not name their organization", ErrUnsupported)
		case task.UpdatedAt.Before(poll.Now.Add(-within - windowSkew)):
			return list, fmt.Errorf("%w: the console ignores the search for tasks that have changed", ErrUnsupported)
		case poll.Organizations[organization] != "":
			task.Name, task.SiteName = shorten(task.Name, maxCodedValue), shorten(task.SiteName, maxCodedValue)
			list.tasks[organization] = append(list.tasks[organization], task)
		case !poll.Others[organization]:
			unknown = true
		}
		if n == runzero.ChangedTasksLimit {
			return list, fmt.Errorf("%w: its list of changed tasks is full", ErrIncomplete)
		}
	}
	switch {
	case len(list.tasks) == 0 && unknown && errors.Is(poll.LastError, runzero.ErrWrongOrganization):
		return list, fmt.Errorf("%w: the console returns tasks that have changed in other organizations alone", ErrUnsupported)
	case len(list.tasks) == 0 && unknown:
		return list, fmt.Errorf("the account's changed tasks: each %w", runzero.ErrWrongOrganization)
	}
	return list, nil
}

// missed returns a run that is not among the tasks that changed after an instant although it did; empty if there is none.
func (t *Tasks) missed(tasks []runzero.Task, after time.Time) string {
	listed := map[string]bool{}
	for i := range tasks {
		listed[tasks[i].ID] = true
	}
	for id, r := range t.Runs {
		if r.Updated.After(after) && !listed[id] {
			return id
		}
	}
	return ""
}

// unsupportedSearch is unsupported for a search, which the API may also refuse as such.
func unsupportedSearch(err error, kind runzero.Kind) error {
	if response := (*runzero.Error)(nil); errors.As(err, &response) && response.API && response.Status == http.StatusBadRequest {
		return fmt.Errorf("%w: the console refuses the search for tasks that have changed: %w", ErrUnsupported, err)
	}
	return unsupported(err, kind, "the account's tasks", needsAccount)
}

// add adds tasks that have changed to what is known of the organization.
func (f Followed) add(tasks []runzero.Task, poll Poll) (Changed, error) {
	different := f.Sites != nil && !maps.Equal(f.Sites, f.Snapshot.Sites)
	if len(tasks) == 0 && !different {
		return Changed{Snapshot: f.Snapshot}, nil
	}
	t := f.Snapshot.Tasks.clone(f.Sites)
	for i := range tasks {
		changed, err := t.change(&tasks[i], poll.Now)
		if err != nil { // its own poll says what is wrong, if anything is
			return Changed{Snapshot: f.Snapshot, Unclear: true}, nil //nolint:nilerr // of one organization, and not of this poll
		}
		different = different || changed
	}
	if !different {
		return Changed{Snapshot: f.Snapshot}, nil
	}
	t.findRunning()
	poll.Organization, poll.Sites, poll.Previous = f.Organization, f.Sites, f.Snapshot
	s, err := t.snapshot(poll)
	s.Missing, s.Listed = f.Snapshot.Missing, f.Snapshot.Listed
	return Changed{Snapshot: &s}, err
}

// overlooked reports whether the changes should have shown a task that is in an export, and did not.
func (p Poll) overlooked(task *runzero.Task) bool {
	switch {
	case p.Previous == nil || p.Previous.Tasks == nil || task.Recur || task.Type == typeSample || task.Hidden == runzero.True:
		return false
	case p.Missed != "" && task.ID == p.Missed:
		return true
	case p.Current.IsZero():
		return false
	}
	_, known := p.Previous.Tasks.Runs[task.ID]
	return !known && task.UpdatedAt.After(p.Previous.Tasks.Since) && task.UpdatedAt.Before(p.Current.Add(-windowSkew))
}
