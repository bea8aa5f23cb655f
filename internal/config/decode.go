package config

import (
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// decode reads a tree into a value that yaml tags describe, and remembers the places
// of what is an at. The library's own decoder has no lines for what is found wrong
// later, repeats values in its messages, which may be secrets, and does not refuse
// unknown keys below an Unmarshaler.
func decode(p place, into any) error {
	if placed, ok := into.(interface{ put(place) any }); ok {
		into = placed.put(p)
	}
	v := reflect.ValueOf(into).Elem()
	if p.node.Tag == "!!null" {
		switch v.Kind() {
		case reflect.Struct, reflect.Map, reflect.Pointer, reflect.Interface:
			return nil // no key is set
		}
		return p.wrong("has no value: give it one, or leave it out")
	}
	switch own := into.(type) {
	case interface{ read(string) error }:
		var text string
		if err := decode(p, &text); err != nil {
			return err
		}
		if err := own.read(text); err != nil {
			return p.wrong("%w", err)
		}
		return nil
	case interface{ UnmarshalYAML(func(any) error) error }:
		return unmarshal(p, own.UnmarshalYAML, into)
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decode(p, v.Interface())
	case reflect.Struct:
		return decodeStruct(p, v)
	case reflect.Map:
		return decodeMap(p, v)
	case reflect.Slice:
		return decodeList(p, v)
	case reflect.Interface:
		if p.node.Decode(into) != nil {
			return p.wrong("has a value that means nothing here")
		}
		return nil
	}
	return decodeScalar(p, v)
}

// unmarshal lets one of prometheus/common's types read itself.
func unmarshal(p place, read func(func(any) error) error, into any) error {
	var ours error
	err := read(func(into any) error {
		ours = decode(p, into)
		return ours
	})
	switch {
	case ours != nil:
		return ours
	case err == nil:
		return nil
	case errors.As(err, new(*url.Error)):
		return p.wrong("must be a URL") // its error repeats it, with the password
	}
	if _, ok := into.(*promconfig.TLSVersion); ok {
		return p.wrong("must be one of %s", strings.Join(slices.Sorted(maps.Keys(promconfig.TLSVersions)), ", "))
	}
	return p.errorf("%s: %w", p.name, err)
}

func decodeStruct(p place, v reflect.Value) error {
	known, rest := fields(v)
	switch {
	case p.node.Kind != yaml.MappingNode && rest.IsValid():
		return p.wrong("must have keys of its own")
	case p.node.Kind != yaml.MappingNode:
		return p.wrong("must have keys of its own, of %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	for i := range p.entries() {
		below := p.entry(i)
		field, ok := known[below.name]
		switch {
		case ok:
			if err := decode(below, field.Addr().Interface()); err != nil {
				return err
			}
		case rest.IsValid():
			if err := decodeEntry(below, rest); err != nil {
				return err
			}
		default:
			return below.errorf("unknown key%s: the keys here are %s", shown(below.name), strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}

// fields are a struct's fields by their keys, those of inlined structs too, and the
// inlined map, which takes all other keys.
func fields(v reflect.Value) (known map[string]reflect.Value, rest reflect.Value) {
	known = map[string]reflect.Value{}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline") && field.Type.Kind() == reflect.Map:
			rest = v.Field(i)
		case strings.Contains(options, "inline"):
			inlined, _ := fields(v.Field(i))
			maps.Copy(known, inlined)
		case key != "":
			known[key] = v.Field(i)
		}
	}
	return known, rest
}

func decodeMap(p place, v reflect.Value) error {
	if p.node.Kind != yaml.MappingNode {
		return p.wrong("must have keys of its own")
	}
	for i := range p.entries() {
		if err := decodeEntry(p.entry(i), v); err != nil {
			return err
		}
	}
	return nil
}

func decodeEntry(p place, of reflect.Value) error {
	if of.IsNil() {
		of.Set(reflect.MakeMap(of.Type()))
	}
	entry := reflect.New(of.Type().Elem())
	if err := decode(p, entry.Interface()); err != nil {
		return err
	}
	of.SetMapIndex(reflect.ValueOf(p.name), entry.Elem())
	return nil
}

func decodeList(p place, v reflect.Value) error {
	if p.node.Kind != yaml.SequenceNode {
		return p.wrong("must be a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), len(p.node.Content), len(p.node.Content)))
	for i := range p.node.Content {
		if err := decode(p.item(i), v.Index(i).Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}

// decodeScalar reads a word as it is written, because a name may look like a number.
// For the rest it goes by YAML's own idea of what the value is, lest half a thing be
// cut off a number or a word pass for the truth.
func decodeScalar(p place, v reflect.Value) error {
	wants, tags := "must be one value", ""
	switch v.Kind() {
	case reflect.String:
		if p.node.Kind == yaml.ScalarNode {
			v.SetString(p.node.Value)
			return nil
		}
	case reflect.Bool:
		wants, tags = "must be true or false", "!!bool"
	case reflect.Int:
		wants, tags = "must be a whole number", "!!int"
	case reflect.Float64:
		wants, tags = "must be a number", "!!int !!float"
	}
	if !slices.Contains(strings.Fields(tags), p.node.Tag) || p.node.Decode(v.Addr().Interface()) != nil {
		return p.wrong("%s", wants)
	}
	return nil
}
