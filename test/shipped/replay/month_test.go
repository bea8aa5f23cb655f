package replay

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"
)

// month is 26 days of the estate: what happens, and which notifications it causes.
func month() []event {
	events := []event{
		// Ordinary life.
		quiet(at(4, "09:00"), 10*time.Minute, "a replica restarts", func(w *world) { w.exporters[0].down = true }, func(w *world) { w.exporters[0].start(w.now) }),
		deploy(at(9, "16:00")), deploy(at(16, "16:00")),
		quiet(at(8, "00:00"), day, "the weekly scan of a site is two hours late, within its grace",
			func(w *world) { w.console.site("Dogwood Retail", "Store 1").schedules[0].late = 2 * time.Hour },
			func(w *world) { w.console.site("Dogwood Retail", "Store 1").schedules[0].late = 0 }),
		quiet(at(13, "15:00"), 0, "the configuration leaves an organization out", func(w *world) {
			for _, e := range w.exporters {
				e.exclude("Larch Law", w.now)
			}
		}, nil),
		quiet(at(20, "10:00"), 0, "a new organization", func(w *world) {
			o := w.console.organization("Maple Farms")
			o.sites = []*site{{
				org: o.name, name: "Barn", id: "site-barn", assets: 200, critical: 8, ended: 10, fresh: 200, takes: 20 * time.Minute,
				schedules: []*schedule{{name: "daily scan", frequency: "daily", every: day, grace: 4 * time.Hour, next: w.now.Add(2 * time.Hour)}},
			}}
			w.console.explorers = append(w.console.explorers, &explorer{org: o.name, site: "Barn", name: "explorer-barn"})
		}, nil),
		quiet(at(21, "11:00"), 0, "a site is renamed", func(w *world) {
			w.console.explorer("Katsura Labs", "Annex").site = "Annex East"
			w.console.site("Katsura Labs", "Annex").name = "Annex East"
		}, nil),
		quiet(at(24, "12:00"), 0, "the exporters become replicas that share a store", func(w *world) { share(w.exporters...) }, nil),
		quiet(at(25, "09:00"), 10*time.Minute, "the store restarts",
			func(w *world) { w.exporters[0].store.away = true }, func(w *world) { w.exporters[0].store.away = false }),
		deploy(at(25, "16:00")),

		// Nothing is lost, but somebody should know.
		{
			at: at(6, "02:00"), lasts: time.Hour, what: "the console does not respond for an hour",
			begin: func(w *world) { w.console.unreachable = true }, end: func(w *world) { w.console.unreachable = false },
			notifies: "monitoring-tickets RunZeroConsoleUnreachable",
		},
		{
			at: at(7, "12:00"), lasts: 2 * time.Hour, what: "503 for assets for two hours",
			begin: func(w *world) { w.console.unavailable = "assets" }, end: func(w *world) { w.console.unavailable = "" },
			notifies: "monitoring-tickets RunZeroCollectorFailing",
		},
		{
			at: at(12, "09:00"), lasts: day, what: "the token of one replica is revoked for a day",
			begin: func(w *world) { w.exporters[1].rejected = true }, end: func(w *world) { w.exporters[1].rejected = false },
			notifies: "monitoring-tickets RunZeroReplicaNotPolling",
		},
		{
			at: at(14, "03:00"), lasts: 3 * time.Hour, what: "no exporter runs for three hours",
			begin: func(w *world) { w.exporters[0].down, w.exporters[1].down = true, true },
			end: func(w *world) {
				w.exporters[0].start(w.now)
				w.exporters[1].start(w.now)
			},
			notifies: "monitoring-pager RunZeroExporterDown",
		},
		{
			at: at(19, "14:00"), lasts: 100 * time.Minute, what: "another tool makes so many calls that they would not last, until somebody stops it",
			begin: func(w *world) { w.console.others = 1500 }, end: func(w *world) { w.console.others = 60 },
			notifies: "monitoring-tickets RunZeroAPIQuotaExhaustionPredicted",
		},
		quiet(at(20, "00:00"), 0, "the other tools do as before", func(w *world) { w.console.others = 315 }, nil),

		// Incidents.
		{
			at: at(10, "00:00"), lasts: day, what: "an Explorer is away for 20 minutes of every hour, for a day",
			begin: func(w *world) { w.console.explorer("Elm Logistics", "Yard").flaps = true },
			end: func(w *world) {
				x := w.console.explorer("Elm Logistics", "Yard")
				x.flaps, x.away = false, false
			},
			notifies: "network-tickets RunZeroExplorerFlapping",
		},
		{
			at: at(15, "13:00"), what: "a site with 500 assets vanishes",
			begin:    func(w *world) { w.console.lose("Ginkgo Schools", "East") },
			notifies: "network-tickets RunZeroSiteMissing",
		},
		{
			at: at(17, "09:30"), what: "an organization vanishes",
			begin:    func(w *world) { w.console.loseOrganization("Hazel Media") },
			notifies: "network-tickets RunZeroOrganizationMissing",
		},
		{
			at: at(18, "11:10"), lasts: 30 * time.Hour, what: "the only Explorer of a site dies two hours before its scan",
			begin:    func(w *world) { w.console.explorer("Ironwood Steel", "Mill").away = true },
			end:      func(w *world) { w.console.explorer("Ironwood Steel", "Mill").away = false },
			notifies: "network-pager RunZeroSiteHasNoExplorer",
		},
		{
			at: at(22, "10:00"), lasts: day, what: "150 new devices among a thousand",
			begin:    func(w *world) { w.console.site("Fir Bank", "Branches").grow(150) },
			end:      func(w *world) { w.console.site("Fir Bank", "Branches").fresh -= 150 },
			notifies: "security-tickets RunZeroNewAssetsSurge",
		},
		{
			at: at(5, "12:00"), lasts: 20 * day, what: "an integration does not run any more",
			begin:    func(w *world) { w.console.organization("Katsura Labs").integrations[0].stopped = true },
			notifies: "network-tickets RunZeroIntegrationStale",
		},
		{
			at: at(23, "08:00"), lasts: 5 * time.Hour, what: "the only Explorer of a site that is scanned daily is removed, and another is installed before the scan",
			begin: func(w *world) {
				w.console.loseExplorer("Juniper Hotels", "Lobby")
			},
			end: func(w *world) {
				w.console.explorers = append(w.console.explorers, &explorer{org: "Juniper Hotels", site: "Lobby", name: "explorer-new"})
			},
			notifies: "network-tickets RunZeroSiteHasNoExplorer",
		},
	}
	// Nine absences of Explorers, far from the daily scan of their sites.
	for i, of := range []struct{ org, site, time string }{
		{"Alder Foods", "Plant", "14:00"}, {"Alder Foods", "Warehouse", "15:00"}, {"Birch Energy", "Office", "16:00"},
		{"Cedar Clinics", "North", "20:00"}, {"Fir Bank", "Branches", "10:00"}, {"Elm Logistics", "Harbour", "05:00"},
		{"Ironwood Steel", "Mill", "07:00"}, {"Katsura Labs", "Campus", "11:00"}, {"Dogwood Retail", "Head Office", "09:00"},
	} {
		events = append(events, quiet(at(2*i+2, of.time), 70*time.Minute, "an Explorer is away for an hour and ten minutes",
			func(w *world) { w.console.explorer(of.org, of.site).away = true },
			func(w *world) { w.console.explorer(of.org, of.site).away = false }))
	}
	// A scan of a site that is scanned each hour fails now and then.
	for i := range 22 {
		events = append(events, quiet(at(i+2, fmt.Sprintf("%02d:00", (7*i)%24)), 0, "an hourly scan fails", func(w *world) {
			if i%2 == 0 {
				w.console.site("Birch Energy", "Control Room").fail = 1
			} else {
				w.console.site("Fir Bank", "Data Centre").fail = 1
			}
		}, nil))
	}
	// A site loses 8 % of its assets each day.
	for i := range 10 {
		drain := quiet(at(5+i, "10:00"), 0, "a site drains", func(w *world) { w.console.site("Cedar Clinics", "South").assets *= 0.92 }, nil)
		if i == 0 {
			drain.lasts, drain.what, drain.notifies = 10*day, "a site loses 8 % of its assets a day for ten days", "security-tickets RunZeroAssetsDraining"
		}
		events = append(events, drain)
	}
	return events
}

// at is a time of a day of the month; the first is a Monday.
func at(number int, clock string) time.Duration {
	of, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Duration(number-1)*day + time.Duration(of.Hour())*time.Hour + time.Duration(of.Minute())*time.Minute
}

// quiet is an event that notifies nobody.
func quiet(at, lasts time.Duration, what string, begin, end func(w *world)) event {
	return event{at: at, lasts: lasts, what: what, begin: begin, end: end}
}

// deploy restarts the replicas one after the other.
func deploy(at time.Duration) event {
	return quiet(at, 10*time.Minute, "a deployment",
		func(w *world) { w.exporters[0].down = true },
		func(w *world) {
			w.exporters[0].start(w.now)
			w.exporters[1].start(w.now)
		})
}

// A month of an ordinary account. Before and after the second edition of the rules, in notifications and pages:
//
//	before   go test ./replay -run TestMonth -v -alerts=OLD -scan-max-age=168h   BEFORE
//	after    go test ./replay -run TestMonth -v                                  AFTER
//
// OLD is a folder with the files of the first edition:
//
//	for file in runzero.rules.yml alertmanager.example.yml; do git show 164c00f:alerts/$file >OLD/$file; done
func TestMonth(t *testing.T) {
	t.Parallel()
	w, events := newWorld(t, newConsole(estate), *monthStep), month()
	w.run(26*day, events...)
	pages := 0
	for _, n := range w.notifications {
		t.Log(n)
		if n.page() {
			pages++
		}
	}
	t.Logf("%d notifications, %d of them pages", len(w.notifications), pages)
	if *folder != flag.Lookup("alerts").DefValue {
		return // only these numbers are of interest
	}
	if pages > 2 {
		t.Errorf("%d pages in a month", pages)
	}
	for _, problem := range compare(w.notifications, events) {
		t.Error(problem)
	}
}

// compare returns the notifications that no event explains, and the events that did not notify once.
func compare(notifications []notification, events []event) (problems []string) {
	claimed := make([]int, len(events))
	for _, n := range notifications {
		i := slices.IndexFunc(events, func(e event) bool {
			after := n.at.Sub(monday.Add(e.at))
			return e.notifies == n.name() && after >= 0 && after < e.lasts+36*time.Hour
		})
		if i < 0 {
			problems = append(problems, "nothing has happened: "+n.String())
			continue
		}
		claimed[i]++
	}
	for i, e := range events {
		if n := claimed[i]; e.notifies != "" && n != 1 {
			problems = append(problems, fmt.Sprintf("day %d: %s: %d notifications of %q", e.at/day+1, e.what, n, e.notifies))
		}
	}
	return problems
}
