package config

import (
	"bytes"
	"errors"
	"io"
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
