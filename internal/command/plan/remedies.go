package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
)

// remedies lists changes each of which makes the intervals fit by itself.
func (f forecast) remedies(maxAge time.Duration) []string {
	var all []string
	if settings := f.longerIntervals(maxAge); settings != "" {
		all = append(all, "poll less often: "+settings)
	}
	fewer := "poll less: disable collectors with --no-collector.NAME"
	if f.severalOrganizations {
		setting := "--runzero.organization"
		if f.inFile {
			setting = "organizations.include"
		}
		fewer += ", or select fewer organizations with " + setting
	}
	all = append(all, fewer)
	// Whole percents are easier to read, and the reserve must remain.
	for percent := math.Ceil(100 * f.share.Share); percent <= 100*(1-f.share.Reserve); percent++ {
		raised := quota.Share{Share: percent / 100}
		if float64(raised.Calls(f.limit)) >= f.demand {
			all = append(all, fmt.Sprintf("spend more, if no other tool needs the calls: %s=%g", f.quotaSetting("share"), raised.Share))
			break
		}
	}
	return append(all, fmt.Sprintf("license more assets: with %s=%g the account needs a limit of %s calls a day",
		f.quotaSetting("share"), f.share.Share, formatCalls(f.demand/f.share.Share)))
}

// longer returns the interval, in seconds, in which the row makes this factor fewer calls.
func (r row) longer(factor float64) float64 {
	longer, between := r.load.Interval.Seconds()*factor, r.between.Seconds()
	// From one change to the next there are whole polls. The last of them may have to go.
	if polls := math.Ceil(between/r.load.Interval.Seconds()) - 1; polls > 0 {
		longer = max(longer, between/(math.Floor(polls/factor)+1))
	}
	return longer
}

// longerIntervals returns settings that make the demand fit, with all intervals lengthened
// by the same factor. It returns "" when results would expire in such intervals, or when no
// interval helps, because polls that have no setting need too much.
func (f forecast) longerIntervals(maxAge time.Duration) string {
	longest := 30 * 24 * time.Hour // what is longer is not worth proposing
	if maxAge > 0 {
		longest = min(longest, maxAge-1) // an interval of the maximum age is refused
	}
	left, adjustable := float64(f.calls), 0.0
	for _, r := range f.rows {
		if r.setting == "" {
			left -= r.daily(0)
		} else {
			adjustable += r.daily(0)
		}
	}
	if left <= 0 || adjustable <= 0 {
		return ""
	}
	factor := adjustable / left
	var settings []string
	separator := " " // flags can be copied as they are
	for _, r := range f.rows {
		if r.setting == "" {
			continue
		}
		unit := time.Second
		if r.load.Interval >= time.Minute {
			unit = time.Minute
		}
		units := math.Ceil(r.longer(factor) / unit.Seconds())
		if units*unit.Seconds() > longest.Seconds() {
			return ""
		}
		longer := model.Duration(time.Duration(units) * unit)
		setting := fmt.Sprintf("%s=%s", r.setting, longer)
		if !strings.HasPrefix(r.setting, "--") { // a line of the file
			setting, separator = fmt.Sprintf("%s: %s", r.setting, longer), "; "
		}
		if !slices.Contains(settings, setting) {
			settings = append(settings, setting)
		}
	}
	return strings.Join(settings, separator)
}
