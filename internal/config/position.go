package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// position is where a setting was made: a flag, or a line of the file. The zero position is
// that of a setting that was not made.
type position struct {
	flag string
	line int
}

func (p position) set() bool { return p != position{} }

// errorf makes an error about the setting. Load adds the file and the line.
func (p position) errorf(format string, args ...any) error {
	return &settingError{p, fmt.Errorf(format, args...)}
}

// wrong is errorf with the name of the setting, which is the flag or else the key.
func (p position) wrong(key, format string, args ...any) error {
	if p.flag != "" {
		key = "--" + p.flag
	}
	return p.errorf("%s "+format, append([]any{key}, args...)...)
}

// settingError is an error about a setting.
type settingError struct {
	position
	error
}

func (e *settingError) Unwrap() error { return e.error }

// locate returns where in the file the setting is.
func (f Flags) locate(p position) string {
	if p.line == 0 { // a key without a value
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, p.line)
}

// sourced is a value of a flag or of the file, with its position.
type sourced[T any] struct {
	Value T
	position
}

// fromFlag is the value of a flag.
func fromFlag[T any](flag string, value T) sourced[T] {
	return sourced[T]{value, position{flag: flag}}
}

// or returns s if it is set, else other.
func (s sourced[T]) or(other sourced[T]) sourced[T] {
	if s.set() {
		return s
	}
	return other
}

// fileOrFlag returns the value of the file if it is set there, else that of the flag. If it
// is set in both places, so that one would be ignored, the error goes to conflict.
func fileOrFlag[T any](f Flags, in sourced[T], flag string, value T, conflict *error) sourced[T] { //nolint:gocritic // conflicts of many settings are collected there
	if in.set() && f.Set[flag] && *conflict == nil {
		*conflict = in.errorf("--%s (or its environment variable) sets this too: remove one", flag)
	}
	return in.or(fromFlag(flag, value))
}

// UnmarshalYAML reads a value of the file. It takes the form of the method that gets no
// node, because below the other the library allows unknown keys.
func (s *sourced[T]) UnmarshalYAML(unmarshal func(any) error) error {
	var node currentNode
	if err := unmarshal(&node); err != nil {
		return err
	}
	s.line = node.Line
	err := unmarshal(&s.Value)
	if err == nil || isLocated(err) {
		return err
	}
	if _, ok := any(s.Value).(model.Duration); ok { // its error repeats the value
		return s.errorf("invalid duration%s: write it like 90s, 15m, 6h or 7d", quoted(node.Value))
	}
	return s.errorf("%w", err)
}

// isLocated reports whether an error has a line, or is one of the YAML library's, to which explain adds it.
func isLocated(err error) bool {
	_, ours := errors.AsType[*settingError](err)
	_, typed := errors.AsType[*yaml.TypeError](err)
	return ours || typed || strings.HasPrefix(err.Error(), "yaml: ")
}

// currentNode receives the node that is being decoded.
type currentNode struct{ *yaml.Node }

func (c *currentNode) UnmarshalYAML(n *yaml.Node) error {
	c.Node = n
	return nil
}
