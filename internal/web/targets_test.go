package web_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// found has the discovery web find these arrays.
func found(arrays ...string) func(*web.Config) {
	return func(c *web.Config) {
		c.Targets = func(discovery string, texts []string) (all []json.RawMessage, err error) {
			switch {
			case discovery != "web":
				return nil, errors.New("there is no such discovery")
			case len(texts) > 0:
				return []json.RawMessage{json.RawMessage(fmt.Sprintf("[%q]", texts))}, nil
			case len(arrays) == 0:
				return nil, fmt.Errorf("%w: not yet", poller.ErrIncomplete)
			}
			for _, array := range arrays {
				all = append(all, json.RawMessage(array))
			}
			return all, nil
		}
	}
}

func TestTargets(t *testing.T) {
	for _, test := range []struct {
		path   string
		arrays []string
		want   string
	}{
		{"/sd/web", []string{`[{"a":1},{"b":2}]`, `[]`, `[{"c":3}]`}, `200 [{"a":1},{"b":2},{"c":3}]`},
		{"/sd/web", []string{`[]`, `[]`}, "200 []"},
		{"/sd/web", nil, "503 Not available: not all targets are known: not yet. Prometheus keeps the targets that it has."},
		{"/sd/web?organization=Acme&organization=b", nil, `200 [["Acme" "b"]]`},
		{"/sd/other", []string{`[]`}, "404 Not found: there is no such discovery; /sd/organizations lists the organizations."},
		{"/sd/web/", []string{`[]`}, "404 404 page not found"},
		{"/sd/", []string{`[]`}, "404 404 page not found"},
	} {
		got := get(handler(found(test.arrays...)), test.path)
		if text := fmt.Sprint(got.Code, " ", strings.TrimSpace(got.Body.String())); text != test.want {
			t.Errorf("%s: %s, want %s", test.path, text, test.want)
		}
		if kind := got.Header().Get("Content-Type"); got.Code == http.StatusOK != (kind == "application/json") {
			t.Errorf("%s: %s", test.path, kind)
		}
		if retry := got.Header().Get("Retry-After"); (got.Code == http.StatusServiceUnavailable) != (retry == "60") {
			t.Errorf("%s: Retry-After: %s", test.path, retry)
		}
	}
}

// A client that has the list already gets none, compressed or not, until it is another one.
func TestTargetsAreSentOnlyIfTheyHaveChanged(t *testing.T) {
	list := `["` + strings.Repeat("a", 2000) + `"]`
	h := handler(found(list))
	first := get(h, "/sd/web")
	tag := first.Header().Get("ETag")
	if zipped := get(h, "/sd/web", "Accept-Encoding", "gzip"); zipped.Header().Get("ETag") != tag || zipped.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("%v, want the tag %s", zipped.Header(), tag)
	} else if r, err := gzip.NewReader(zipped.Body); err != nil {
		t.Error(err)
	} else if text, err := io.ReadAll(r); err != nil || string(text) != list {
		t.Errorf("%v: %s", err, text)
	}
	for _, encoding := range []string{"", "gzip"} {
		if got := get(h, "/sd/web", "If-None-Match", tag, "Accept-Encoding", encoding); got.Code != http.StatusNotModified || got.Body.Len() > 0 {
			t.Errorf("the same list: %d %s", got.Code, got.Body)
		}
		if got := get(handler(found(list, "[1]")), "/sd/web", "If-None-Match", tag, "Accept-Encoding", encoding); got.Code != http.StatusOK {
			t.Errorf("another list: %d", got.Code)
		}
	}
	if got := first.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("addresses may be stored: %s", got)
	}
}
