package collector

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// schedules are the recurring scans.
type schedules struct {
	scans []runzero.Task
	names map[string]map[string]string // of scans, by site and id
	seen  *seenSites                   // shared with scans
}

func newSchedules(seen *seenSites) *schedules {
	return &schedules{names: map[string]map[string]string{}, seen: seen}
}

func (s *schedules) add(task *runzero.Task) error {
	if task.Type != typeScan || !inForce(task) {
		return nil
	}
	if len(s.scans) >= maxSchedules {
		return errTooMany("recurring scans", maxSchedules)
	}
	site, err := s.seen.note(task.SiteID, task.SiteName)
	if err != nil {
		return err
	}
	if s.names[site] == nil {
		s.names[site] = map[string]string{}
	}
	s.names[site][task.ID] = Label(task.Name)
	scan := *task
	// Texts can be long: keep only label values.
	scan.Name, scan.SiteName, scan.SiteID = "", "", site
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
	names := map[string]map[string]string{}
	for site, all := range s.names {
		names[site] = Distinguish(all)
	}
	exported := map[string]bool{}
	for i := range s.scans {
		task := &s.scans[i]
		site, ok := sites[task.SiteID]
		if !ok || exported[task.ID] {
			continue
		}
		exported[task.ID] = true
		name := names[task.SiteID][task.ID]
		out.gauge("runzero_scan_schedule_info", 1, org, site, name, Label(task.ID), task.Frequency)
		out.timestamp("runzero_scan_schedule_last_run_timestamp_seconds", task.LastRun, org, site, name)
		out.timestamp("runzero_scan_schedule_next_run_timestamp_seconds", nextRun(task), org, site, name)
		out.count("runzero_scan_schedule_grace_seconds", task.Grace, org, site, name)
		out.boolean("runzero_scan_schedule_paused", task.Status == "paused", org, site, name)
		out.boolean("runzero_scan_schedule_failing", task.Failed, org, site, name)
	}
}

// nextRun returns when a schedule is due, zero if it is paused or not known. Until the first
// run the console does not report it: then it is the start of the schedule.
func nextRun(task *runzero.Task) time.Time {
	switch {
	case task.Status == "paused":
		return time.Time{}
	case task.NextRun.IsZero() && task.LastRun.IsZero():
		return task.StartTime
	}
	return task.NextRun
}
