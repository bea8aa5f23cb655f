package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// longestName is what a table shows of an organization's name, so that it stays
// within 100 columns.
const longestName = 28

// table shows what is polled how often, and what that costs.
func (f forecast) table() string {
	cells := [][]string{{"COLLECTOR", "ORGANIZATION", "CALLS A POLL", "INTERVAL WANTED", "RESULTING", "CALLS A DAY"}}
	for _, r := range f.rows {
		name := []rune(r.organization)
		if len(name) > longestName {
			name = append(name[:longestName-1], '…')
		}
		cells = append(cells, []string{
			r.collector, string(name), fmt.Sprintf("%.0f", r.load.Calls),
			interval(r.load.Interval), interval(r.stretched(f.stretch)), fmt.Sprintf("%.1f", r.daily(f.stretch)),
		})
	}
	cells = append(cells, []string{"total", "", "", "", "", fmt.Sprintf("%.1f", f.demand/f.stretch)})

	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var table strings.Builder
	for _, line := range cells {
		var text strings.Builder
		for i, cell := range line {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < 2 { // words; the rest is numbers
				text.WriteString(cell + padding + "  ")
			} else {
				text.WriteString(padding + cell + "  ")
			}
		}
		table.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	return table.String()
}

// interval shows an interval as flags are given, to a thousandth or so.
func interval(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		d = d.Round(time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	case d >= time.Second:
		d = d.Round(time.Second)
	}
	return model.Duration(d).String()
}

// verdict says how the demand compares to the share, and what to change.
func (f forecast) verdict(c *config.Config) string {
	text := fmt.Sprintf("Asked for: %s API calls a day. This exporter may spend %d: %s=%g of the account's %d. ",
		number(f.demand), f.calls, f.quotaSetting("share"), f.share.Share, f.limit)
	if f.fits() {
		text += "That fits. "
	} else {
		text += fmt.Sprintf("That does not fit: the exporter makes its intervals %.1f times as long by itself, as shown. ", f.stretch)
	}
	// The last calls of a large share may never be had.
	reserve := int64(math.Ceil(f.share.Reserve * float64(f.limit)))
	if most := f.limit - reserve; most < f.calls && f.demand > float64(most) {
		text += fmt.Sprintf("But %s=%g keeps %d calls for others, so that it gets %d at most, and fewer when others spend more: "+
			"intervals will be longer than shown. Lower %[1]s or %[5]s. ", f.quotaSetting("reserve"), f.share.Reserve, reserve, most, f.quotaSetting("share"))
	}
	if late := f.withdrawn(c.MaxAge); len(late) > 0 {
		text += fmt.Sprintf("Answers of %s would be withdrawn before they are asked for again, because --cache.max-age=%s is shorter than "+
			"that: raise it, or poll less.", strings.Join(late, ", "), model.Duration(c.MaxAge))
	}
	text = wrap(text, "", "")
	for _, needs := range []runzero.Kind{runzero.ExportToken, runzero.OrganizationToken, runzero.AccountCredential} {
		if names := f.unreached[needs]; len(names) > 0 {
			text += wrap(fmt.Sprintf("Not asked, because it takes an %s: %s.", needs, strings.Join(names, ", ")), "", "")
		}
	}
	if !f.fits() {
		text += "\nTo make it fit, do one of these:\n"
		for _, remedy := range f.remedies(c.MaxAge) {
			text += wrap(remedy, "  - ", "    ")
		}
	}
	return text
}

// wrap breaks a text into lines of at most 100 columns, as far as its words permit.
func wrap(text, first, next string) string {
	const columns = 100
	var lines strings.Builder
	line := first
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > columns && strings.TrimSpace(line) != "" {
			lines.WriteString(strings.TrimRight(line, " ") + "\n")
			line = next
		}
		line += word + " "
	}
	lines.WriteString(strings.TrimRight(line, " ") + "\n")
	return lines.String()
}

// withdrawn lists the collectors whose answers get too old between polls.
func (f forecast) withdrawn(maxAge time.Duration) []string {
	var names []string
	for _, r := range f.rows {
		if maxAge > 0 && r.setting != "" && r.stretched(f.stretch) > maxAge && !slices.Contains(names, r.collector) {
			names = append(names, r.collector)
		}
	}
	return names
}

// remedies lists what makes the intervals fit, each by itself.
func (f forecast) remedies(maxAge time.Duration) []string {
	var all []string
	if flags := f.intervals(maxAge); flags != "" {
		all = append(all, "ask less often: "+flags)
	}
	poll := "poll less: switch collectors off with --no-collector.NAME"
	if slices.ContainsFunc(f.rows, func(r row) bool { return r.count > 1 }) || f.organizations() > 1 {
		poll += ", name fewer organizations with "
		if f.inFile {
			poll += "organizations.include"
		} else {
			poll += "--runzero.organization"
		}
	}
	all = append(all, poll)
	// A share of whole percents, which must leave the reserve alone.
	for percent := math.Ceil(100 * f.share.Share); percent <= 100*(1-f.share.Reserve); percent++ {
		raised := quota.Share{Share: percent / 100}
		if float64(raised.Calls(f.limit)) >= f.demand {
			all = append(all, fmt.Sprintf("spend more, if no other tool needs the calls: %s=%g", f.quotaSetting("share"), raised.Share))
			break
		}
	}
	all = append(all, fmt.Sprintf("license more assets: with this %s it takes a limit of %s calls a day", f.quotaSetting("share"), number(f.demand/f.share.Share)))
	return all
}

// organizations is the most rows of one collector, each of which is of another
// organization.
func (f forecast) organizations() int {
	rows, most := map[string]int{}, 0
	for _, r := range f.rows {
		rows[r.collector]++
		most = max(most, rows[r.collector])
	}
	return most
}

// longestProposed is an interval beyond which there is no use in asking.
const longestProposed = 30 * 24 * time.Hour

// intervals is the settings that make the demand fit, all intervals as much longer as it
// takes; empty when an answer would get too old in them, or no interval is long
// enough because what no flag sets is too much.
func (f forecast) intervals(maxAge time.Duration) string {
	if maxAge == 0 {
		maxAge = longestProposed
	}
	left := float64(f.calls)
	adjustable := 0.0
	for _, r := range f.rows {
		if r.setting == "" {
			left -= r.daily(1)
		} else {
			adjustable += r.daily(1)
		}
	}
	if left <= 0 || adjustable <= 0 {
		return ""
	}
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
		units := math.Ceil(r.load.Interval.Seconds() * adjustable / left / unit.Seconds()) // never shorter than it takes
		if units*unit.Seconds() > min(maxAge, longestProposed).Seconds() {
			return ""
		}
		longer := time.Duration(units) * unit
		setting := fmt.Sprintf("%s=%s", r.setting, model.Duration(longer))
		if !strings.HasPrefix(r.setting, "--") {
			setting, separator = fmt.Sprintf("%s: %s", r.setting, model.Duration(longer)), "; "
		}
		if !slices.Contains(settings, setting) {
			settings = append(settings, setting)
		}
	}
	return strings.Join(settings, separator)
}

// number shows calls a day: whole, and rounded up, so that the share is never shown
// to be enough where it is not.
func number(calls float64) string {
	const noise = 1e-6 // of adding up fractions
	return fmt.Sprintf("%.0f", math.Ceil(calls-noise))
}
