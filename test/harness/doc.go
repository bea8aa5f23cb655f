// Package harness runs a whole exporter on simulated consoles, inside a testing/synctest bubble: no network, no real
// time. It is what every suite is written with that needs more than one package, so that a test reads as a story:
//
//	w := harness.Start(t, harness.Setup{Console: simulator.Options{Organizations: 2}})
//	w.Pass(time.Hour)
//	w.Console.Inject(simulator.Fault{Path: "/export/org/assets.jsonl", Status: 502})
//	w.Pass(15 * time.Minute)
//	w.Expect("runzero_collector_success", 0, "collector", "assets")
package harness
