// Package browser looks at the status page in Chromium, as a person with a wide or a narrow window and a light or a
// dark theme would.
//
// It is a module of its own, so that the client of Chromium's protocol is no dependency of the exporter. Run it with
// -count=1, because Go's test cache does not see that the exporter's code has changed.
package browser
