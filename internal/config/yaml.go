package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of a file. The YAML library limits what aliases may multiply it to.
const (
	maxBytes  = 1 << 20
	maxValues = 50_000
)

// unmarshal reads the only document of a file. Unknown keys are errors. (goccy/go-yaml has errors with positions, but
// changes values that look like numbers: a token 1_000 would become 1000.)
func unmarshal(text []byte, into any) error {
	if len(text) > maxBytes {
		return position{}.errorf("the file is larger than %d KiB", maxBytes>>10)
	}
	line := 0
	for content := range bytes.Lines(text) {
		line++
		if !utf8.Valid(content) || bytes.ContainsFunc(content, isControl) {
			return position{line: line}.errorf("invalid UTF-8 or control character")
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil // only comments
		}
		return explain(err, text)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return position{line: second.Line}.errorf("a second document begins here: the file must be a single YAML document")
	case !errors.Is(err, io.EOF):
		return explain(err, text)
	}
	values := 0
	if err := checkNodes(&first, &values); err != nil {
		return err
	}
	decoder = yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	return explain(decoder.Decode(into), text)
}

func isControl(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == '\x7f' }

// checkNodes refuses what the library accepts and no configuration needs.
func checkNodes(n *yaml.Node, values *int) error {
	for _, child := range n.Content {
		*values++
		p := position{line: child.Line}
		switch {
		case *values > maxValues:
			return p.errorf("the file holds more than %d values", maxValues)
		case child.Style&yaml.TaggedStyle != 0:
			return p.errorf("YAML tags are not supported: remove the tag, or put a value that begins with ! in quotes")
		case child.Tag == "!!null" && n.Kind == yaml.SequenceNode:
			return p.errorf("empty list entry: give it a value, or remove it")
		}
		if err := checkNodes(child, values); err != nil {
			return err
		}
	}
	return nil
}

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
