package quota

import "time"

// resetWindow is what is known about the time of day at which the quota resets: after
// from, and not after from+width. Both count from midnight UTC.
type resetWindow struct {
	Known bool
	From  time.Duration
	Width time.Duration
}

// A reset observed less exactly than this is ignored.
const widestWindow = 12 * time.Hour

// narrow takes into account a reset that happened after one instant and not after
// another. Resets on several days narrow the window. A reset outside of the window means
// that the console has changed its time, so the window starts again from that reset.
func (w resetWindow) narrow(after, until time.Time) resetWindow {
	seen := resetWindow{Known: true, From: after.UTC().Sub(after.UTC().Truncate(day)), Width: until.Sub(after)}
	if seen.Width < 0 || seen.Width > widestWindow {
		return w
	}
	if !w.Known {
		return seen
	}
	// Where the known window starts, relative to the start of the new one: in (-12h, 12h].
	offset := (w.From-seen.From+3*day/2)%day - day/2
	from, to := max(offset, 0), min(offset+w.Width, seen.Width)
	if to < from {
		return seen
	}
	return resetWindow{Known: true, From: (seen.From + from) % day, Width: to - from}
}

// expected is the time of day at which to expect the reset. This is midnight UTC if the window allows it, because
// midnight is the most likely. Otherwise it is the end of the window: polling too early gains nothing.
func (w resetWindow) expected() time.Duration {
	if !w.Known || w.From == 0 || w.From+w.Width >= day {
		return 0
	}
	return w.From + w.Width
}
