package collector

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// schedules are the recurring scans.
type schedules struct {
	scans []runzero.Task
	seen  map[string]string // sites' names in the records, by id
}

func newSchedules() *schedules { return &schedules{seen: map[string]string{}} }

func (s *schedules) add(task *runzero.Task) error {
	if task.Type != typeScan || !inForce(task) {
		return nil
	}
	if len(s.scans) >= maxSchedules {
		return errTooMany("recurring scans", maxSchedules)
	}
	if _, err := noteSite(s.seen, task.SiteID, task.SiteName); err != nil {
		return err
	}
	scan := *task
	// Texts can be long: keep only label values.
	scan.Name, scan.SiteName = Label(task.Name), ""
	scan.Status, _ = taskStatus(task.Status)
	scan.Frequency = documented(task.Frequency, "once", "hourly", "daily", "weekly", "monthly", "continuous")
	s.scans = append(s.scans, scan)
	return nil
}

// inForce reports whether a schedule is in force, possibly paused. Removed ones stay in the
// list with a status that says so.
func inForce(task *runzero.Task) bool {
	_, o := taskStatus(task.Status)
	return o != failed && o != succeeded
}

func (s *schedules) samples(out *samples, org string, sites SiteNames) {
	names := s.names()
	exported := map[string]bool{}
	for i := range s.scans {
		task := &s.scans[i]
		site, ok := sites[siteKey(task.SiteID)]
		if !ok || exported[task.ID] {
			continue
		}
		exported[task.ID] = true
		name := names[siteKey(task.SiteID)][task.ID]
		out.gauge("runzero_scan_schedule_info", 1, org, site, name, Label(task.ID), task.Frequency)
		out.timestamp("runzero_scan_schedule_last_run_timestamp_seconds", task.LastRun, org, site, name)
		out.timestamp("runzero_scan_schedule_next_run_timestamp_seconds", nextRun(task), org, site, name)
		out.count("runzero_scan_schedule_grace_seconds", task.Grace, org, site, name)
		out.boolean("runzero_scan_schedule_paused", task.Status == "paused", org, site, name)
		out.boolean("runzero_scan_schedule_failing", task.Failed, org, site, name)
	}
}

// names returns the labels of the schedules by site and id. They are unique within a site.
func (s *schedules) names() map[string]map[string]string {
	bySite := map[string]map[string]string{}
	for _, task := range s.scans {
		key := siteKey(task.SiteID)
		if bySite[key] == nil {
			bySite[key] = map[string]string{}
		}
		bySite[key][task.ID] = task.Name
	}
	for key, names := range bySite {
		bySite[key] = Distinguish(names)
	}
	return bySite
}

// nextRun returns when a schedule is due, zero if it is paused or not known. Until the first
// run the console does not report it: then it is the start of the schedule.
func nextRun(task *runzero.Task) time.Time {
	switch {
	case task.Status == "paused":
		return time.Time{}
	case !task.NextRun.IsZero():
		return task.NextRun
	case task.LastRun.IsZero():
		return task.StartTime
	}
	return time.Time{}
}
