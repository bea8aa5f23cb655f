//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// row is how many letters and digits in a row of a secret are too many.
const row = 12

// planted are secrets, each of one place alone, so that a leak tells where it is from.
type planted struct {
	places []string
	rows   map[string]string // what is looked for, and what it is
}

func newPlanted() *planted { return &planted{rows: map[string]string{}} }

// secret makes the one of a place, which begins like this.
func (p *planted) secret(beginning, place string) string {
	sum := sha256.Sum256([]byte(place))
	return p.add(place, beginning+base32.StdEncoding.EncodeToString(sum[:20]))
}

// add looks for one that was made elsewhere.
func (p *planted) add(place, secret string) string {
	p.places = append(p.places, place)
	for _, spelled := range spelled(secret) {
		for i := 0; i+row <= len(bare(spelled)); i++ {
			p.rows[bare(spelled)[i:i+row]] = place
		}
	}
	return secret
}

// unseen insists that no text shows a secret, in any spelling.
func (p *planted) unseen(t *testing.T, texts map[string]string) {
	t.Helper()
	for what, text := range texts {
		if text == "" {
			t.Errorf("%s is empty, which proves nothing", what)
		}
		shown, letters := map[string]bool{}, bare(text)
		for i := 0; i+row <= len(letters); i++ {
			if place, found := p.rows[letters[i:i+row]]; found && !shown[place] {
				shown[place] = true
				t.Errorf("%s shows the secret of %s: %s", what, place, letters[i:i+row])
			}
		}
	}
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

// spelled are the ways in which what echoes a request may spell what it repeats.
func spelled(s string) []string {
	all := []string{s, strings.ToLower(s), fmt.Sprintf("%q", s), s[:len(s)/2] + " … ", " … " + s[len(s)/2:], hex.EncodeToString([]byte(s))}
	for _, each := range []string{"%%%02X", "%%25%02x", `\u%04x`, `\\u%04X`, "&#%d;", "&#x%x;"} {
		var text strings.Builder
		for _, b := range []byte(s) {
			fmt.Fprintf(&text, each, b)
		}
		all = append(all, text.String())
	}
	for _, before := range []string{"", "a", "ab"} {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(before+s)))
	}
	for _, size := range []int{1, 4} {
		var pieces []string
		for piece := range slices.Chunk([]byte(s), size) {
			pieces = append(pieces, string(piece))
		}
		all = append(all, strings.Join(pieces, " "), strings.Join(pieces, "\t"))
	}
	return all
}
