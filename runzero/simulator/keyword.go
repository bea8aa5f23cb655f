package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// keyword makes a test of records from a term that uses it.
type keyword[T any] func(*view, *term) (func(T) bool, error)

// keywords are those that one kind of record knows; "" is for bare words.
type keywords[T any] map[string]keyword[T]

// search reads the search parameter and reports false when it has answered
// that there is something wrong with it. Without a search all is nil.
func search[T any](q *request, k keywords[T]) (query *expr, match func(T) bool, ok bool) {
	query, err := parseSearch(q.r.URL.Query().Get("search"))
	if err == nil {
		match, err = compile(query, func(t *term) (func(T) bool, error) {
			if key, ok := k[t.key]; ok {
				return key(q.view, t)
			}
			return nil, fmt.Errorf("unknown keyword %q", t.key)
		})
	}
	if err != nil {
		q.fail(http.StatusUnprocessableEntity, "invalid search: "+err.Error())
		return nil, nil, false
	}
	return query, match, true
}

func byText[T any](f func(T) string) keyword[T] {
	return func(_ *view, t *term) (func(T) bool, error) {
		in := t.text()
		return func(rec T) bool { return in(f(rec)) }, nil
	}
}

// byAny matches when one of several texts does.
func byAny[T any](f func(T) []string) keyword[T] {
	return func(_ *view, t *term) (func(T) bool, error) {
		in := t.text()
		return func(rec T) bool { return slices.ContainsFunc(f(rec), in) }, nil
	}
}

// bySite matches a site by its id or by its name.
func bySite[T any](f func(T) *site) keyword[T] {
	return func(_ *view, t *term) (func(T) bool, error) {
		in := t.text()
		return func(rec T) bool { s := f(rec); return s != nil && (s.id == t.value || in(s.name)) }, nil
	}
}

func byFlag[T any](f func(T) bool) keyword[T] {
	return func(_ *view, t *term) (func(T) bool, error) {
		want, err := t.bool()
		return func(rec T) bool { return f(rec) == want }, err
	}
}

func byNumber[T any](f func(T) int64) keyword[T] {
	return func(_ *view, t *term) (func(T) bool, error) {
		in, err := t.number()
		return func(rec T) bool { return in(f(rec)) }, err
	}
}

// bySince is for times of what has been, byUntil for ends.
func bySince[T any](f func(T) int64) keyword[T] {
	return func(v *view, t *term) (func(T) bool, error) {
		in, err := t.since(v.now)
		return func(rec T) bool { return in(f(rec)) }, err
	}
}

func byUntil[T any](f func(T) int64) keyword[T] {
	return func(v *view, t *term) (func(T) bool, error) {
		in, err := t.until(v.now)
		return func(rec T) bool { return in(f(rec)) }, err
	}
}

// withAssetKeywords adds those of the asset that a record belongs to, for rows
// have the fields of both; a record's own come first.
func withAssetKeywords[T any](own keywords[T], of func(T) *asset) keywords[T] {
	all := keywords[T]{}
	for name, key := range assetKeywords() {
		all[name] = func(v *view, t *term) (func(T) bool, error) {
			match, err := key(v, t)
			return func(rec T) bool { return match(of(rec)) }, err
		}
	}
	maps.Copy(all, own)
	return all
}
