package collector

import (
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// schedules is the recurring scans.
type schedules struct {
	scans []runzero.Task
	seen  map[string]string // sites by id, with the name the record gave
}

// schedulesMost bounds the series of recurring scans.
const schedulesMost = 20_000

func (s *schedules) add(task *runzero.Task) error {
	if task.Type != typeScan || !scheduled(task) {
		return nil
	}
	if len(s.scans) >= schedulesMost {
		return errTooMany("recurring scans", schedulesMost)
	}
	if s.seen == nil {
		s.seen = map[string]string{}
	}
	key := siteKey(task.SiteID)
	if err := see(s.seen, key, task.SiteName); err != nil {
		return err
	}
	kept := *task
	kept.Name, kept.SiteName = Label(task.Name), "" // however long they were
	kept.Status, _ = taskStatus(task.Status)
	kept.Frequency = frequencyLabel(task.Frequency)
	s.scans = append(s.scans, kept)
	return nil
}

// scheduled tells whether a schedule is in force, be it paused: a removed one stays
// in the list with a status that says so.
func scheduled(task *runzero.Task) bool {
	_, o := taskStatus(task.Status)
	return o != failed && o != succeeded
}

// frequencyLabel keeps the documented words.
func frequencyLabel(frequency string) string {
	switch frequency {
	case "once", "hourly", "daily", "weekly", "monthly", "continuous":
		return frequency
	case "":
		return unknown
	}
	return other
}

func (s *schedules) samples(out *samples, org string, sites SiteNames) {
	names := s.names()
	written := map[string]bool{}
	for i := range s.scans {
		task := &s.scans[i]
		site, ok := sites[siteKey(task.SiteID)]
		if !ok || written[task.ID] {
			continue
		}
		written[task.ID] = true
		name := names[siteKey(task.SiteID)][task.ID]
		out.gauge("runzero_scan_schedule_info", 1, org, site, name, Label(task.ID), task.Frequency)
		out.instant("runzero_scan_schedule_last_run_timestamp_seconds", task.LastRun, org, site, name)
		out.instant("runzero_scan_schedule_next_run_timestamp_seconds", nextRun(task), org, site, name)
		if grace, known := task.Grace.Get(); known {
			out.gauge("runzero_scan_schedule_grace_seconds", float64(grace), org, site, name)
		}
		out.flag("runzero_scan_schedule_paused", task.Status == "paused", org, site, name)
		out.flag("runzero_scan_schedule_failing", task.Failed, org, site, name)
	}
}

// names names the schedules, apart from each other within a site.
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

// nextRun is when a schedule is due: the console tells it once there was a first run,
// and until then it is when the schedule begins.
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
