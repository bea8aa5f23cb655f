package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// place is where something was decided: a key of the file, or a flag. The zero place
// is nowhere.
type place struct {
	name string // of the key, or of the flag with its dashes
	file string // empty: a flag
	line int
	node *yaml.Node // the key's value
}

func (p place) set() bool { return p.name != "" }

// String is how users find the place again.
func (p place) String() string {
	if p.file == "" {
		return p.name
	}
	return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.name)
}

// wrong says of what was decided there what is wrong with it: "config.yml:12: interval
// must be …", "--cache.interval must be …".
func (p place) wrong(format string, args ...any) error {
	return p.errorf("%s "+format, append([]any{p.name}, args...)...)
}

// errorf makes an error that begins with the place's line, if it has one.
func (p place) errorf(format string, args ...any) error {
	if p.file == "" {
		return fmt.Errorf(format, args...)
	}
	return fmt.Errorf("%s:%d: "+format, append([]any{p.file, p.line}, args...)...)
}

// entry is the place of the i-th key of a mapping.
func (p place) entry(i int) place {
	key, value := p.node.Content[2*i], p.node.Content[2*i+1]
	return place{name: key.Value, file: p.file, line: key.Line, node: value}
}

// entries is how many keys there are.
func (p place) entries() int {
	if p.node.Kind != yaml.MappingNode {
		return 0
	}
	return len(p.node.Content) / 2
}

// item is the place of the i-th item of a list.
func (p place) item(i int) place {
	node := p.node.Content[i]
	return place{name: p.name, file: p.file, line: node.Line, node: node}
}

// key is the place of a key below, for what prometheus/common's types say nothing
// about themselves; p itself where there is no such key.
func (p place) key(names ...string) place {
	for _, name := range names {
		for i := range p.entries() {
			if below := p.entry(i); below.name == name {
				p = below
				break
			}
		}
	}
	return p
}

// has tells whether a key is given.
func (p place) has(name string) bool { return p.key(name).node != p.node }

// at is a value and where it was decided.
type at[T any] struct {
	Value T
	place
}

// by is a value that a flag decided.
func by[T any](flag string, value T) at[T] {
	return at[T]{Value: value, place: place{name: "--" + flag}}
}

// put tells the decoder where the value goes.
func (a *at[T]) put(p place) any {
	a.place = p
	return &a.Value
}

// IsZero leaves out what was not decided, where a value is written as YAML.
func (a at[T]) IsZero() bool { return !a.set() }

// MarshalYAML writes the value alone.
func (a at[T]) MarshalYAML() (any, error) { return a.Value, nil }
