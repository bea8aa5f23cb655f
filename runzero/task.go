package runzero

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Task is a run (of a scan, an integration, an import) or, if Recur is set, the schedule of such runs. Targets and
// error texts are not read, because they contain addresses and names of people.
type Task struct {
	ID             string
	OrganizationID string
	SiteID         string // empty: no site
	SiteName       string
	Name           string
	Type           string // scan, sample, import, connector, analysis, …
	Status         string // new, active, processed, error, …; of a schedule: active or paused
	ParentID       string // the schedule of this run; empty: none
	// Failed means that the task has an error text. An active schedule has one if its last run could not start.
	Failed bool
	Hidden Truth

	Recur bool
	// Frequency is the first word of recur_frequency: hourly, daily, weekly, monthly, continuous, once.
	Frequency string
	// Interval is the longest time between two runs by recur_frequency; zero if it says nothing about that.
	Interval  time.Duration
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

// End returns when a finished task ended. The proper times are not documented and missing on old consoles; the
// fallback, updated_at, also changes when somebody edits the task.
func (t *Task) End() time.Time {
	return cmp.Or(t.AcquisitionEnded, t.ProcessingEnded, t.UpdatedAt)
}

// Start returns when a task started.
func (t *Task) Start() time.Time {
	return cmp.Or(t.AcquisitionStarted, t.StartTime, t.CreatedAt)
}

const (
	taskFields = "id,organization_id,site_id,site_name,name,type,status,parent_id,error,hidden,recur,recur_frequency," +
		"start_time,recur_last,recur_next,grace_period,created_at,updated_at,data_acquisition_started_at," +
		"data_acquisition_ended_at,data_processing_started_at,data_processing_ended_at,custom_integration_id,stats"
	taskExport = "/export/org/tasks.jsonl"
	// scanExport is documented by runZero's examples alone, as the list of completed scans.
	scanExport = "/export/org/scans.json"
	// TaskList is the last endpoint that Tasks falls back to.
	TaskList = "/org/tasks"
	// The list has the newest thousand tasks only, and passive samples alone can fill it.
	withoutSamples = "not type:sample"
	// How long a console is assumed to lack an export that it did not have.
	taskExportMissing = 24 * time.Hour
)

// Tasks streams an organization's tasks in one call, and in up to three once a day where a console lacks an export.
// Consoles older than December 2024 have no tasks export. They may have one of completed scans, without schedules and
// integrations. The last fallback is the Organization API's list, which needs more scope than an export token has and
// contains the newest thousand only.
func (c *Client) Tasks(ctx context.Context, organizationID string) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		var absent []int
		for i, source := range []struct {
			endpoint string
			tasks    iter.Seq2[Task, error]
		}{
			{taskExport, organizationRows[Task](ctx, c, taskExport, "tasks", organizationID, taskFields, "")},
			{scanExport, c.completedScans(ctx, organizationID)},
			{TaskList, organizationRows[Task](ctx, c, TaskList, "tasks", organizationID, "", withoutSamples)},
		} {
			fallback := i < len(c.absentTasks) && !readBefore(ctx, source.endpoint)
			if fallback && c.now().Unix() < c.absentTasks[i].Load() {
				continue
			}
			missing, err := relayTasks(source.tasks, fallback, yield)
			if missing {
				absent = append(absent, i)
				continue
			}
			// An unknown organization gives a 404 as well: only a source that exists shows that the console lacks others.
			if err == nil || apiSays(err, http.StatusUnauthorized, http.StatusForbidden) {
				for _, i := range absent {
					c.absentTasks[i].Store(c.now().Add(taskExportMissing).Unix())
				}
			}
			return
		}
	}
}

// relayTasks yields the tasks of a source and its error. That the console lacks the source is not yielded if there is a
// fallback.
func relayTasks(source iter.Seq2[Task, error], fallback bool, yield func(Task, error) bool) (missing bool, err error) {
	rows := false
	for task, err := range source {
		if fallback && !rows && apiSays(err, http.StatusNotFound) {
			return true, nil
		}
		if rows = true; !yield(task, err) || err != nil {
			return false, err
		}
	}
	return false, nil
}

// apiSays reports whether err is a response of the API itself with one of these status codes.
func apiSays(err error, codes ...int) bool {
	response := (*Error)(nil)
	return errors.As(err, &response) && response.API && slices.Contains(codes, response.Status)
}

// completedScans streams the export of completed scans. What its rows contain is not documented: each is a scan that
// succeeded, unless it says otherwise.
func (c *Client) completedScans(ctx context.Context, organizationID string) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		for scan, err := range organizationRows[completedScan](ctx, c, scanExport, "scans", organizationID, "", "") {
			task := scan.Task
			if err == nil {
				task.Type = strings.ToLower(cmp.Or(task.Type, "scan"))
				task.Status = cmp.Or(task.Status, "processed")
			}
			if !yield(task, err) {
				return
			}
		}
	}
}

// completedScan is a row that may lack an id.
type completedScan struct{ Task }

func (s *completedScan) identity() (id, organization string) {
	return cmp.Or(s.ID, s.SiteID, s.SiteName), s.OrganizationID
}

func (t *Task) identity() (id, organization string) { return t.ID, t.OrganizationID }

func (t *Task) fields() fields {
	return fields{
		"id":                          id(&t.ID),
		"organization_id":             reference(&t.OrganizationID),
		"site_id":                     reference(&t.SiteID),
		"site_name":                   text(&t.SiteName),
		"name":                        text(&t.Name),
		"type":                        text(&t.Type),
		"status":                      lowerCase(&t.Status),
		"parent_id":                   reference(&t.ParentID),
		"error":                       func(lex *lexer) { t.Failed = lex.nonEmpty() },
		"hidden":                      truth(&t.Hidden),
		"recur":                       isTrue(&t.Recur),
		"recur_frequency":             func(lex *lexer) { t.Frequency, t.Interval = recurrence(lex.text()) },
		"grace_period":                func(lex *lexer) { t.Grace = hours(lex.count()) },
		"start_time":                  instant(&t.StartTime),
		"recur_last":                  instant(&t.LastRun),
		"recur_next":                  instant(&t.NextRun),
		"created_at":                  instant(&t.CreatedAt),
		"updated_at":                  instant(&t.UpdatedAt),
		"data_acquisition_started_at": instant(&t.AcquisitionStarted),
		"data_acquisition_ended_at":   instant(&t.AcquisitionEnded),
		"data_processing_started_at":  instant(&t.ProcessingStarted),
		"data_processing_ended_at":    instant(&t.ProcessingEnded),
		"custom_integration_id":       reference(&t.CustomIntegrationID),
		"stats":                       object(t.Changes.fields()),
	}
}

func (c *Changes) fields() fields {
	return fields{
		"change.newAssets":       count(&c.New),
		"change.onlineAssets":    count(&c.Online),
		"change.offlineAssets":   count(&c.Offline),
		"change.changedAssets":   count(&c.Changed),
		"change.unchangedAssets": count(&c.Unchanged),
		"change.ignoredAssets":   count(&c.Ignored),
		"change.totalAssets":     count(&c.Total),
	}
}

// recurrence reads forms such as "daily,monday|tuesday;-300".
func recurrence(s string) (frequency string, interval time.Duration) {
	const day = 24 * time.Hour
	s, _, _ = strings.Cut(strings.ToLower(s), ";")
	frequency, days, _ := strings.Cut(s, ",")
	frequency = strings.TrimSpace(frequency)
	switch frequency {
	case "hourly":
		interval = time.Hour + idleDays(days)*day
	case "daily":
		interval = day + idleDays(days)*day
	case "weekly":
		interval = 7 * day
	case "monthly":
		interval = 31 * day
	}
	return frequency, interval
}

// idleDays returns how many days in a row are not in a list of weekdays. No list is all of them.
func idleDays(list string) time.Duration {
	var idle, longest time.Duration
	for d := range 14 { // twice: the longest time may begin in one week and end in the next
		if idle++; strings.Contains(list, strings.ToLower(time.Weekday(d%7).String())) {
			idle = 0
		}
		longest = max(longest, idle)
	}
	return longest % 14
}

// hours converts hours to seconds; more than a year is unknown.
func hours(c Count) Count {
	n, known := c.Get()
	if !known || n > 24*366 {
		return Count{}
	}
	return Known(n * 3600)
}
