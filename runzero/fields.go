package runzero

import (
	"strings"
	"time"
)

// fields are the members of a record that are used, by name, each with the function that reads its value into the
// record. All other members are skipped.
type fields map[string]reader

// reader reads the value that the lexer has taken, whatever its form.
type reader func(*lexer)

// set reads the value of one member, if it is used.
func (f fields) set(lex *lexer, name []byte) {
	if read, used := f[string(name)]; used {
		read(lex)
	}
}

func id(to *string) reader         { return func(lex *lexer) { *to = lex.id() } }
func reference(to *string) reader  { return func(lex *lexer) { *to = lex.reference() } }
func text(to *string) reader       { return func(lex *lexer) { *to = lex.text() } }
func lowerCase(to *string) reader  { return func(lex *lexer) { *to = strings.ToLower(lex.text()) } }
func truth(to *Truth) reader       { return func(lex *lexer) { *to = lex.boolean() } }
func isTrue(to *bool) reader       { return func(lex *lexer) { *to = lex.boolean() == True } }
func count(to *Count) reader       { return func(lex *lexer) { *to = lex.count() } }
func instant(to *time.Time) reader { return func(lex *lexer) { *to = lex.time() } }
func object(f fields) reader       { return func(lex *lexer) { lex.object(f) } }

// list reads into one slice, whose memory all records share.
func list(to *[]string) reader {
	var shared []string
	return func(lex *lexer) {
		shared = lex.list(shared)
		*to = shared
	}
}
