package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// verdict compares the demand with the share, and lists what to change if it does not fit.
func (f forecast) verdict(maxAge time.Duration) string {
	text := fmt.Sprintf("The intervals need %s API calls a day. This exporter may spend %d: %s=%g of the account's %d. ",
		formatCalls(f.demand), f.calls, f.quotaSetting("share"), f.share.Share, f.limit)
	if f.fits() {
		text += "That fits. "
	} else { // rounded up, so that it is never shown as 1
		text += fmt.Sprintf("That does not fit, so the exporter multiplies its intervals by %.2f, as shown. ",
			math.Ceil(f.stretch*100)/100)
	}
	reserve := f.share.ReserveCalls(f.limit)
	if most := f.limit - reserve; most < f.calls && f.demand > float64(most) {
		text += fmt.Sprintf("However, %[1]s=%[2]g reserves %[3]d calls for others. The exporter gets at most %[4]d, and fewer when others spend more, "+
			"so intervals will be longer than shown. Lower %[1]s or %[5]s. ", f.quotaSetting("reserve"), f.share.Reserve, reserve, most, f.quotaSetting("share"))
	}
	if names := f.expiring(maxAge); len(names) > 0 {
		text += fmt.Sprintf("Results of %s would expire before the next poll, because --cache.max-age=%s is shorter than the interval: "+
			"raise it, or poll less.", strings.Join(names, ", "), model.Duration(maxAge))
	}
	text = wrap(text, "", "")
	for _, kind := range []runzero.Kind{runzero.ExportToken, runzero.OrganizationToken, runzero.AccountCredential} {
		if names := f.unreached[kind]; len(names) > 0 {
			text += wrap(fmt.Sprintf("Not polled without an %s: %s.", kind, strings.Join(names, ", ")), "", "")
		}
	}
	if !f.fits() {
		text += "\nTo make it fit, do one of the following:\n"
		for _, remedy := range f.remedies(maxAge) {
			text += wrap(remedy, "  - ", "    ")
		}
	}
	return text
}

// expiring lists the collectors whose results get too old between polls.
func (f forecast) expiring(maxAge time.Duration) []string {
	var names []string
	for _, r := range f.rows {
		if maxAge > 0 && r.setting != "" && r.stretched(f.stretch) > maxAge && !slices.Contains(names, r.collector) {
			names = append(names, r.collector)
		}
	}
	return names
}

// wrap breaks a text into lines of at most 100 columns where its words permit: one begins with first, others with next.
func wrap(text, first, next string) string {
	const columns = 100
	lines, line := "", first
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > columns && strings.TrimSpace(line) != "" {
			lines += strings.TrimRight(line, " ") + "\n"
			line = next
		}
		line += word + " "
	}
	return lines + strings.TrimRight(line, " ") + "\n"
}
