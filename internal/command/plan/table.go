package plan

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// maxNameLength is how much of an organization's name the table shows, so that it stays within 100 columns.
const maxNameLength = 28

// table shows how often each poll is made, and how many calls that takes.
func (f forecast) table() string {
	cells := [][]string{{"COLLECTOR", "ORGANIZATION", "CALLS A POLL", "INTERVAL WANTED", "RESULTING", "CALLS A DAY"}}
	for _, r := range f.rows {
		name := []rune(r.organization)
		if len(name) > maxNameLength {
			name = append(name[:maxNameLength-1], '…')
		}
		cells = append(cells, []string{
			r.collector, string(name), fmt.Sprintf("%.0f", r.load.Calls),
			formatInterval(r.load.Interval), formatInterval(r.stretched(f.stretch)), fmt.Sprintf("%.1f", r.daily(f.stretch)),
		})
	}
	cells = append(cells, []string{"total", "", "", "", "", fmt.Sprintf("%.1f", f.demand/f.stretch)})
	return align(cells)
}

// align pads cells into columns: two columns of words, the rest numbers.
func align(cells [][]string) string {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var table strings.Builder
	for _, line := range cells {
		text := fmt.Sprintf("%-*s  %-*s", widths[0], line[0], widths[1], line[1])
		for i, cell := range line[2:] {
			text += fmt.Sprintf("  %*s", widths[i+2], cell)
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
