package plan

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// maxNameLength is how much of an organization's name the table shows, so that it stays within 100 columns.
const maxNameLength = 28

func (f forecast) table() string {
	cells := [][]string{{"COLLECTOR", "ORGANIZATION", "REASON", "CALLS A POLL", "INTERVAL WANTED", "RESULTING", "CALLS A DAY"}}
	for _, r := range f.rows {
		name := []rune(r.organization)
		if len(name) > maxNameLength {
			name = append(name[:maxNameLength-1], '…')
		}
		cells = append(cells, []string{
			r.collector, string(name), r.reason, fmt.Sprint(r.calls),
			formatInterval(r.load.Interval), formatInterval(r.load.InForce(f.floor)), fmt.Sprintf("%.1f", r.daily(f.floor)),
		})
	}
	cells = append(cells, []string{"total", "", "", "", "", "", fmt.Sprintf("%.1f", f.total())})
	return align(cells)
}

// align pads cells into columns: three columns of words, the rest numbers.
func align(cells [][]string) string {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var table strings.Builder
	for _, line := range cells {
		text := fmt.Sprintf("%-*s  %-*s  %-*s", widths[0], line[0], widths[1], line[1], widths[2], line[2])
		for i, cell := range line[3:] {
			text += fmt.Sprintf("  %*s", widths[i+3], cell)
		}
		table.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return table.String()
}

// formatInterval writes an interval as flags take it, rounded to about a thousandth.
func formatInterval(d time.Duration) string {
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

// formatCalls writes calls a day, rounded up, so that a share never looks sufficient when it is not.
func formatCalls(calls float64) string {
	return fmt.Sprintf("%.0f", math.Ceil(calls*(1-rounding)))
}

// verdict compares the demand with the share, and lists what to change if it does not fit.
func (f forecast) verdict(maxAge time.Duration) string {
	text := fmt.Sprintf("The intervals need %s API calls a day. This exporter may spend %d: %s=%g of the account's %d. ",
		formatCalls(f.demand), f.calls, f.quotaSetting("share"), f.share.Share, f.limit)
	if f.fits() {
		text += "That fits. "
	} else { // rounded up, so that it is never shown as 1
		text += fmt.Sprintf("That does not fit, so the exporter lengthens intervals as shown, by a factor of up to %.2f. ",
			math.Ceil(f.stretch*100)/100)
	}
	reserve := f.share.ReserveCalls(f.limit)
	if most := f.limit - reserve; most < f.calls && f.demand > float64(most) {
		text += fmt.Sprintf("However, %[1]s=%[2]g reserves %[3]d calls for others. The exporter gets at most %[4]d, and fewer when others spend more, "+
			"so intervals will be longer than shown. Lower %[1]s or %[5]s. ", f.quotaSetting("reserve"), f.share.Reserve, reserve, most, f.quotaSetting("share"))
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

// wrap breaks a text into lines of at most 100 columns. The first line begins with first, the others with next.
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
