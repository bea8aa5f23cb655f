package collector

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// scanSchedule is a recurring scan.
type scanSchedule struct {
	Site      string // its key
	Name      string
	Status    string
	Frequency string
	Start     time.Time     `json:",omitzero"` // when the first run was due
	LastRun   time.Time     `json:",omitzero"`
	NextRun   time.Time     `json:",omitzero"`
	Grace     runzero.Count // seconds
	Failing   bool          `json:",omitempty"`
	MaxAge    time.Duration `json:",omitempty"` // as maxAge
}

// scanSchedules are those in force, by id.
type scanSchedules map[string]scanSchedule

// add adds a schedule of the site with this key, in place of what it was before. Texts can be long: only label values
// are kept.
func (s scanSchedules) add(site string, task *runzero.Task) error {
	if _, known := s[task.ID]; !known && len(s) >= maxSchedules {
		return errTooMany("recurring scans", maxSchedules)
	}
	status, _ := taskStatus(task.Status)
	s[task.ID] = scanSchedule{
		Site: site, Name: Label(task.Name), Status: status,
		Frequency: documented(task.Frequency, "once", "hourly", "daily", "weekly", "monthly", "continuous"),
		Start:     task.StartTime.UTC(), LastRun: task.LastRun.UTC(), NextRun: task.NextRun.UTC(), Grace: task.Grace, Failing: task.Failed,
		MaxAge: maxAge(task),
	}
	return nil
}

// maxAge returns how old the last successful run of a schedule may become: its longest interval and its grace. It is
// zero if the schedule is paused, and if nothing shows its interval.
func maxAge(task *runzero.Task) time.Duration {
	interval := task.Interval
	if known := !task.LastRun.IsZero() && !task.NextRun.IsZero(); known && task.Frequency != "once" && task.Frequency != "continuous" {
		// Runs begin seconds late. What is longer than a year is a mistake.
		if shown := (task.NextRun.Sub(task.LastRun) + time.Hour - 1).Truncate(time.Hour); shown <= 366*day {
			interval = max(interval, shown)
		}
	}
	if status, _ := taskStatus(task.Status); interval == 0 || status == "paused" {
		return 0
	}
	grace, _ := task.Grace.Get()
	return interval + time.Duration(grace)*time.Second
}

// maxAges returns the longest MaxAge of each site, by its key.
func (s scanSchedules) maxAges() map[string]time.Duration {
	ages := map[string]time.Duration{}
	for _, schedule := range s {
		ages[schedule.Site] = max(ages[schedule.Site], schedule.MaxAge)
	}
	return ages
}

// inForce reports whether a schedule is in force, possibly paused. Removed ones stay in the
// list with a status that says so.
func inForce(task *runzero.Task) bool {
	_, o := taskStatus(task.Status)
	return o != failed && o != succeeded
}

func (s scanSchedules) samples(out *samples, org string, sites SiteNames) {
	bySite := map[string]map[string]string{}
	for id, schedule := range s {
		if bySite[schedule.Site] == nil {
			bySite[schedule.Site] = map[string]string{}
		}
		bySite[schedule.Site][id] = schedule.Name
	}
	for key, names := range bySite {
		site, ok := sites[key]
		if !ok {
			continue
		}
		for id, name := range Distinguish(names) {
			schedule := s[id]
			out.gauge("runzero_scan_schedule_info", 1, org, site, name, Label(id), schedule.Frequency)
			out.timestamp("runzero_scan_schedule_last_run_timestamp_seconds", schedule.LastRun, org, site, name)
			out.timestamp("runzero_scan_schedule_next_run_timestamp_seconds", schedule.nextRun(), org, site, name)
			out.count("runzero_scan_schedule_grace_seconds", schedule.Grace, org, site, name)
			out.boolean("runzero_scan_schedule_paused", schedule.paused(), org, site, name)
			out.boolean("runzero_scan_schedule_failing", schedule.Failing, org, site, name)
		}
	}
}

func (s scanSchedule) paused() bool { return s.Status == "paused" }

// nextRun returns when a schedule is due, zero if it is paused or not known. Until the first
// run the console does not report it: then it is the start of the schedule.
func (s scanSchedule) nextRun() time.Time {
	switch {
	case s.paused():
		return time.Time{}
	case s.NextRun.IsZero() && s.LastRun.IsZero():
		return s.Start
	}
	return s.NextRun
}
