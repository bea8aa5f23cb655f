package runzero

import (
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// bigNumber reads an integer of any size; nil when there is none.
func bigNumber(value string) *big.Int {
	n, ok := new(big.Int).SetString(strings.TrimSpace(value), 10)
	if !ok {
		return nil
	}
	return n
}

// FuzzUsage reads any headers: each is unknown or its value, within range, whatever the others are.
func FuzzUsage(f *testing.F) {
	f.Add("12345", "99", "100", "1")
	f.Add("0", " 7 ", "+5", "-1")
	f.Add("1000000000000", "1000000000001", "9223372036854775808", "-99999999999999999999")
	f.Add("", "many", "1.0", "0x10")
	f.Add("1_000", "١", "\u00a07", "1e3")
	f.Fuzz(func(t *testing.T, total, today, limit, remaining string) {
		of := func(name, value string) Count {
			alone := http.Header{}
			alone.Set(name, value)
			usage, others := parseUsage(alone), 0
			var got Count
			for at, count := range map[string]Count{"X-API-Usage-Total": usage.Total, "X-API-Usage-Today": usage.Today, "X-API-Usage-Limit": usage.Limit, "X-API-Usage-Remaining": usage.Remaining} {
				if at == name {
					got = count
				} else if count != (Count{}) {
					others++
				}
			}
			n, known := got.Get()
			number := bigNumber(value)
			within := number != nil && number.Sign() >= 0 && number.Cmp(big.NewInt(mostUsage)) <= 0
			if known != within || known && number.Int64() != n || others > 0 {
				t.Errorf("%s: %q is %d, known: %t; %d others", name, value, n, known, others)
			}
			return got
		}
		want := Usage{Total: of("X-API-Usage-Total", total), Today: of("X-API-Usage-Today", today), Limit: of("X-API-Usage-Limit", limit), Remaining: of("X-API-Usage-Remaining", remaining)}
		h := http.Header{}
		h.Set("x-api-usage-total", total)
		h.Set("x-api-usage-today", today)
		h.Set("x-api-usage-limit", limit)
		h.Set("x-api-usage-remaining", remaining)
		if got := parseUsage(h); got != want {
			t.Errorf("together %+v, and each alone %+v", got, want)
		}
	})
}

// FuzzRetryAfter reads any header at any time: a number of seconds, or the time until a date, but never less than
// nothing or more than a day.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "30", " 30 ", "-30", "86401", "99999999999999999999999", "-99999999999999999999999", "soon", "1.5", "+5", "18700000000000000000A", "-18700000000000000000-5",
		"Wed, 19 Aug 2026 12:01:30 GMT", "Wednesday, 19-Aug-26 12:01:30 GMT", "Wed Aug 19 12:01:30 2026", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(value, testTime.Unix())
	}
	f.Add("Wed, 19 Aug 2026 12:01:30 GMT", int64(-1<<40))
	f.Fuzz(func(t *testing.T, value string, seconds int64) {
		now := time.Unix(seconds%(1<<36), 0)
		got, want := retryAfter(value, now), time.Duration(0)
		if n := bigNumber(value); n != nil {
			day := big.NewInt(int64(longestRetryAfter / time.Second))
			switch {
			case n.Sign() < 0:
			case n.Cmp(day) > 0:
				want = longestRetryAfter
			default:
				want = time.Duration(n.Int64()) * time.Second
			}
		} else if date, err := http.ParseTime(value); err == nil && date.After(now) {
			want = longestRetryAfter
			if date.Before(now.Add(longestRetryAfter)) {
				want = time.Duration(date.Unix()-now.Unix()) * time.Second
			}
		}
		if got != want {
			t.Errorf("%q at %v: %v, want %v", value, now, got, want)
		}
	})
}
