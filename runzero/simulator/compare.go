package simulator

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// text matches a value regardless of case: the whole of it when exact, else
// any part. In both, % stands for any characters and _ for one (documented).
func (t *term) text() func(string) bool {
	pattern := strings.ToLower(t.value)
	if !t.exact {
		pattern = "%" + pattern + "%"
	}
	want := []rune(pattern)
	return func(s string) bool { return like([]rune(strings.ToLower(s)), want) }
}

// like matches with the wildcards % and _. It goes back to the last % alone,
// which is enough.
func like(s, pattern []rune) bool {
	at, star, from := 0, -1, 0
	for i := 0; i < len(s); {
		switch {
		case at < len(pattern) && pattern[at] == '%':
			star, from = at, i
			at++
		case at < len(pattern) && (pattern[at] == '_' || pattern[at] == s[i]):
			at++
			i++
		case star >= 0:
			from++
			at, i = star+1, from
		default:
			return false
		}
	}
	for at < len(pattern) && pattern[at] == '%' {
		at++
	}
	return at == len(pattern)
}

func (t *term) bool() (bool, error) {
	switch strings.ToLower(t.value) {
	case "t", "true", "yes", "1":
		return true, nil
	case "f", "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is not a yes or no", t.value)
}

// comparison splits a value into <, <=, >, >= or nothing, and the rest.
func (t *term) comparison() (op, rest string) {
	for _, op := range []string{"<=", ">=", "<", ">"} {
		if rest, ok := strings.CutPrefix(t.value, op); ok {
			return op, strings.TrimSpace(rest)
		}
	}
	return "", t.value
}

func compared(op string, than int64) func(int64) bool {
	switch op {
	case "<":
		return func(n int64) bool { return n < than }
	case "<=":
		return func(n int64) bool { return n <= than }
	case ">":
		return func(n int64) bool { return n > than }
	case ">=":
		return func(n int64) bool { return n >= than }
	}
	return func(n int64) bool { return n == than }
}

func (t *term) number() (func(int64) bool, error) {
	op, rest := t.comparison()
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not a number", t.value)
	}
	return compared(op, n), nil
}

// units are those of spans of time, in the singular.
var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "h": time.Hour, "day": 24 * time.Hour, "d": 24 * time.Hour,
	"week": 7 * 24 * time.Hour, "w": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "year": 365 * 24 * time.Hour}

// since reads how long ago something may be: <90days is within ninety days,
// >24hours longer ago than that. What never was (0) matches nothing.
func (t *term) since(now int64) (func(int64) bool, error) {
	op, span, at, err := t.moment()
	if err != nil {
		return nil, err
	}
	// The older a thing is, the less is its time.
	in := compared(strings.NewReplacer("<", ">", ">", "<").Replace(op), now-span)
	if at != 0 {
		in = compared(op, at)
	}
	return func(n int64) bool { return n != 0 && in(n) }, nil
}

// until reads how long something may last: <30days ends before thirty days are
// over, or has ended, >now has not. What has no end (0) matches nothing.
func (t *term) until(now int64) (func(int64) bool, error) {
	op, span, at, err := t.moment()
	if err != nil {
		return nil, err
	}
	if at == 0 {
		at = now + span
	}
	in := compared(op, at)
	return func(n int64) bool { return n != 0 && in(n) }, nil
}

// moment reads a comparison with now, with a span of time, or with a unix time
// (at is 0 where there is none).
func (t *term) moment() (op string, span, at int64, err error) {
	op, rest := t.comparison()
	if op == "" {
		return "", 0, 0, fmt.Errorf("%q is not compared: write < or > before it", t.value)
	}
	if strings.EqualFold(rest, "now") {
		return op, 0, 0, nil
	}
	i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if i < 0 {
		if at, err = strconv.ParseInt(rest, 10, 64); err != nil || at == 0 {
			return "", 0, 0, fmt.Errorf("%q is not a time", t.value)
		}
		return op, 0, at, nil
	}
	n, err := strconv.ParseInt(rest[:i], 10, 32)
	if err != nil {
		return "", 0, 0, fmt.Errorf("%q is not a span of time", t.value)
	}
	name := strings.ToLower(strings.TrimSpace(rest[i:]))
	if len(name) > 1 {
		name = strings.TrimSuffix(name, "s")
	}
	unit, ok := units[name]
	if !ok {
		return "", 0, 0, fmt.Errorf("unknown unit in %q", t.value)
	}
	return op, n * int64(unit/time.Second), 0, nil
}

// network reads an address or a range of them.
func (t *term) network() (func(netip.Addr) bool, error) {
	if p, err := netip.ParsePrefix(t.value); err == nil {
		return p.Contains, nil
	}
	a, err := netip.ParseAddr(t.value)
	if err != nil {
		return nil, fmt.Errorf("%q is not a network", t.value)
	}
	return func(b netip.Addr) bool { return a == b }, nil
}
