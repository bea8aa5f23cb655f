package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// natural is a duration as one says it, with two units at most: 3 min, 2 h 5 min, 30 days.
func natural(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	case d.Round(time.Second) < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d.Round(time.Minute) < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d.Round(time.Minute) < day:
		d = d.Round(time.Minute)
		return two(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	}
	d = d.Round(time.Hour)
	days := int64(d / day)
	if days >= 10 {
		return fmt.Sprintf("%d days", days)
	}
	return two(days, verb(days, "day", "days"), int64(d%day/time.Hour), "h")
}

func two(n int64, unit string, m int64, smaller string) string {
	if m == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, m, smaller)
}

// count is a number with its thousands apart.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int64, noun string) string { return count(n) + " " + verb(n, noun, noun+"s") }

// list joins words: a, b and c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
