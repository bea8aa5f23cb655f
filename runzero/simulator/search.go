package simulator

import (
	"errors"
	"fmt"
	"strings"
)

// term is one key:value of a search, or a bare word when the key is empty.
type term struct {
	key, value string
	exact      bool
}

// expr is a search query: a term, or others joined. A nil expr matches all.
type expr struct {
	join join
	term term    // of a joinTerm
	of   []*expr // of the others
}

type join uint8

const (
	joinTerm join = iota
	joinAnd
	joinOr
	joinNot
)

// Bounds of a query: its words, and how deep parentheses and nots go.
const (
	maxWords   = 1000
	maxNesting = 100
)

// parseSearch reads the documented query syntax: terms, joined by and, or and
// not, and grouped by parentheses. Terms side by side are joined by and.
func parseSearch(s string) (*expr, error) {
	words, err := splitSearch(s)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	if len(words) > maxWords {
		return nil, errors.New("the query is too long")
	}
	p := &searchParser{words: words}
	e, err := p.or(0)
	if err == nil && len(p.words) > 0 {
		err = unexpected(p.words[0])
	}
	return e, err
}

// mentions says whether a term of the query has the keyword.
func (e *expr) mentions(key string) bool {
	if e == nil {
		return false
	}
	for _, sub := range e.of {
		if sub.mentions(key) {
			return true
		}
	}
	return e.join == joinTerm && e.term.key == key
}

// searchParser has the words that are still to be read.
type searchParser struct{ words []string }

func unexpected(word string) error { return fmt.Errorf("unexpected %q", word) }

// next is the word to come, in lower case; "" at the end.
func (p *searchParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return strings.ToLower(p.words[0])
}

func (p *searchParser) or(depth int) (*expr, error) {
	e, err := p.and(depth)
	for err == nil && p.next() == "or" {
		p.words = p.words[1:]
		var sub *expr
		sub, err = p.and(depth)
		e = &expr{join: joinOr, of: []*expr{e, sub}}
	}
	return e, err
}

func (p *searchParser) and(depth int) (*expr, error) {
	e, err := p.not(depth)
	for err == nil {
		switch p.next() {
		case "", "or", ")":
			return e, nil
		case "and":
			p.words = p.words[1:]
		}
		var sub *expr
		sub, err = p.not(depth)
		e = &expr{join: joinAnd, of: []*expr{e, sub}}
	}
	return e, err
}

func (p *searchParser) not(depth int) (*expr, error) {
	if depth > maxNesting {
		return nil, errors.New("the query is nested too deeply")
	}
	word := p.next()
	if word == "" {
		return nil, errors.New("the query ends too early")
	}
	whole := p.words[0]
	p.words = p.words[1:]
	switch word {
	case "and", "or", ")":
		return nil, unexpected(whole)
	case "not":
		sub, err := p.not(depth + 1)
		return &expr{join: joinNot, of: []*expr{sub}}, err
	case "(":
		e, err := p.or(depth + 1)
		if err == nil && p.next() != ")" {
			return nil, errors.New("missing )")
		}
		if err == nil {
			p.words = p.words[1:]
		}
		return e, err
	}
	t, err := parseTerm(whole)
	return &expr{term: t}, err
}

// splitSearch splits at spaces and parentheses outside of quotes.
func splitSearch(s string) ([]string, error) {
	var words []string
	start, quoted := -1, false // where the word under way began
	end := func(i int) {
		if start >= 0 {
			words = append(words, s[start:i])
			start = -1
		}
	}
	for i, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
			if start < 0 {
				start = i
			}
		case quoted:
		case r == ' ' || r == '\t' || r == '\n':
			end(i)
		case r == '(' || r == ')':
			end(i)
			words = append(words, s[i:i+1])
		case start < 0:
			start = i
		}
	}
	if quoted {
		return nil, errors.New("unterminated quote")
	}
	end(len(s))
	return words, nil
}

func parseTerm(w string) (term, error) {
	var t term
	if i := strings.IndexByte(w, ':'); i >= 0 && !strings.HasPrefix(w, `"`) {
		t.key, w = strings.ToLower(w[:i]), w[i+1:]
		if t.key == "" {
			return t, fmt.Errorf("missing keyword before %q", ":"+w)
		}
		if w == "" {
			return t, fmt.Errorf("missing value of %q", t.key)
		}
		w = strings.ReplaceAll(w, `"`, "")
		// The sign may stand before the quotes or within them (seen).
		w, t.exact = strings.CutPrefix(w, "=")
	}
	t.value = strings.ReplaceAll(w, `"`, "")
	return t, nil
}

// compile turns a query into a test of records, given what a term means.
func compile[T any](e *expr, meaning func(*term) (func(T) bool, error)) (func(T) bool, error) {
	if e == nil {
		return nil, nil
	}
	if e.join == joinTerm {
		return meaning(&e.term)
	}
	of := make([]func(T) bool, len(e.of))
	for i, sub := range e.of {
		var err error
		if of[i], err = compile(sub, meaning); err != nil {
			return nil, err
		}
	}
	switch e.join {
	case joinAnd:
		return func(rec T) bool { return of[0](rec) && of[1](rec) }, nil
	case joinOr:
		return func(rec T) bool { return of[0](rec) || of[1](rec) }, nil
	default:
		return func(rec T) bool { return !of[0](rec) }, nil
	}
}
