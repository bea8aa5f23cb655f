// Package simulator is a simulated runZero console: an http.Handler that
// answers as runZero's published API description says, and, where real
// consoles have been seen to differ from it, as they do.
//
// The world it shows is a function of a seed and of the clock it is handed. An
// asset, a task or an Explorer is computed when somebody asks for it, so
// history reaches back as far as anybody looks, the world moves on as the clock
// does, a second console of the same seed and clock shows the same, and a
// million assets are written row by row without ever being held in memory.
// Only what callers do to a console is kept: calls spent, tokens issued, faults
// injected, scans started, and a bounded log of requests.
//
// All exports are of this one world: an asset has as many rows of services,
// software and vulnerabilities as its counts say, a service's certificate is
// one of the certificates, a finding has as many instances as there are assets
// it affects. What is true of it can be had without asking over HTTP: Assets,
// Services, Certificates and their like walk what an export lists, and Rows
// counts it.
//
// What breaks in this world (a site whose scans fail, a connector that lost
// its credentials) broke a given number of days before the day on which the
// console was made, and stays broken: the past never changes under an observer.
// Incidents break more, at times that whoever makes a console chooses. A clock that
// is put back shows the world before it broke.
//
// Real answers hold secrets, people, addresses and texts where nobody expects
// them; so do these, as fakes that all contain the word PLANTED or the address
// 10.66.6.66, so that tests can search for them where they must not be. Only
// identifiers, a few known values, and what the exporter exports by design (the
// names of organizations, sites, Explorers, zones, tasks, systems, products and
// protocols) are without.
//
// Comments call a behaviour documented when runZero's documentation or API
// description says so, seen when real answers show it, and assumed when
// neither is known.
package simulator
