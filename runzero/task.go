package runzero

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"
)

// Task is a run (of a scan, an integration, an import) or, if Recur is set, the schedule of
// such runs. Targets and error texts are not read, because they contain addresses and
// names of people.
type Task struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: no site
	SiteName       string
	Name           string
	Type           string // scan, sample, import, connector, analysis, …
	Status         string // new, active, processed, error, …; of a schedule: active or paused
	ParentID       string // the schedule of this run; empty: none
	// Failed means that the task has an error text. An active schedule has one if its last
	// run could not start.
	Failed bool
	Hidden Truth

	Recur bool
	// Frequency is the first word of recur_frequency: hourly, daily, weekly, monthly,
	// continuous, once.
	Frequency string
	StartTime time.Time // of a schedule: when its first run was due
	LastRun   time.Time // of a schedule
	NextRun   time.Time // of a schedule; zero if it never ran
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

// Changes counts the assets of a scan by what changed.
type Changes struct {
	New, Online, Offline, Changed, Unchanged, Ignored, Total Count
}

// End returns when a finished task ended. The proper times are not documented and missing
// on old consoles; the fallback, updated_at, also changes when somebody edits the task.
func (t *Task) End() time.Time {
	return firstSet(t.AcquisitionEnded, t.ProcessingEnded, t.UpdatedAt)
}

// Start returns when a task started.
func (t *Task) Start() time.Time {
	return firstSet(t.AcquisitionStarted, t.StartTime, t.CreatedAt)
}

func firstSet(instants ...time.Time) time.Time {
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
	// The list has the newest thousand tasks only, and passive samples alone can fill it.
	taskListSearch = "not type:sample"
	// How long a console is assumed to have no tasks export.
	taskExportMissing = 24 * time.Hour
)

// Tasks streams an organization's tasks in one call. Consoles older than December 2024 have
// no tasks export; the fallback is the Organization API's list, which needs more scope than
// an export token has and contains the newest thousand only.
func (c *Client) Tasks(ctx context.Context, organizationID string) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		known := c.now().Unix() < c.noTaskExport.Load()
		if !known {
			missing, some := false, false
			for task, err := range organizationRows[Task](ctx, c, taskExport, "tasks", organizationID, taskFields, "") {
				if missing = !some && hasStatus(err, http.StatusNotFound); missing {
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
		noExport := true
		for task, err := range organizationRows[Task](ctx, c, TaskList, "tasks", organizationID, "", taskListSearch) {
			// An unknown organization gives a 404 as well: only if the list exists is it the
			// console that has no export.
			noExport = err == nil || hasStatus(err, http.StatusUnauthorized, http.StatusForbidden)
			if !yield(task, err) {
				break
			}
		}
		if noExport && !known {
			c.noTaskExport.Store(c.now().Add(taskExportMissing).Unix())
		}
	}
}

func (t *Task) reset() { *t = Task{} }

func (t *Task) identity() (id, organization string) { return t.ID, t.OrganizationID }

func (t *Task) set(lex *lexer, name []byte) {
	switch string(name) {
	case "id":
		t.ID = lex.id()
	case "organization_id":
		t.OrganizationID = lex.reference()
	case "site_id":
		t.SiteID = lex.reference()
	case "site_name":
		t.SiteName = lex.text()
	case "name":
		t.Name = lex.text()
	case "type":
		t.Type = lex.text()
	case "status":
		t.Status = strings.ToLower(lex.text())
	case "parent_id":
		t.ParentID = lex.reference()
	case "error":
		t.Failed = lex.nonEmpty()
	case "hidden":
		t.Hidden = lex.boolean()
	case "recur":
		t.Recur = lex.boolean() == True
	case "recur_frequency":
		t.Frequency = frequency(lex.text())
	case "grace_period":
		t.Grace = hours(lex.count())
	case "custom_integration_id":
		t.CustomIntegrationID = lex.reference()
	case "stats":
		lex.members(func(name []byte) { t.Changes.set(lex, name) })
	default:
		if instant := t.instant(name); instant != nil {
			*instant = lex.time()
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

func (c *Changes) set(lex *lexer, name []byte) {
	switch string(name) {
	case "change.newAssets":
		c.New = lex.count()
	case "change.onlineAssets":
		c.Online = lex.count()
	case "change.offlineAssets":
		c.Offline = lex.count()
	case "change.changedAssets":
		c.Changed = lex.count()
	case "change.unchangedAssets":
		c.Unchanged = lex.count()
	case "change.ignoredAssets":
		c.Ignored = lex.count()
	case "change.totalAssets":
		c.Total = lex.count()
	}
}

// frequency returns the first word of forms such as "daily,monday|tuesday;-300".
func frequency(s string) string {
	if i := strings.IndexAny(s, ",;"); i >= 0 {
		s = s[:i]
	}
	return strings.ToLower(strings.TrimSpace(s))
}

// hours converts hours to seconds; more than a year is unknown.
func hours(c Count) Count {
	n, known := c.Get()
	if !known || n > 24*366 {
		return Count{}
	}
	return Known(n * 3600)
}
