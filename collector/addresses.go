package collector

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hasAddress reports whether a text contains an e-mail address, which is any @ between two texts, or an IP address.
// Those are never labels.
func hasAddress(text string) bool {
	for i := range len(text) {
		if text[i] != '@' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+1:])
		if i > 0 && i+1 < len(text) && isText(before) && isText(after) {
			return true
		}
	}
	words := strings.FieldsFuncSeq(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '.' && r != ':'
	})
	for word := range words {
		for _, form := range []string{word, strings.Trim(word, ".:")} {
			_, noAddress := netip.ParseAddr(form)
			_, noPort := netip.ParseAddrPort(form)
			if noAddress == nil || noPort == nil {
				return true
			}
		}
	}
	return false
}

func isText(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsControl(r) }
