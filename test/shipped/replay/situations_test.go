package replay

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// small is an account on which one thing happens.
var small = []plot{
	{"Alder Foods", "Plant", "daily", 600}, {"Alder Foods", "Office", "weekly", 120},
	{"Birch Energy", "Control Room", "hourly", 80}, {"Birch Energy", "Substations", "monthly", 400},
	{"Cedar Clinics", "North", "daily", 500}, {"Cedar Clinics", "South", "daily", 500},
}

// TestSituations replays one cause at a time, and expects the notifications named: usually one. The numbers are those of
// the situations that the first edition of the rules got wrong.
func TestSituations(t *testing.T) {
	t.Parallel()
	// Alder Foods / Plant is scanned at midnight, Cedar Clinics / North at 06:25 and South at 08:05.
	for _, s := range []struct {
		what  string
		lasts time.Duration // of the replay
		apart time.Duration // the second replica polls so much later than the first
		event event
		setUp func(w *world) // before the beginning
		want  []string
		quiet bool // nothing fires at the end
	}{
		{what: "nothing happens", lasts: 12 * time.Hour},
		{
			what: "the exporters lose their cache, and the new configuration leaves an organization out", lasts: day + 6*time.Hour,
			event: event{at: 25 * time.Hour, begin: func(w *world) {
				w.each(func(e *exporter) {
					e.forget()
					e.start(w.now)
					e.exclude("Birch Energy", w.now)
				})
			}},
		},
		{
			what: "1 a site vanishes while no exporter runs", lasts: day + 6*time.Hour,
			event: event{
				at: 25 * time.Hour, lasts: time.Hour,
				begin: func(w *world) {
					w.each(func(e *exporter) { e.down = true })
					w.console.lose("Cedar Clinics", "North")
				},
				end: func(w *world) { w.each(func(e *exporter) { e.start(w.now) }) },
			},
			want: []string{"monitoring-pager RunZeroExporterDown", "network-tickets RunZeroSiteMissing"},
		},
		{
			what: "1 a site with 500 assets vanishes", lasts: 2*day + 4*time.Hour, apart: 5 * time.Minute,
			event: event{at: 25 * time.Hour, begin: func(w *world) { w.console.lose("Cedar Clinics", "North") }},
			want:  []string{"network-tickets RunZeroSiteMissing"},
		},
		{
			what: "1 an organization vanishes", lasts: day + 8*time.Hour, apart: 5 * time.Minute,
			event: event{at: 25 * time.Hour, begin: func(w *world) { w.console.loseOrganization("Cedar Clinics") }},
			want:  []string{"network-tickets RunZeroOrganizationMissing"},
		},
		{
			what: "2 the only target of a second job leaves service discovery", lasts: 4 * time.Hour,
			setUp: func(w *world) { w.add("job", "runzero-lab", "instance", "lab:9942") },
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.remove(2) }},
			want:  []string{"monitoring-pager RunZeroExporterDown"},
		},
		{
			what: "3 a replica crashes every 15 minutes", lasts: 10 * time.Hour,
			event: event{begin: func(w *world) { w.exporters[0].crashes = true }},
			want:  []string{"monitoring-tickets RunZeroExporterRestarting"},
		},
		{
			what: "3 the only exporter crashes every 15 minutes", lasts: 10 * time.Hour,
			setUp: func(w *world) { w.remove(1) },
			event: event{begin: func(w *world) { w.exporters[0].crashes = true }},
			want:  []string{"monitoring-tickets RunZeroExporterRestarting"},
		},
		{
			what: "4 a collector never succeeds", lasts: 6 * time.Hour,
			setUp: func(w *world) { w.console.unavailable = "explorers" },
			want:  []string{"monitoring-tickets RunZeroCollectorHasNoData"},
		},
		{
			what: "4 a collector fails until its data is withdrawn", lasts: 27 * time.Hour,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.console.unavailable = "sites" }},
			want:  []string{"monitoring-tickets RunZeroCollectorFailing"},
		},
		{
			what: "5 an Explorer is away for 20 minutes of every hour", lasts: 8 * time.Hour,
			event: event{begin: func(w *world) { w.console.explorer("Alder Foods", "Office").flaps = true }},
			want:  []string{"network-tickets RunZeroExplorerFlapping"},
		},
		{
			what: "6 an integration's last run was good, 20 days ago", lasts: 6 * time.Hour,
			setUp: func(w *world) {
				i := w.console.organization("Alder Foods").integrations[0]
				i.success, i.stopped = monday.Add(-20*day), true
			},
			want: []string{"network-tickets RunZeroIntegrationStale"},
		},
		{
			what: "7 150 new devices among a thousand", lasts: day + 10*time.Hour,
			event: event{at: 26 * time.Hour, begin: func(w *world) { w.console.site("Cedar Clinics", "South").grow(150) }},
			want:  []string{"security-tickets RunZeroNewAssetsSurge"},
		},
		{
			what: "8 the only Explorer of a site is deleted, and nobody acts until a scan is missed", lasts: 2*day + 8*time.Hour,
			event: event{at: 25 * time.Hour, begin: func(w *world) { w.console.loseExplorer("Alder Foods", "Plant") }},
			want:  []string{"network-tickets RunZeroSiteHasNoExplorer", "network-pager RunZeroSiteHasNoExplorer"},
		},
		{
			what: "8 the only Explorer of a site is deleted, because a hosted zone scans the site now", lasts: 2*day + 12*time.Hour,
			event: event{at: 25 * time.Hour, begin: func(w *world) {
				w.console.loseExplorer("Alder Foods", "Plant")
				w.console.site("Alder Foods", "Plant").hosted = true
			}},
			want:  []string{"network-tickets RunZeroSiteHasNoExplorer"},
			quiet: true,
		},
		{
			what: "9 the credential does not allow tasks", lasts: 6 * time.Hour,
			setUp: func(w *world) { w.each(func(e *exporter) { e.unsupported = "tasks" }) },
			want:  []string{"monitoring-tickets RunZeroScansInvisible"},
		},
		{
			what: "10 one of two replicas has spent its share", lasts: 6 * time.Hour, apart: 5 * time.Minute,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.exporters[1].spent = 2000 }},
			want:  []string{"monitoring-tickets RunZeroReplicaNotPolling"},
		},
		{
			what: "10 one of two replicas has a revoked token", lasts: 6 * time.Hour, apart: 5 * time.Minute,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.exporters[1].rejected = true }},
			want:  []string{"monitoring-tickets RunZeroReplicaNotPolling"},
		},
		{
			what: "10 both replicas have a revoked token", lasts: 6 * time.Hour, apart: 5 * time.Minute,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.each(func(e *exporter) { e.rejected = true }) }},
			want:  []string{"monitoring-pager RunZeroAuthenticationFailing"},
		},
		{
			what: "11 503 for the assets of 300 organizations", lasts: 4 * time.Hour,
			setUp: func(w *world) {
				w.each(func(e *exporter) { e.assetsInterval = time.Hour })
				for i := range 300 {
					w.console.organization(fmt.Sprintf("Customer %03d", i))
				}
				w.console.limit = 100000
			},
			event: event{at: 30 * time.Minute, begin: func(w *world) { w.console.unavailable = "assets" }},
			want:  []string{"monitoring-tickets RunZeroCollectorFailing"},
		},
		{
			what: "12 a weekly scan is two hours late, within its grace", lasts: 12 * time.Hour,
			setUp: func(w *world) {
				r := w.console.site("Alder Foods", "Office").schedules[0]
				r.next, r.late = monday.Add(time.Hour), 2*time.Hour
				w.console.site("Alder Foods", "Office").success = r.next.Add(-week)
			},
		},
		{
			what: "12 the last scan of a monthly schedule was 25 days ago", lasts: 6 * time.Hour,
			setUp: func(w *world) {
				s := w.console.site("Birch Energy", "Substations")
				s.success = monday.Add(-25 * day)
				s.schedules[0].last, s.schedules[0].next = s.success, s.success.Add(31*day)
			},
		},
		{
			what: "13 the Explorer of a site that is scanned daily is away for 70 minutes", lasts: 8 * time.Hour, apart: 5 * time.Minute,
			event: event{
				at: 3 * time.Hour, lasts: 70 * time.Minute,
				begin: func(w *world) { w.console.explorer("Alder Foods", "Plant").away = true },
				end:   func(w *world) { w.console.explorer("Alder Foods", "Plant").away = false },
			},
		},
		{
			what: "13 the Explorer of a site dies two hours before the scan, and nobody acts", lasts: day + 12*time.Hour, apart: 5 * time.Minute,
			event: event{at: 22 * time.Hour, begin: func(w *world) { w.console.explorer("Alder Foods", "Plant").away = true }},
			want:  []string{"network-pager RunZeroSiteHasNoExplorer"},
		},
		{
			what: "14 an hourly scan fails once", lasts: 6 * time.Hour,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.console.site("Birch Energy", "Control Room").fail = 1 }},
		},
		{
			what: "14 hourly scans fail", lasts: 8 * time.Hour,
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.console.site("Birch Energy", "Control Room").fail = 100 }},
			want:  []string{"network-tickets RunZeroScanFailed"},
		},
		{
			what: "15 the metrics come through node_exporter's textfile collector", lasts: 6 * time.Hour,
			setUp: func(w *world) {
				w.remove(0)
				w.remove(1)
				w.add("job", "node", "instance", "node:9100")
			},
		},
		{
			what: "16 the exporters of one of two clusters are down", lasts: 6 * time.Hour,
			setUp: func(w *world) {
				w.add("job", "runzero", "instance", "a:9942", "cluster", "west")
			},
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.exporters[2].down = true }},
			want:  []string{"monitoring-pager RunZeroExporterDown"},
		},
		{
			what: "17 certificates expire", lasts: day + 6*time.Hour,
			event: event{at: 25 * time.Hour, begin: func(w *world) { w.console.organization("Alder Foods").expired = 3 }},
			want:  []string{"security-tickets RunZeroCertificatesExpired"},
		},
		{
			what: "18 the replica that leads is killed, and back after five minutes", lasts: 8 * time.Hour,
			setUp: func(w *world) { share(w.exporters...) },
			event: event{
				at: 2 * time.Hour, lasts: 5 * time.Minute,
				begin: func(w *world) { w.exporters[0].down = true }, end: func(w *world) { w.exporters[0].start(w.now) },
			},
		},
		{
			what: "18 the store is away for six hours", lasts: 12 * time.Hour,
			setUp: func(w *world) { share(w.exporters...) },
			event: event{
				at: 2 * time.Hour, lasts: 6 * time.Hour,
				begin: func(w *world) { w.exporters[0].store.away = true }, end: func(w *world) { w.exporters[0].store.away = false },
			},
			want: []string{"monitoring-pager RunZeroStoreDown"}, quiet: true,
		},
		{
			what: "18 the store lets nobody lead", lasts: 4 * time.Hour,
			setUp: func(w *world) { share(w.exporters...) },
			event: event{at: 3 * time.Hour, begin: func(w *world) { w.exporters[0].store.lost = true }},
			want:  []string{"monitoring-pager RunZeroNoLeader"},
		},
		{
			what: "18 a replica is cut off from the store that led, and its old data hides nothing", lasts: day,
			setUp: func(w *world) { share(w.exporters...) },
			event: event{at: 2 * time.Hour, begin: func(w *world) {
				w.exporters[0].cutOff = true
				w.console.unavailable = "sites"
			}},
			want: []string{"monitoring-tickets RunZeroStoreDown", "monitoring-tickets RunZeroCollectorFailing"},
		},
		{
			what: "18 the token of both replicas is revoked, of which one follows", lasts: 6 * time.Hour,
			setUp: func(w *world) { share(w.exporters...) },
			event: event{at: 2 * time.Hour, begin: func(w *world) { w.each(func(e *exporter) { e.rejected = true }) }},
			want:  []string{"monitoring-pager RunZeroAuthenticationFailing"},
		},
		{
			what: "18 the replica that leads cannot be scraped", lasts: 4 * time.Hour,
			setUp: func(w *world) {
				share(w.exporters...)
				w.exporters[0].hidden = true
			},
			want: []string{"monitoring-tickets RunZeroExporterDown"},
		},
		{
			what: "18 replicas have a store each", lasts: 6 * time.Hour,
			setUp: func(w *world) {
				share(w.exporters[0])
				share(w.exporters[1])
			},
			want: []string{"monitoring-tickets RunZeroTwoLeaders"},
		},
	} {
		t.Run(s.what, func(t *testing.T) {
			w := newWorld(t, newConsole(small), 5*time.Minute)
			w.exporters[1].start(monday.Add(s.apart))
			if s.setUp != nil {
				s.setUp(w)
			}
			var events []event
			if s.event.begin != nil {
				events = append(events, s.event)
			}
			w.run(s.lasts, events...)
			var got []string
			for _, n := range w.notifications {
				got = append(got, n.name())
			}
			if !slices.Equal(got, s.want) {
				t.Errorf("notifications:\n%v\nwant %q", w.notifications, s.want)
			}
			if firing := w.alertmanager.firing; len(firing) > 0 && (s.quiet || s.want == nil) {
				t.Errorf("these fire at the end: %v", firing)
			}
		})
	}
}
