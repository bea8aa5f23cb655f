package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// outcome is the meaning of a task's status.
type outcome int

const (
	pending outcome = iota // not started, or not known
	running
	succeeded
	failed
)

// taskStatus returns the label and the meaning of a status. The statuses are those that the
// console shows, the specification names or other clients handle.
func taskStatus(status string) (label string, o outcome) {
	switch status {
	case "new", "queued", "paused":
		return status, pending
	case "active", "scanned", "connecting", "connected", "processing", "stopping":
		return status, running
	case "processed", "completed":
		return status, succeeded
	case "stopped", "canceled", "error", "failed", "removed":
		return status, failed
	case "cancelled":
		return "canceled", failed
	}
	return other, pending
}

const (
	typeScan      = "scan"
	typeConnector = "connector"
	typeImport    = "import"
)

func taskType(t string) string {
	switch t {
	case typeScan, typeConnector, typeImport, "sample", "analysis":
		return t
	}
	return other // runZero adds types over time
}

// collectTasks exports the organization's tasks, and the last scans and integrations.
func collectTasks(ctx context.Context, poll Poll) (Snapshot, error) {
	type run struct{ taskType, status string }
	runs := map[run]int{}
	seen := newSeenSites(poll.Sites)
	scans, schedules, integrations := newScans(poll, seen), newSchedules(seen), newIntegrations(poll)
	for task, err := range poll.API.Tasks(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedTasks(err, poll.API.Kind())
		}
		if task.Recur {
			if err := schedules.add(&task); err != nil {
				return Snapshot{}, err
			}
			integrations.addSchedule(&task)
			continue
		}
		status, outcome := taskStatus(task.Status)
		runs[run{taskType(task.Type), status}]++
		switch task.Type {
		case typeScan:
			if err := scans.add(&task, outcome); err != nil {
				return Snapshot{}, err
			}
		case typeConnector, typeImport:
			integrations.add(&task, outcome)
		}
	}

	org := poll.Organization.Name
	out := newSamples("tasks")
	for run, n := range runs {
		out.gauge("runzero_tasks", float64(n), org, run.taskType, run.status)
	}
	names := poll.siteNames(seen.names)
	scans.samples(out, names)
	schedules.samples(out, org, names)
	integrations.samples(out, org)
	return out.snapshot(names)
}

// siteNames returns the names of the sites that tasks can be exported for. If the sites are known, a site that is not
// among them was deleted, or is so new that the next poll of the sites will find it. If they are not, there is no
// telling which were deleted: the sites of the previous poll are kept, up to maxSites.
func (p Poll) siteNames(seen map[string]string) SiteNames {
	if p.Sites != nil {
		return p.Sites
	}
	all := maps.Clone(seen)
	if p.Previous != nil {
		for _, id := range slices.Sorted(maps.Keys(p.Previous.Sites)) {
			if _, ok := all[id]; !ok && checkSite(all, id) == nil {
				all[id] = baseName(p.Previous.Sites[id], id)
			}
		}
	}
	return nameSites(nil, all)
}

// maxSkew is how far in the future a task may end because of clock skew. Later ends are
// ignored, because they would hide a stale site forever.
const maxSkew = day

// finishedAt returns when a task finished, zero if it has not or if that is not credible.
func finishedAt(task *runzero.Task, o outcome, now time.Time) time.Time {
	end := task.End()
	if o != succeeded && o != failed || end.After(now.Add(maxSkew)) {
		return time.Time{}
	}
	return end
}

// lastRuns are the last successful and the last finished run of something.
type lastRuns struct {
	success, attempt     time.Time // end; zero: none
	successID, attemptID string
	failed               bool // whether the last finished run failed
}

// add adds a run that finished and reports whether it is the last successful one. If runs
// end at the same time, the larger id counts as later, so that the order does not matter.
func (l *lastRuns) add(end time.Time, id string, o outcome) bool {
	if cmp.Or(end.Compare(l.attempt), cmp.Compare(id, l.attemptID)) > 0 {
		l.attempt, l.attemptID, l.failed = end, id, o == failed
	}
	if o == succeeded && cmp.Or(end.Compare(l.success), cmp.Compare(id, l.successID)) > 0 {
		l.success, l.successID = end, id
		return true
	}
	return false
}
