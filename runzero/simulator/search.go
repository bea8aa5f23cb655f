package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// term is one key:value of a search, or a bare word when the key is empty.
type term struct {
	key, value string
	exact      bool
	not        bool
}

// parseSearch reads the part of the documented query syntax that monitoring
// needs: terms joined by and, or and not, without parentheses. The result is
// a disjunction of conjunctions; nil matches everything.
func parseSearch(s string) ([][]term, error) {
	words, err := splitSearch(s)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	any, all := [][]term{}, []term{}
	not, open := false, true // open: a term must follow
	for _, w := range words {
		switch strings.ToLower(w) {
		case "and", "or":
			if open {
				return nil, fmt.Errorf("unexpected %q", w)
			}
			open = true
			if strings.EqualFold(w, "or") {
				any, all = append(any, all), nil
			}
			continue
		case "not":
			if not {
				return nil, fmt.Errorf("unexpected %q", w)
			}
			not, open = true, true
			continue
		}
		t, err := parseTerm(w)
		if err != nil {
			return nil, err
		}
		t.not, not, open = not, false, false
		all = append(all, t)
	}
	if open {
		return nil, fmt.Errorf("the query ends too early")
	}
	return append(any, all), nil
}

// splitSearch splits at spaces outside of quotes.
func splitSearch(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, open := false, false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
			word.WriteRune(r)
			open = true
		case !quoted && (r == ' ' || r == '\t' || r == '\n'):
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		case !quoted && (r == '(' || r == ')'):
			return nil, fmt.Errorf("parentheses are not simulated")
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("unterminated quote")
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

func parseTerm(w string) (term, error) {
	var t term
	if i := strings.IndexByte(w, ':'); i >= 0 && !strings.HasPrefix(w, `"`) {
		t.key, w = strings.ToLower(w[:i]), w[i+1:]
		if t.key == "" {
			return t, fmt.Errorf("missing keyword before %q", ":"+w)
		}
		if strings.HasPrefix(w, "=") {
			t.exact, w = true, w[1:]
		}
		if w == "" && !t.exact {
			return t, fmt.Errorf("missing value of %q", t.key)
		}
	}
	t.value = strings.ReplaceAll(w, `"`, "")
	return t, nil
}

// text matches a value: the whole of it when exact, else any part, with % as
// the wildcard, in either case regardless of case (documented).
func (t *term) text(s string) bool {
	s, want := strings.ToLower(s), strings.ToLower(t.value)
	if t.exact {
		return s == want
	}
	for part := range strings.SplitSeq(want, "%") {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
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

// age reads <90days and >24hours: within, and longer ago than.
func (t *term) age(now int64) (func(int64) bool, error) {
	v := t.value
	within := strings.HasPrefix(v, "<")
	if !within && !strings.HasPrefix(v, ">") {
		return nil, fmt.Errorf("%q is not an age", v)
	}
	v = strings.TrimSuffix(v[1:], "s")
	i := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	if i <= 0 {
		return nil, fmt.Errorf("%q is not an age", t.value)
	}
	n, err := strconv.ParseInt(v[:i], 10, 32)
	if err != nil {
		return nil, err
	}
	unit, ok := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "h": time.Hour, "day": 24 * time.Hour, "d": 24 * time.Hour,
		"week": 7 * 24 * time.Hour, "w": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "year": 365 * 24 * time.Hour}[v[i:]]
	if !ok {
		return nil, fmt.Errorf("unknown unit in %q", t.value)
	}
	cutoff := now - n*int64(unit/time.Second)
	return func(at int64) bool { return at >= cutoff == within }, nil
}

// compile turns a search into a test of records, given what a term means.
func compile[T any](query [][]term, meaning func(*term) (func(T) bool, error)) (func(T) bool, error) {
	if query == nil {
		return nil, nil
	}
	type test struct {
		f   func(T) bool
		not bool
	}
	var any [][]test
	for _, terms := range query {
		var all []test
		for i := range terms {
			f, err := meaning(&terms[i])
			if err != nil {
				return nil, err
			}
			all = append(all, test{f, terms[i].not})
		}
		any = append(any, all)
	}
	return func(rec T) bool {
	alternatives:
		for _, all := range any {
			for _, t := range all {
				if t.f(rec) == t.not {
					continue alternatives
				}
			}
			return true
		}
		return false
	}, nil
}

func unknownKeyword(t *term) error { return fmt.Errorf("unknown keyword %q", t.key) }
