// Package simulator is a simulated runZero console: an http.Handler that follows runZero's published API description
// and, where real consoles were seen to differ from it, behaves as they do. Tests, the demo and the simulate command
// use it. It knows nothing of the exporter or of metrics.
//
// The simulated world is a function of a seed and of the clock that is passed in. An asset, a task or an Explorer is
// computed when a request needs it. So history reaches back as far as anybody looks, two consoles of one seed and one
// clock are equal, and a million assets are written row by row without being held in memory. Only the effects of
// callers are stored: calls spent, tokens issued, faults injected, scans started, and a bounded log of requests.
//
// All exports describe the same world: an asset has as many services, software and
// vulnerability rows as its counts say, the certificate of a service is one of the
// certificates, and a finding has as many instances as there are affected assets.
//
// What is broken from the start (a site whose scans fail, a connector that lost its
// credentials) broke a fixed number of days before the day on which the console was made,
// and stays broken. Incidents break more, at times that the caller chooses.
//
// Real responses contain secrets, people, addresses and free text where nobody expects
// them. Here these are fakes that contain the word PLANTED or the address 10.66.6.66, or addresses of assets from ranges
// that nothing else uses, so that tests can search for them (Planted) in places where they must not appear. Identifiers,
// a few enumerated values and everything that the exporter exports by design are not planted.
//
// Comments call a behaviour documented when runZero's documentation or API description
// states it, seen when real responses show it, and assumed when neither is known.
package simulator
