package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// explain turns an error of the YAML library into a sentence for users, without the values
// that the library repeats, which may be secrets.
func explain(err error, text []byte) error {
	if _, ok := errors.AsType[*settingError](err); ok || err == nil {
		return err
	}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	typeError, isTypeError := errors.AsType[*yaml.TypeError](err)
	if isTypeError {
		message = typeError.Errors[0]
	}
	p := position{line: 1} // errors in the first line have none
	found, _ := fmt.Sscanf(message, "line %d: ", &p.line)
	if found == 1 {
		_, message, _ = strings.Cut(message, ": ")
	}
	if isTypeError {
		return p.errorf("%s", explainTypeError(message))
	}
	name, isAnchor := strings.CutPrefix(message, "unknown anchor '")
	switch {
	case isAnchor: // or a secret that begins with a star
		before, _, _ := bytes.Cut(text, []byte("*"+strings.TrimSuffix(name, "' referenced")))
		p.line = 1 + bytes.Count(before, []byte("\n"))
		message = "unknown anchor: put a value that begins with * in quotes"
	case found == 1 && strings.HasPrefix(message, "did not find expected"):
		p.line++ // the library counts from 0 here
	case strings.HasSuffix(message, "contains itself"):
		p.line, message = 0, "an anchor contains itself"
	case strings.HasPrefix(message, "invalid map key"):
		p.line, message = 0, "a key must be a single word"
	case strings.HasPrefix(message, "map merge requires"):
		p.line, message = 0, "<< can merge only mappings"
	case strings.HasPrefix(message, "document contains excessive aliasing"):
		p.line, message = 0, "too many values, with aliases expanded"
	}
	return p.errorf("invalid YAML: %s", message)
}

// explainTypeError explains why a value does not fit the configuration.
func explainTypeError(message string) string {
	if field, _, ok := strings.Cut(message, " not found in type "); ok {
		return fmt.Sprintf("unknown key%s: see examples/runzero_exporter.yml for all keys", quoted(strings.TrimPrefix(field, "field ")))
	}
	last := message[strings.LastIndex(message, " ")+1:]
	switch {
	case strings.HasPrefix(message, "mapping key "):
		return "duplicate key: already set in line " + last
	case last == "bool":
		return "expected true or false"
	case last == "float64":
		return "expected a number"
	case strings.HasPrefix(last, "[]"):
		return "expected a list"
	case strings.HasPrefix(message, "cannot unmarshal !!seq"):
		return "a list is not allowed here"
	case strings.HasPrefix(message, "cannot unmarshal !!map"):
		return "a mapping is not allowed here"
	}
	return "expected a mapping"
}

// quoted is a word of the file for a message, after a space and in quotes. It is empty if the word is not like a name
// or a number with a unit: it may be a secret in the wrong place.
func quoted(word string) string {
	if regexp.MustCompile(`^([a-z][a-z_]{0,40}|-?[0-9]{1,6}(\.[0-9]{1,3})? ?[a-z]{0,8})$`).MatchString(word) {
		return " " + strconv.Quote(word)
	}
	return ""
}
