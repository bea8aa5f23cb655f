package runzero_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// spellings are the ways in which what echoes a request may spell what it repeats.
var spellings = map[string]func(string) string{
	"as it is":             func(s string) string { return s },
	"in lower case":        strings.ToLower,
	"in upper case":        strings.ToUpper,
	"in quotes":            func(s string) string { return fmt.Sprintf("%+q", s) },
	"as a form has it":     url.QueryEscape,
	"as a path has it":     url.PathEscape,
	"in percents":          eachByte("%%%02X"),
	"in percents, twice":   eachByte("%%25%02x"),
	"in JSON":              eachByte(`\u%04x`),
	"in JSON, twice":       eachByte(`\\u%04X`),
	"in a string of C":     eachByte(`\x%02x`),
	"in HTML":              html.EscapeString,
	"in HTML, by number":   eachByte("&#%d;"),
	"in HTML, in hex":      eachByte("&#x%X;"),
	"in base64":            func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"in base64, later":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("Bearer: " + s + "\r\n")) },
	"in base64, later yet": func(s string) string { return base64.URLEncoding.EncodeToString([]byte("Bearer " + s + "\r\n")) },
	"in hexadecimal":       func(s string) string { return hex.EncodeToString([]byte(s)) },
	"in groups":            func(s string) string { return pieces(s, 4, " ") },
	"with dashes":          func(s string) string { return pieces(s, 6, "-") },
	"line by line":         func(s string) string { return pieces(s, 3, "\n") },
	"byte by byte":         func(s string) string { return pieces(s, 1, "\x00") },
	"in two parts":         func(s string) string { return s[:len(s)/2] + " and then " + s[len(s)/2:] },
	"its beginning":        func(s string) string { return s[:len(s)/2] + "…" },
	"its end":              func(s string) string { return "…" + s[len(s)/2:] },
	"in a list":            func(s string) string { return "[" + pieces(s, 1, ", ") + "]" },
}

func eachByte(format string) func(string) string {
	return func(s string) string {
		var out strings.Builder
		for _, b := range []byte(s) {
			fmt.Fprintf(&out, format, b)
		}
		return out.String()
	}
}

func pieces(s string, size int, between string) string {
	var all []string
	for piece := range slices.Chunk([]byte(s), size) {
		all = append(all, string(piece))
	}
	return strings.Join(all, between)
}

// row is how many letters and digits in a row of a secret are too many.
const row = 12

// rows are those of a secret, each with the spelling that it is of.
type rows map[string]string

func rowsOf(secret string) rows {
	all := rows{}
	for name, spell := range spellings {
		spelled := bare(spell(secret))
		for i := 0; i+row <= len(spelled); i++ {
			all[spelled[i:i+row]] = name
		}
	}
	return all
}

// in tells how a text shows the secret; empty is not at all.
func (r rows) in(text string) string {
	text = bare(text)
	for i := 0; i+row <= len(text); i++ {
		if name := r[text[i:i+row]]; name != "" {
			return name + ": " + text[i:i+row]
		}
	}
	return ""
}

// bare is the letters and digits of a text, in lower case.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func TestEverySpellingIsFound(t *testing.T) {
	const secret = "ETsyzygy-jqxv/81+KWkl~ptt=qz0vw"
	for name, spell := range spellings {
		if rowsOf(secret).in("The token is: "+spell(secret)+".") == "" {
			t.Errorf("%s: not found in %q", name, spell(secret))
		}
	}
	if found := rowsOf(secret).in("The token begins with ET, as all of export tokens do: jqxv."); found != "" {
		t.Errorf("found %s where nothing is", found)
	}
}
