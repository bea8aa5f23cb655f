package runzero

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const messageRunes = 200

func oneLine(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unprinted(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}

func unprinted(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// Anything shaped like a token goes, ours or not.
var telltale = regexp.MustCompile(`[A-Z]T[0-9A-Fa-f-]{16,}|\b[a-z]t[0-9a-f-]{16,}|\b[CDEOX]T[0-9A-Za-z]{20,}|(?i:bearer)\s+\S+`)

const (
	redacted = "<secret>"
	// A secret shorter than this would redact half of the words there are.
	secretShortest = 4
	// So many letters and digits of a secret in a row are not there by chance.
	fragment = 8
)

// Redact takes out of a text what is shaped like a token of runZero's.
func Redact(s string) string { return redact(s, nil) }

// redact takes out of s what is secret: whole or in part, and however it is spelled. What
// echoes a request quotes it, escapes it, breaks it up, changes its case or cuts it off.
func redact(s string, secrets []string) string {
	var spans []span
	// A secret may itself look as if it were escaped.
	for _, seen := range []deciphered{decipher(s), verbatim(s)} {
		spans = append(spans, entire(seen.solid(), secrets)...)
		spans = append(spans, fragments(seen, secrets)...)
	}
	s = cut(s, spans)
	// Once what is known is gone, or what follows it might be taken for a part of it.
	seen := decipher(s)
	spans = nil
	for _, found := range telltale.FindAllIndex(seen.text, -1) {
		spans = append(spans, seen.span(found[0], found[1]))
	}
	return telltale.ReplaceAllString(cut(s, spans), redacted)
}

// entire finds the secrets themselves, whatever they consist of.
func entire(seen deciphered, secrets []string) []span {
	var spans []span
	for _, secret := range secrets {
		for _, form := range []deciphered{decipher(secret), verbatim(secret)} {
			if text := form.solid().text; len(text) >= secretShortest {
				spans = append(spans, seen.find(text)...)
			}
		}
	}
	return spans
}

// span is the part of a text from one byte to before another.
type span struct{ from, to int }

// cut takes out the spans.
func cut(s string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	rest := 0
	for i, each := range spans {
		if i == 0 || each.from > rest {
			out.WriteString(s[rest:each.from])
			out.WriteString(redacted)
		}
		rest = max(rest, each.to)
	}
	return out.String() + s[rest:]
}

// fragments finds the parts of secrets, by their letters and digits alone.
func fragments(seen deciphered, secrets []string) []span {
	parts := map[string]bool{}
	for _, secret := range secrets {
		for _, form := range forms(secret) {
			for _, form := range [][]byte{[]byte(form), decipher(form).text} {
				text, _ := letters(form)
				most := min(len(text), fragment)
				for i := 0; most >= secretShortest && i+most <= len(text); i++ {
					parts[string(text[i:i+most])] = true
				}
			}
		}
	}
	var spans []span
	text, at := letters(seen.text)
	for i := range text {
		for most := secretShortest; most <= fragment && i+most <= len(text); most++ {
			if parts[string(text[i:i+most])] {
				spans = append(spans, seen.span(at[i].from, at[i+most-1].to))
			}
		}
	}
	return spans
}

// forms are the secret itself, in hexadecimal and, wherever in it it stands, in base64.
func forms(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret))}
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
		// The first characters are of what stands before too, and the last of what follows.
		text = text[min((8*before+5)/6, len(text)):]
		if (before+len(secret))%3 != 0 && text != "" {
			text = text[:len(text)-1]
		}
		all = append(all, text)
	}
	return all
}

// letters are the letters and digits of a text, in lower case, and where in it stands what
// each byte of them is of.
func letters(text []byte) (found []byte, at []span) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			found = utf8.AppendRune(found, unicode.ToLower(r))
			for len(at) < len(found) {
				at = append(at, span{i, i + size})
			}
		}
		i += size
	}
	return found, at
}
