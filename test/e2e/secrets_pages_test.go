//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"testing"
)

// pages is all that can be had of an exporter over the web, profiles included. header is
// pairs of name and value.
func pages(t *testing.T, base string, header ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	add := func(name, path string, header ...string) {
		t.Helper()
		a, err := ask(client, http.MethodGet, base+path, header...)
		if err != nil {
			t.Fatal(err)
		}
		if a.code != http.StatusOK && path != "/-/ready" {
			t.Errorf("%s: %d: %s", path, a.code, tail(string(a.body)))
		}
		body := a.body
		if zipped, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			if body, err = io.ReadAll(zipped); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		texts[name] = string(body)
		for header, values := range a.header {
			for _, value := range values {
				texts[name] += header + ": " + value + "\n"
			}
		}
	}
	for _, path := range []string{
		"/", "/config", "/-/ready", "/-/healthy", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/symbol?0x1",
		"/debug/pprof/heap", "/debug/pprof/heap?debug=1", "/debug/pprof/allocs?debug=1", "/debug/pprof/goroutine", "/debug/pprof/goroutine?debug=1",
		"/debug/pprof/goroutine?debug=2", "/debug/pprof/block?debug=1", "/debug/pprof/mutex?debug=1", "/debug/pprof/threadcreate?debug=1",
		"/debug/pprof/profile?seconds=1", "/debug/pprof/trace?seconds=1",
	} {
		add(path, path, header...)
	}
	for name, format := range map[string]string{
		"text": "text/plain;version=0.0.4", "text of any names": "text/plain;version=1.0.0;escaping=allow-utf-8", "OpenMetrics": "application/openmetrics-text;version=1.0.0",
		"protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		add("/metrics as "+name, "/metrics", append([]string{"Accept", format}, header...)...)
	}
	return texts
}

// kept is all that is in a folder, which only its user may read.
func kept(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %s", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		text, err := root.ReadFile(path)
		if len(text) > 0 { // a kill may leave a file that was just begun
			texts[path] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
