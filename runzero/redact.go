package runzero

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const messageRunes = 200

func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unprinted(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > messageRunes {
		s = string(runes[:messageRunes]) + "…"
	}
	return s
}

func unprinted(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// Anything shaped like a token goes, ours or not.
const telltale = `[A-Z]T[0-9A-Fa-f-]{16,}|(?i:bearer)\s+\S+`

const (
	redacted = "<secret>"
	// A secret shorter than this would redact half of the words there are.
	secretShortest = 4
)

// redact takes out of s what is secret, also as a form or a URL spells it, and where
// it is broken up by what is not printed.
func redact(s string, secrets []string) string {
	// Of two that begin alike the longer goes first, or its end would stay.
	secrets = slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) })
	var patterns []string
	for _, secret := range secrets {
		for _, spelling := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if text, _ := printed(spelling); len(text) >= secretShortest {
				patterns = append(patterns, regexp.QuoteMeta(string(text)))
			}
		}
	}
	pattern := regexp.MustCompile(strings.Join(append(patterns, telltale), "|"))
	return pattern.ReplaceAllString(redactPrinted(s, pattern), redacted)
}

// redactPrinted looks for the pattern in what is printed of s alone, and cuts out of s
// all from the beginning of what it finds to the end.
func redactPrinted(s string, pattern *regexp.Regexp) string {
	text, at := printed(s)
	var out strings.Builder
	rest := 0
	for _, found := range pattern.FindAllIndex(text, -1) {
		out.WriteString(s[rest:at[found[0]]])
		out.WriteString(redacted)
		rest = at[found[1]-1] + 1
	}
	return out.String() + s[rest:]
}

// printed returns what of s is printed, and where in s each byte of that stands.
func printed(s string) (text []byte, at []int) {
	for i, r := range s {
		if unprinted(r) || r == utf8.RuneError {
			continue
		}
		for j := range utf8.RuneLen(r) {
			text, at = append(text, s[i+j]), append(at, i+j)
		}
	}
	return text, at
}
