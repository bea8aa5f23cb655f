package collector

import (
	"context"
	"maps"
	"slices"
)

// outcome is what a task's status says of it.
type outcome int

const (
	waiting outcome = iota // not begun, or not known
	going
	succeeded
	failed
)

// taskStatus reads a status: its label and what it means. The list is the union of
// what the console shows, the specification names and its clients handle.
func taskStatus(status string) (label string, o outcome) {
	switch status {
	case "new", "queued", "paused":
		return status, waiting
	case "active", "scanned", "connecting", "connected", "processing", "stopping":
		return status, going
	case "processed", "completed":
		return status, succeeded
	case "stopped", "canceled", "error", "failed", "removed":
		return status, failed
	case "cancelled":
		return "canceled", failed
	}
	return other, waiting
}

// What a task is; runZero adds types as it grows.
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
	return other
}

type tasks struct {
	settings Settings
}

func newTasks(s Settings) Collector { return tasks{settings: s} }

// Collect exports the organization's runs, and of scans and integrations the last.
func (t tasks) Collect(ctx context.Context, poll Poll) (Snapshot, error) {
	type run struct{ taskType, status string }
	runs := map[run]int{}
	scans := newScans(poll)
	var schedules schedules
	integrations := newIntegrations(poll)
	for task, err := range poll.API.Tasks(ctx, poll.Organization.ID) {
		if err != nil {
			return Snapshot{}, unsupportedTasks(err)
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
	out := &samples{descs: Descs("tasks")}
	for run, n := range runs {
		out.gauge("runzero_tasks", float64(n), org, run.taskType, run.status)
	}
	names, err := poll.siteNames(scans.seen, schedules.seen)
	if err != nil {
		return Snapshot{}, err
	}
	scans.samples(out, names, t.settings)
	schedules.samples(out, org, names)
	integrations.samples(out, org)
	families, err := out.families()
	return Snapshot{Families: families, Sites: names}, err
}

// siteNames names the sites that records spoke of. Where the sites are known, a site
// that is not among them is gone, or so new that the next round will know it. Where
// they are not, nobody tells that one is gone: those of the last poll stay as long as
// there is room.
func (p Poll) siteNames(seen ...map[string]string) (SiteNames, error) {
	if p.Sites != nil {
		return p.Sites, nil
	}
	all := map[string]string{}
	for _, more := range seen {
		for id, name := range more {
			if err := see(all, id, name); err != nil {
				return nil, err
			}
		}
	}
	if p.Previous != nil {
		for _, id := range slices.Sorted(maps.Keys(p.Previous.Sites)) {
			if _, ok := all[id]; !ok && roomForSite(all, id) == nil {
				all[id] = undistinguished(p.Previous.Sites[id], id)
			}
		}
	}
	return nameSites(nil, all), nil
}
