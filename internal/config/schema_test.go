package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
)

// TestTheExampleHasEveryKey checks it in its words, because some keys exclude others and
// are in comments.
func TestTheExampleHasEveryKey(t *testing.T) {
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
		t.Errorf("only %d keys are looked for: %v", len(all), all)
	}
	for _, key := range all {
		if !regexp.MustCompile(`(?m)(^ *(# |- )?|[{,] ?)` + key + `:`).Match(text) {
			t.Errorf("%s is not in the example", key)
		}
	}
}

// keysOf lists the keys of a type and of all below it, but for prometheus/common's.
func keysOf(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return keysOf(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	if value, ok := t.FieldByName("Value"); ok { // an at
		return keysOf(value.Type)
	}
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i)
		key, _, tagged := strings.Cut(field.Tag.Get("yaml"), ",")
		if !tagged || field.Type == reflect.TypeFor[httpClient]() {
			continue
		}
		if key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, keysOf(field.Type)...)
	}
	return keys
}
