package main

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// TestFaultsOfTheCollectors lets everything that can go wrong with an answer go wrong,
// for half of the collectors at a time: theirs are the last good answers, a line in the
// log and a metric; the other half does not notice; and all heals by itself.
func TestFaultsOfTheCollectors(t *testing.T) {
	for i, g := range faults(nil) {
		for j, f := range g.faults {
			for _, connection := range f.connections() {
				t.Run(fmt.Sprintf("%s/%s/%s", g.of, f.name, connection), func(t *testing.T) {
					t.Parallel()
					in := func(t *testing.T, account bool, strike func(w *faultWorld, f fault)) {
						synctest.Test(t, func(t *testing.T) {
							w := newFaultWorld(t, connection, account)
							strike(w, faults(func(bytes int) { w.sent.Add(int64(bytes)) })[i].faults[j])
						})
					}
					in(t, true, func(w *faultWorld, f fault) {
						for half := range 2 {
							w.strike(f, func(p probe) bool { return f.line != nil || p.place(w.probes)%2 == half })
						}
					})
					in(t, false, func(w *faultWorld, f fault) {
						w.strike(f, func(p probe) bool { return f.line != nil || p.collector != poller.Discovery })
					})
				})
			}
		}
	}
}

// place is where the probe stands among all. Two that are asked for together are one.
func (p probe) place(all []probe) int {
	for i, each := range all {
		if each.path == p.path {
			return i
		}
	}
	return -1
}

func (f fault) connections() []connection {
	if len(f.on) == 0 {
		return []connection{plain}
	}
	return f.on
}
