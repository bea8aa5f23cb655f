package quota

import "time"

// resetWindow is what is known about the time of day at which the quota resets: after
// from, and not after from+width. Both count from midnight UTC.
type resetWindow struct {
	known bool
	from  time.Duration
	width time.Duration
}

// A reset observed less exactly than this is ignored.
const widestWindow = 12 * time.Hour

// narrow takes into account a reset that happened after one instant and not after
// another. Resets on several days narrow the window. A reset outside of the window means
// that the console has changed its time, so the window starts again from that reset.
func (w resetWindow) narrow(after, until time.Time) resetWindow {
	seen := resetWindow{known: true, from: after.UTC().Sub(after.UTC().Truncate(day)), width: until.Sub(after)}
	if seen.width < 0 || seen.width > widestWindow {
		return w
	}
	if !w.known {
		return seen
	}
	// Where the known window starts, relative to the start of the new one: in (-12h, 12h].
	offset := (w.from-seen.from+3*day/2)%day - day/2
	from, to := max(offset, 0), min(offset+w.width, seen.width)
	if to < from {
		return seen
	}
	return resetWindow{known: true, from: (seen.from + from) % day, width: to - from}
}

// expected is the time of day at which to expect the reset. This is midnight UTC if the window allows it, because
// midnight is the most likely. Otherwise it is the end of the window: polling too early gains nothing.
func (w resetWindow) expected() time.Duration {
	if !w.known || w.from == 0 || w.from+w.width >= day {
		return 0
	}
	return w.from + w.width
}
