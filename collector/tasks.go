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
	typeAnalysis  = "analysis"
	typeSample    = "sample"
)

func taskType(t string) string {
	switch t {
	case typeScan, typeConnector, typeImport, typeAnalysis:
		return t
	}
	return other // runZero adds types over time
}

// collectTasks exports the organization's tasks, and the last scans and integrations.
func collectTasks(ctx context.Context, poll Poll) (Snapshot, error) {
	t, overlooked := newTasks(poll.Sites), false
	for task, err := range poll.API.Tasks(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedTasks(err, poll.API.Kind())
		}
		if err := t.add(&task, poll.Now); err != nil {
			return Snapshot{}, err
		}
		overlooked = overlooked || poll.overlooked(&task)
	}
	t.forgetSettled()
	if poll.Previous != nil {
		t.restore(poll)
	}
	s, err := t.snapshot(poll)
	s.Overlooked = overlooked
	return s, err
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

// changesAssets reports whether the end of a task of this type can change assets.
func changesAssets(taskType string) bool {
	return slices.Contains([]string{typeScan, typeConnector, typeImport, typeAnalysis}, taskType)
}

// processedAt returns when a finished task was done with everything, zero if it is not or if that is not credible.
// Until then the assets do not show what it has found.
func processedAt(task *runzero.Task, o outcome, now time.Time) time.Time {
	end := cmp.Or(task.ProcessingEnded, task.UpdatedAt, task.AcquisitionEnded)
	if o != succeeded && o != failed || end.After(now.Add(maxSkew)) {
		return time.Time{}
	}
	return end
}

// lastRuns are the last successful and the last finished run of something.
type lastRuns struct {
	Success   time.Time `json:",omitzero"` // its end; zero: none
	Attempt   time.Time `json:",omitzero"`
	SuccessID string    `json:",omitempty"`
	AttemptID string    `json:",omitempty"`
	Failed    bool      `json:",omitempty"` // whether the last finished run failed
}

// add adds a run that finished and reports whether it is the last successful one. If runs
// end at the same time, the larger id counts as later, so that the order does not matter.
func (l *lastRuns) add(end time.Time, id string, o outcome) bool {
	if compareRuns(end, id, l.Attempt, l.AttemptID) > 0 {
		l.Attempt, l.AttemptID, l.Failed = end, id, o == failed
	}
	if o == succeeded && compareRuns(end, id, l.Success, l.SuccessID) > 0 {
		l.Success, l.SuccessID = end, id
		return true
	}
	return false
}

func compareRuns(end time.Time, id string, otherEnd time.Time, otherID string) int {
	return cmp.Or(end.Compare(otherEnd), cmp.Compare(id, otherID))
}
