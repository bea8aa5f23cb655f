package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// search compiles the search parameter into a filter of records; nil means all. When the
// search is invalid it responds with an error and returns false.
//
// The language is the part of runZero's that monitoring needs: field:value, field:=value
// (exact), field:<value and the like for numbers and times, joined by and, or, not and
// parentheses. Terms without an operator between them are joined by and (documented).
func search[T any](q *request, fields []field[T]) (match func(T) bool, ok bool) {
	p := &searchParser[T]{fields: fields, now: q.view.now}
	text := q.r.URL.Query().Get("search")
	if p.words = searchWords.FindAllString(text, -1); len(p.words) == 0 {
		return nil, true
	}
	match, err := p.or()
	switch {
	case len(text) > maxSearch:
		err = errors.New("the search is too long")
	case err == nil && len(p.words) > 0:
		err = fmt.Errorf("unexpected %q", p.words[0])
	}
	if err != nil {
		q.fail(http.StatusBadRequest, "invalid search: "+err.Error())
		return nil, false
	}
	return match, true
}

const maxSearch = 8 << 10 // bytes

// searchWords are parentheses and terms; a quote that is never closed is a word too.
var searchWords = regexp.MustCompile(`[()]|(?:[^\s()"]|"[^"]*")+|"`)

// searchParser has the words that are still to be read.
type searchParser[T any] struct {
	words  []string
	fields []field[T]
	now    int64
}

// next is the next word in lower case, "" at the end.
func (p *searchParser[T]) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return strings.ToLower(p.words[0])
}

func (p *searchParser[T]) or() (func(T) bool, error) {
	left, err := p.and()
	if err != nil || p.next() != "or" {
		return left, err
	}
	p.words = p.words[1:]
	right, err := p.or()
	return func(rec T) bool { return left(rec) || right(rec) }, err
}

func (p *searchParser[T]) and() (func(T) bool, error) {
	left, err := p.not()
	if err != nil || slices.Contains([]string{"", "or", ")"}, p.next()) {
		return left, err
	}
	if p.next() == "and" {
		p.words = p.words[1:]
	}
	right, err := p.and()
	return func(rec T) bool { return left(rec) && right(rec) }, err
}

func (p *searchParser[T]) not() (func(T) bool, error) {
	word := p.next()
	if word == "" {
		return nil, errors.New("the search ends too early")
	}
	whole := p.words[0]
	p.words = p.words[1:]
	switch word {
	case "not":
		match, err := p.not()
		return func(rec T) bool { return !match(rec) }, err
	case "(":
		match, err := p.or()
		if err != nil {
			return nil, err
		}
		if p.next() != ")" {
			return nil, errors.New("missing )")
		}
		p.words = p.words[1:]
		return match, nil
	}
	return p.term(whole)
}

// keywords are the names that searches have for fields, most specific first. Of a list of fields any may match.
var keywords = map[string][]string{
	"site":            {"site_id site_name", "directory_user_site_id", "directory_group_site_id", "id name"},
	"address":         {"service_address", "addresses"},
	"name":            {"names", "directory_user_display_name", "directory_group_display_name", "essid", "software_product", "vulnerability_name"},
	"tag":             {"tags"},
	"source":          {"sources"},
	"os_eol":          {"eol_os"},
	"os_eol_extended": {"eol_os_ext"},
	"outlier":         {"outlier_score"},
	"protocol":        {"service_protocol", "service_protocols"},
	"protocols":       {"service_protocol", "service_protocols"},
	"transport":       {"service_transport"},
	"port":            {"service_port", "service_ports_tcp service_ports_udp"},
	"product":         {"software_product", "service_products"},
	"vendor":          {"software_vendor"},
	"version":         {"software_version"},
	"cve":             {"vulnerability_cve"},
	"severity":        {"vulnerability_severity"},
	"risk":            {"vulnerability_risk", "risk", "risk_rank"},
	"valid_from":      {"validity_start"},
	"valid_until":     {"validity_end"},
}

func (p *searchParser[T]) term(word string) (func(T) bool, error) {
	name, value, _ := strings.Cut(word, ":")
	if name == "" || value == "" {
		return nil, fmt.Errorf("%q is not field:value", word)
	}
	name = strings.ToLower(name)
	for _, names := range append(keywords[name], name) {
		fields := project(p.fields, strings.Fields(names))
		if len(fields) == 0 || len(fields) < len(strings.Fields(names)) {
			continue
		}
		match, err := matchValue(fields[0].name, strings.ReplaceAll(value, `"`, ""), p.now)
		return func(rec T) bool {
			return slices.ContainsFunc(fields, func(f field[T]) bool { return match(values(f.append(rec, nil))) })
		}, err
	}
	return nil, fmt.Errorf("unknown field %q", name)
}

// yesNo are the fields that are true or false; any other value in a search is an error.
var yesNo = []string{"alive", "scanned", "recur", "hidden", "self_signed", "is_ca", "vulnerability_exploitable", "connected", "inactive", "demo", "project", "enabled"}

// ends are the fields that hold the end of something, which may be in the future.
var ends = []string{"eol_os", "eol_os_ext", "validity_end"}

// matchValue makes the test of one value.
func matchValue(name, value string, now int64) (func([]string) bool, error) {
	exact := strings.HasPrefix(value, "=")
	value = strings.ToLower(strings.TrimPrefix(value, "="))
	if slices.Contains(yesNo, name) {
		yes, no := slices.Contains([]string{"t", "true", "yes", "1"}, value), slices.Contains([]string{"f", "false", "no", "0"}, value)
		if yes == no {
			return nil, fmt.Errorf("%s is true or false, not %q", name, value)
		}
		return func(found []string) bool { return slices.Contains(found, "true") == yes }, nil
	}
	if strings.ContainsAny(value[:min(1, len(value))], "<>") {
		return compareValue(name, value, now)
	}
	if want, err := strconv.ParseInt(value, 10, 64); err == nil {
		return func(found []string) bool {
			return slices.ContainsFunc(found, func(s string) bool { n, err := strconv.ParseInt(s, 10, 64); return err == nil && n == want })
		}, nil
	}
	return func(found []string) bool {
		return slices.ContainsFunc(found, func(s string) bool {
			s = strings.ToLower(s)
			return s == value || !exact && strings.Contains(s, value)
		})
	}, nil
}

var comparison = regexp.MustCompile(`^(<=?|>=?)\s*(?:(now)|(\d+)\s*(?:(minute|hour|h|day|d|week|w|month|year)s?)?)$`)

var spans = map[string]int64{"minute": minute, "hour": hour, "h": hour, "day": day, "d": day, "week": 7 * day, "w": 7 * day, "month": 30 * day, "year": 365 * day}

// compareValue compares with a number or with a time. last_seen:<90days means less than 90 days ago,
// valid_until:<30days less than 30 days from now. What never was or never ends (0) is no time and does not match.
func compareValue(name, value string, now int64) (func([]string) bool, error) {
	parts := comparison.FindStringSubmatch(value)
	if parts == nil {
		return nil, fmt.Errorf("cannot compare %s with %q", name, value)
	}
	than, err := strconv.ParseInt("0"+parts[3], 10, 40)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is too large", name, value)
	}
	isTime := parts[2] != "" || parts[4] != ""
	if isTime {
		than *= max(1, spans[parts[4]])
	}
	return func(found []string) bool {
		n, err := strconv.ParseInt(strings.Join(found, ""), 10, 64)
		switch {
		case err != nil || isTime && n == 0:
			return false
		case isTime && slices.Contains(ends, name):
			n -= now
		case isTime:
			n = now - n
		}
		return n < than && parts[1][0] == '<' || n > than && parts[1][0] == '>' || n == than && len(parts[1]) == 2
	}, nil
}

// values are the forms in which searches see the value of a field: the elements of lists, tags as name=value.
func values(text []byte) []string {
	switch {
	case len(text) == 0:
	case text[0] == '"' && !bytes.ContainsRune(text, '\\'):
		return []string{string(text[1 : len(text)-1])}
	case text[0] != '"' && text[0] != '[' && text[0] != '{' && text[0] != 'n':
		return []string{string(text)} // a number, true or false
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return []string{""} // the record does not have the field
	}
	var all []string
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			all = append(all, fmt.Sprint(element))
		}
	case map[string]any:
		for name, tag := range v {
			all = append(all, strings.TrimSuffix(fmt.Sprint(name, "=", tag), "="))
		}
	case string:
		return []string{v}
	case nil:
		return []string{""}
	default:
		return []string{string(text)}
	}
	return all
}
