//go:build port

package faults

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// TestFaults lets everything that can go wrong between the console and the exporter go
// wrong, and holds docs/reliability.md to what came of it.
func TestFaults(t *testing.T) {
	passed := &outcomes{}
	t.Run("collectors", func(t *testing.T) { eachFault(t, passed, strikeCollectors) })
	t.Run("commands", func(t *testing.T) { eachFault(t, passed, strikeCommands) })
	if !t.Failed() {
		passed.hold(t)
	}
}

// where is where a fault is found, and over what it is tried.
type where struct {
	group, fault int
	connection   connection
}

// find makes the fault, with a count of its own.
func (at where) find(sent func(bytes int)) fault { return faults(sent)[at.group].faults[at.fault] }

// eachFault runs a test of each fault, over each connection that it is to be tried on.
func eachFault(t *testing.T, passed *outcomes, strike func(t *testing.T, at where)) {
	for i, g := range faults(nil) {
		for j, f := range g.faults {
			if j%faultsEvery != 0 {
				continue
			}
			for _, connection := range f.connections() {
				at := where{i, j, connection}
				t.Run(fmt.Sprintf("%s/%s/%s", g.of, f.name, connection), func(t *testing.T) {
					t.Parallel()
					strike(t, at)
					if !t.Failed() {
						passed.add(at)
					}
				})
			}
		}
	}
}

// strikeCollectors lets a fault hit half of the collectors at a time: theirs are the last
// good answers, a line in the log and a metric; the other half does not notice; and all
// heals by itself.
func strikeCollectors(t *testing.T, at where) {
	in := func(account bool, strike func(w *faultWorld, f fault)) {
		synctest.Test(t, func(t *testing.T) {
			w := newFaultWorld(t, at.connection, account)
			strike(w, at.find(func(bytes int) { w.sent.Add(int64(bytes)) }))
		})
	}
	in(true, func(w *faultWorld, f fault) {
		for half := range 2 {
			w.strike(f, func(p probe) bool { return f.line != nil || p.place(w.probes)%2 == half })
		}
	})
	in(false, func(w *faultWorld, f fault) {
		w.strike(f, func(p probe) bool { return f.line != nil || p.collector != poller.Discovery })
	})
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

// strikeCommands lets a fault hit all that a command asks, and then a scan's last request.
func strikeCommands(t *testing.T, at where) {
	f := at.find(func(int) {})
	for _, c := range faultCommands() {
		synctest.Test(t, func(t *testing.T) { newCommandWorld(t, at.connection).strike(f, c) })
	}
	if f.line == nil {
		synctest.Test(t, func(t *testing.T) { newCommandWorld(t, at.connection).strikeScan(f) })
	}
}

func (f fault) connections() []connection {
	if len(f.on) == 0 {
		return []connection{plain}
	}
	return f.on
}
