package runzero

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"
)

// Task is a run of something (a scan, an integration's sync, an import) or, where
// Recur is set, the schedule of such runs. What a task scanned and what went wrong is
// dropped while reading: targets and error texts hold addresses and names of people.
type Task struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: no site
	SiteName       string
	Name           string
	Type           string // scan, sample, import, connector, analysis, …
	Status         string // new, active, processed, error, …; of a schedule: active or paused
	ParentID       string // the schedule this is a run of; empty: none
	// Failed tells whether the task has an error text. A schedule that is active can
	// have one: it could not start its last run.
	Failed bool
	Hidden Truth

	Recur bool
	// Frequency is the first word of recur_frequency: hourly, daily, weekly, monthly,
	// continuous, once.
	Frequency string
	StartTime time.Time // of a schedule: when it was to run first
	LastRun   time.Time // of a schedule
	NextRun   time.Time // of a schedule; zero when it never ran
	// Grace is how late a scheduled run may start.
	Grace Count // seconds

	CreatedAt           time.Time
	UpdatedAt           time.Time
	AcquisitionStarted  time.Time
	AcquisitionEnded    time.Time
	ProcessingStarted   time.Time
	ProcessingEnded     time.Time
	CustomIntegrationID string

	Changes Changes
}

// Changes is what a scan found, by what became of each asset.
type Changes struct {
	New, Online, Offline, Changed, Unchanged, Ignored, Total Count
}

// End is when a finished task ended. The instants that say so are not documented
// and missing on old consoles; updated_at, the last resort, also moves when somebody
// edits the task.
func (t *Task) End() time.Time {
	return firstInstant(t.AcquisitionEnded, t.ProcessingEnded, t.UpdatedAt)
}

// Start is when a task began.
func (t *Task) Start() time.Time {
	return firstInstant(t.AcquisitionStarted, t.StartTime, t.CreatedAt)
}

func firstInstant(instants ...time.Time) time.Time {
	for _, instant := range instants {
		if !instant.IsZero() {
			return instant
		}
	}
	return time.Time{}
}

const (
	taskFields = "id,organization_id,site_id,site_name,name,type,status,parent_id,error,hidden,recur,recur_frequency," +
		"start_time,recur_last,recur_next,grace_period,created_at,updated_at,data_acquisition_started_at," +
		"data_acquisition_ended_at,data_processing_started_at,data_processing_ended_at,custom_integration_id,stats"
	taskExport = "/export/org/tasks.jsonl"
	// TaskList is the endpoint that Tasks falls back to.
	TaskList = "/org/tasks"
	// The list holds the newest thousand tasks and no more, and passive samples alone
	// can fill it.
	taskListSearch = "not type:sample"
	// How long a console is taken to have no tasks export.
	taskExportMissing = 24 * time.Hour
)

// Tasks streams an organization's tasks in one call. Consoles older than December
// 2024 have no tasks export; there the Organization API's list is asked, which an
// export token cannot reach and which holds the newest thousand only.
func (c *Client) Tasks(ctx context.Context, organizationID string) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		known := time.Now().Unix() < c.noTaskExport.Load()
		if !known {
			missing, some := false, false
			for task, err := range organizationRows[Task](ctx, c, taskExport, "tasks", organizationID, taskFields, "") {
				if missing = !some && answered(err, http.StatusNotFound); missing {
					break
				}
				if some = true; !yield(task, err) {
					return
				}
			}
			if !missing {
				return
			}
		}
		learned := true
		for task, err := range organizationRows[Task](ctx, c, TaskList, "tasks", organizationID, "", taskListSearch) {
			// An organization that is not there has no export either: only a list that is
			// there says that it is the console which has none.
			learned = err == nil || answered(err, http.StatusUnauthorized, http.StatusForbidden)
			if !yield(task, err) {
				break
			}
		}
		if learned && !known {
			c.noTaskExport.Store(time.Now().Add(taskExportMissing).Unix())
		}
	}
}

func (t *Task) reset() { *t = Task{} }

func (t *Task) identity() (id, organization string) { return t.ID, t.OrganizationID }

func (t *Task) set(s *scanner, name []byte) {
	switch string(name) {
	case "id":
		t.ID = s.id()
	case "organization_id":
		t.OrganizationID = s.reference()
	case "site_id":
		t.SiteID = s.reference()
	case "site_name":
		t.SiteName = s.text()
	case "name":
		t.Name = s.text()
	case "type":
		t.Type = s.text()
	case "status":
		t.Status = strings.ToLower(s.text())
	case "parent_id":
		t.ParentID = s.reference()
	case "error":
		t.Failed = s.filled()
	case "hidden":
		t.Hidden = s.boolean()
	case "recur":
		t.Recur = s.boolean() == True
	case "recur_frequency":
		t.Frequency = frequency(s.text())
	case "grace_period":
		t.Grace = hours(s.count())
	case "custom_integration_id":
		t.CustomIntegrationID = s.reference()
	case "stats":
		s.members(func(name []byte) { t.Changes.set(s, name) })
	default:
		if instant := t.instant(name); instant != nil {
			*instant = s.time()
		}
	}
}

func (t *Task) instant(name []byte) *time.Time {
	switch string(name) {
	case "start_time":
		return &t.StartTime
	case "recur_last":
		return &t.LastRun
	case "recur_next":
		return &t.NextRun
	case "created_at":
		return &t.CreatedAt
	case "updated_at":
		return &t.UpdatedAt
	case "data_acquisition_started_at":
		return &t.AcquisitionStarted
	case "data_acquisition_ended_at":
		return &t.AcquisitionEnded
	case "data_processing_started_at":
		return &t.ProcessingStarted
	case "data_processing_ended_at":
		return &t.ProcessingEnded
	}
	return nil
}

func (c *Changes) set(s *scanner, name []byte) {
	switch string(name) {
	case "change.newAssets":
		c.New = s.count()
	case "change.onlineAssets":
		c.Online = s.count()
	case "change.offlineAssets":
		c.Offline = s.count()
	case "change.changedAssets":
		c.Changed = s.count()
	case "change.unchangedAssets":
		c.Unchanged = s.count()
	case "change.ignoredAssets":
		c.Ignored = s.count()
	case "change.totalAssets":
		c.Total = s.count()
	}
}

// frequency takes the word from forms such as
// "daily,monday|tuesday;-300".
func frequency(s string) string {
	if i := strings.IndexAny(s, ",;"); i >= 0 {
		s = s[:i]
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// hours turns a count of hours into seconds; an absurd one is unknown.
func hours(c Count) Count {
	n, known := c.Get()
	if !known || n > 24*366 {
		return Count{}
	}
	return Known(n * 3600)
}
