package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// Keys are looked for in the text, because some are in comments: they exclude others.
func TestExampleHasEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../examples/runzero_exporter.yml")
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"authorization", "credentials_file", "oauth2", "client_id", "client_secret_file", "client_secret", "tls_config", "ca_file", "min_version", "proxy_url", "proxy_from_environment"}
	for _, spec := range collector.Specs() {
		all = append(all, spec.Name)
	}
	all = append(all, keysOf(reflect.TypeFor[file]())...)
	if len(all) < 45 {
		t.Errorf("only %d keys found: %v", len(all), all)
	}
	for _, key := range all {
		if !regexp.MustCompile(`(?m)(^ *(# |- )?|[{,] ?)` + key + `:`).Match(text) {
			t.Errorf("%s is not in the example", key)
		}
	}
}

// keysOf lists the keys of a type, except those of prometheus/common.
func keysOf(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return keysOf(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if value, ok := t.FieldByName("Value"); ok { // sourced
		return keysOf(value.Type)
	}
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if field.Type == reflect.TypeFor[httpClient]() {
			continue
		}
		if key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, keysOf(field.Type)...)
	}
	return keys
}
