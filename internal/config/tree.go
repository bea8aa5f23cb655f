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

// What a file may hold. Aliases can make much of little, so that its size is not enough.
const (
	mostBytes = 1 << 20
	mostNodes = 50_000
	mostDepth = 50
)

// readTree reads the one YAML document of a file: without aliases, which are replaced
// by what they stand for, and without a key twice. It is nil when there is nothing in
// the file but comments.
func readTree(file string, text []byte) (*yaml.Node, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%s: the file is larger than %d KiB", file, mostBytes>>10)
	}
	if i := unreadable(text); i >= 0 {
		return nil, fmt.Errorf("%s:%d: this is no UTF-8 text", file, lineAt(text, i))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(file, text, err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document begins here: a configuration is one", file, second.Line)
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(file, text, err)
	}
	tree := tree{file: file}
	return tree.expand(document.Content[0], 0)
}

// unreadable is the index of the first byte that no text file has, or -1.
func unreadable(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == '\x7f' {
			return i
		}
		i += size
	}
	return -1
}

func lineAt(text []byte, i int) int { return 1 + bytes.Count(text[:i], []byte("\n")) }

// syntaxError gives an error of the YAML library the line that it is about. The
// library counts from 0 in some errors, and has no line in those of the first line.
func syntaxError(file string, text []byte, err error) error {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if found := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(message); found != nil {
		line, _ = strconv.Atoi(found[1])
		message = found[2]
		if strings.HasPrefix(message, "did not find expected") {
			line++
		}
	}
	// What the library takes for an alias may be a secret.
	if found := regexp.MustCompile(`^unknown anchor '(.*)' referenced$`).FindStringSubmatch(message); found != nil {
		line = lineAt(text, max(0, bytes.Index(text, []byte("*"+found[1]))))
		message = "this refers to an anchor that is not there; put a value that begins with * in quotes"
	}
	return fmt.Errorf("%s:%d: this is no YAML: %s", file, line, message)
}

// tree makes a plain tree of a parsed document.
type tree struct {
	file  string
	nodes int
}

func (t *tree) errorf(n *yaml.Node, format string, args ...any) error {
	return place{file: t.file, line: n.Line}.errorf(format, args...)
}

// expand returns a copy of n without aliases and merges.
func (t *tree) expand(n *yaml.Node, depth int) (*yaml.Node, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	t.nodes++
	switch {
	case depth > mostDepth:
		return nil, t.errorf(n, "this is nested too deep")
	case t.nodes > mostNodes:
		return nil, t.errorf(n, "the file is too large: it holds more than %d values, aliases written out", mostNodes)
	case n.Style&yaml.TaggedStyle != 0:
		return nil, t.errorf(n, "a tag (a word that begins with !) means nothing here: leave it out, or put the value in quotes")
	}
	copied := *n
	copied.Content = nil
	if n.Kind == yaml.MappingNode {
		return &copied, t.mapping(&copied, n.Content, depth)
	}
	for _, child := range n.Content {
		child, err := t.expand(child, depth+1)
		if err != nil {
			return nil, err
		}
		copied.Content = append(copied.Content, child)
	}
	return &copied, nil
}

// mapping fills in a mapping. What it says itself goes before what it merges.
func (t *tree) mapping(n *yaml.Node, content []*yaml.Node, depth int) error {
	lines := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(content); i += 2 {
		key := content[i]
		if key.Kind != yaml.ScalarNode {
			return t.errorf(key, "a key must be one word")
		}
		value, err := t.expand(content[i+1], depth+1)
		switch first := lines[key.Value]; {
		case err != nil:
			return err
		case first != 0:
			return t.errorf(key, "the key%s is here for the second time: the first is in line %d", shown(key.Value), first)
		}
		lines[key.Value] = key.Line
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		n.Content = append(n.Content, key, value)
	}
	if len(merged) > 0 && merged[0].Kind == yaml.SequenceNode {
		merged = merged[0].Content
	}
	for _, other := range merged {
		if other.Kind != yaml.MappingNode {
			return t.errorf(other, "<< merges mappings, and this is none")
		}
		for i := 0; i+1 < len(other.Content); i += 2 {
			if key := other.Content[i]; lines[key.Value] == 0 {
				lines[key.Value] = key.Line
				n.Content = append(n.Content, key, other.Content[i+1])
			}
		}
	}
	return nil
}

// shown is a word of the file for a message, in quotes and after a space, if it can be
// a name of ours. Anything else may be a secret in the wrong place: it is left out.
func shown(s string) string {
	if regexp.MustCompile(`^[a-z][a-z_]{0,40}$`).MatchString(s) {
		return " " + strconv.Quote(s)
	}
	return ""
}
