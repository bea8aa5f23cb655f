package runzero

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// deciphered is what can be read of a text: its escapes undone, and without what is not
// printed. Each byte knows the part of the text that it stands for.
type deciphered struct {
	text     []byte
	from, to []int
}

// span is the part of the text that some of the bytes stand for.
func (d *deciphered) span(from, to int) span { return span{d.from[from], d.to[to-1]} }

// find returns where something stands in the text.
func (d *deciphered) find(what []byte) []span {
	var spans []span
	for from := 0; ; {
		at := bytes.Index(d.text[from:], what)
		if at < 0 {
			return spans
		}
		spans = append(spans, d.span(from+at, from+at+len(what)))
		from += at + len(what)
	}
}

// solid is the text without blanks.
func (d *deciphered) solid() deciphered {
	var solid deciphered
	for i := 0; i < len(d.text); {
		r, size := utf8.DecodeRune(d.text[i:])
		if !unicode.IsSpace(r) {
			solid.text = append(solid.text, d.text[i:i+size]...)
			solid.from, solid.to = append(solid.from, d.from[i:i+size]...), append(solid.to, d.to[i:i+size]...)
		}
		i += size
	}
	return solid
}

func decipher(s string) deciphered {
	var d deciphered
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		d.add(r, i, i+size)
		for d.undo() {
		}
		i += size
	}
	return d
}

// verbatim is a text with its escapes as they are.
func verbatim(s string) deciphered {
	var d deciphered
	for i, r := range s {
		d.add(r, i, i+utf8.RuneLen(r))
	}
	return d
}

func (d *deciphered) add(r rune, from, to int) {
	if unprinted(r) || r == utf8.RuneError {
		return
	}
	d.text = utf8.AppendRune(d.text, r)
	for len(d.from) < len(d.text) {
		d.from, d.to = append(d.from, from), append(d.to, to)
	}
}

// The escapes of URLs, of JSON and of HTML.
var escaped = regexp.MustCompile(`(?:%([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|(&#?[0-9A-Za-z]{1,8};))$`)

const longestEscape = 12

// undo undoes the escape, if any, that the text ends with. What comes of it may be part
// of another.
func (d *deciphered) undo() bool {
	end := len(d.text)
	tail := d.text[max(0, end-longestEscape):]
	if !bytes.ContainsAny(tail, `%\&`) {
		return false
	}
	found := escaped.FindSubmatch(tail)
	if found == nil {
		return false
	}
	begin := end - len(found[0])
	from, to := d.from[begin], d.to[end-1]
	decoded := html.UnescapeString(string(found[4]))
	if decoded != "" && decoded == string(found[4]) {
		return false // no entity at all
	}
	d.text, d.from, d.to = d.text[:begin], d.from[:begin], d.to[:begin]
	for _, r := range decoded {
		d.add(r, from, to)
	}
	for i, digits := range found[1:4] {
		code, err := strconv.ParseUint(string(digits), 16, 32)
		switch {
		case err != nil:
		case i == 0 && code >= utf8.RuneSelf:
			// One byte of a letter that has several.
			d.text, d.from, d.to = append(d.text, byte(code)), append(d.from, from), append(d.to, to)
		default:
			d.add(rune(code), from, to)
		}
	}
	return true
}
