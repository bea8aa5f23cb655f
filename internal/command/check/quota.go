package check

import (
	"fmt"
	"math"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func (a *accountCheck) reportQuota() {
	usage := a.calls.usage
	limit, reported := usage.Limit.Get()
	configured, isConfigured := a.account.Share.Limit.Get()
	const noHeaders = "the responses carry no usage headers"
	switch {
	case reported:
	case len(a.reached) == 0:
		return // the reason was reported
	case isConfigured && configured == 0:
		a.report(fine, "quota", "%s, and no limit is configured: intervals are not stretched, and polling does not pause for the quota", noHeaders)
		return
	case isConfigured:
		limit = configured
	default:
		text := "and the account's daily limit is unknown"
		if runzero.IsCloud(a.account.URL) {
			text = "and the account's daily limit is estimated from its live assets"
		}
		a.report(warning, "quota", "%s, %s: set --quota.limit, or quota.limit in the file, to the number of licensed assets, or to 0 if there is no limit", noHeaders, text)
		return
	}
	share, reserve := a.account.Share, a.account.Share.ReserveCalls(limit)
	text := fmt.Sprintf("%d API calls a day", limit)
	if !reported {
		text += fmt.Sprintf(" as configured, because %s", noHeaders)
	}
	if today, known := usage.Today.Get(); known {
		text += fmt.Sprintf(", %d made today", today)
	}
	left, known := usage.Remaining.Get()
	if known {
		text += fmt.Sprintf(", %d left", left)
	}
	text += fmt.Sprintf("; this exporter may make %d a day (share %g) and leaves the last %d to other tools (reserve %g)",
		share.Calls(limit), share.Share, reserve, share.Reserve)
	switch {
	case known && left == 0:
		a.report(wrong, "quota", "%s: no calls are left, so polling pauses until the quota resets; find out what uses them, or license more assets", text)
	case known && left <= reserve:
		a.report(warning, "quota", "%s: the account is down to the reserve, so polling pauses until the quota resets", text)
	default:
		a.report(fine, "quota", "%s", text)
	}
	a.reportPlan(limit)
}

func (a *accountCheck) reportPlan(limit int64) {
	if len(a.polled) == 0 {
		return // reported as an error already
	}
	account := schedule.Account{Collectors: a.config.Collectors, Organizations: a.polled}
	for _, c := range a.account.Credentials {
		account.Kinds = append(account.Kinds, c.Runzero.Kind())
	}
	loads := schedule.Loads(schedule.Polls(account))
	budget := a.account.Share.Calls(limit)
	needed := schedule.Demand(loads, 24*time.Hour)
	floor, _ := schedule.Floor(loads, schedule.Allowance{Limited: true, Calls: budget, Left: 24 * time.Hour})
	stretch := schedule.Ratio(loads, floor)
	setting := "--quota.share"
	if a.account.Name != "" {
		setting = "quota.share"
	}
	demand := fmt.Sprintf("the intervals need %.0f API calls a day, of %d that this exporter may make", math.Ceil(needed-1e-6), budget)
	switch {
	case budget == 0:
		a.report(wrong, "plan", "%s: nothing can be polled; raise %s", demand, setting)
	case stretch > 1:
		a.report(warning, "plan", "%s: they do not fit, and intervals are stretched to up to %.1f times their length; "+
			"the command plan with --limit=%d shows what to change", demand, stretch, limit)
	default:
		a.report(fine, "plan", "%s: they fit", demand)
	}
}

// warnBelowReserve reports once that the check spends calls that are reserved for other tools.
func (a *accountCheck) warnBelowReserve() {
	usage := a.calls.usage
	limit, limited := usage.Limit.Get()
	left, known := usage.Remaining.Get()
	if !limited || !known || left > a.account.Share.ReserveCalls(limit) || a.reserveWarned {
		return
	}
	a.reserveWarned = true
	a.report(warning, "quota", "%d of %d API calls are left today, which is within the reserve: the check goes on with at most %s more",
		left, limit, command.Plural(a.calls.most-a.calls.made, "call"))
}
