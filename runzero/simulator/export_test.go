package simulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/url"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	c, _ := newConsole(Options{Assets: 500})
	full := lines(t, ask(t, c, "GET", "/export/org/assets.jsonl", c.ExportToken(0), "").Body)
	rows := lines(t, ask(t, c, "GET", "/export/org/assets.jsonl?fields="+url.QueryEscape("type, os,nonsense, alive,id,"), c.ExportToken(0), "").Body)
	if len(rows) != len(full) {
		t.Fatalf("%d rows, %d without projection", len(rows), len(full))
	}
	truth := map[string]Asset{}
	for a := range c.Assets(0) {
		truth[a.ID] = a
	}
	if len(truth) != len(rows) {
		t.Errorf("%d assets, %d expected", len(rows), len(truth))
	}
	sparse := 0
	for i, r := range rows {
		a := truth[r["id"].(string)]
		want := object{"alive": a.Alive, "id": a.ID, "os": a.OS, "type": a.Type}
		if a.Sparse {
			sparse++
			delete(want, "os")
			if a.Scanned {
				t.Errorf("scanned and sparse: %+v", a)
			}
		} else if n := len(full[i]); n < 70 {
			t.Errorf("a full record has %d keys", n)
		}
		if !maps.Equal(r, want) {
			t.Errorf("row %v, want %v", r, want)
		}
		if full[i]["service_count"] != float64(a.Services) || full[i]["last_seen"] != float64(a.LastSeen) || full[i]["risk"] != a.Risk {
			t.Errorf("row %v, want %+v", full[i], a)
		}
	}
	if sparse < len(rows)*3/100 || sparse > len(rows)*9/100 {
		t.Errorf("%d of %d assets are sparse", sparse, len(rows))
	}
	first := ask(t, c, "GET", "/export/org/assets.jsonl?fields=type,id,alive", c.ExportToken(0), "").Body.String()
	if !strings.HasPrefix(first, `{"alive":`) || strings.Index(first, `"id"`) > strings.Index(first, `"type"`) {
		t.Errorf("keys are not alphabetical: %.100s", first)
	}
	var tasks []object
	get(t, c, "/export/org/tasks.json?fields=status,id,xx", c.ExportToken(0), 200, &tasks)
	if len(tasks) == 0 || len(tasks[0]) != 2 {
		t.Errorf("%d tasks, first %v", len(tasks), tasks[0])
	}
	var none []object
	get(t, c, "/export/org/assets.json?fields=xx", c.ExportToken(0), 200, &none)
	if len(none) != len(rows) || len(none[0]) != 0 {
		t.Errorf("only unknown fields: %d rows, first %v", len(none), none[0])
	}
}

func TestGzip(t *testing.T) {
	c, _ := newConsole(Options{})
	plain := ask(t, c, "GET", "/export/org/assets.json", c.ExportToken(0), "", "Accept-Encoding", "br, gzip;q=0")
	packed := ask(t, c, "GET", "/export/org/assets.json", c.ExportToken(0), "", "Accept-Encoding", "br;q=1, gzip")
	if plain.Header().Get("Content-Encoding") != "" || packed.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("encodings %v, %v", plain.Header(), packed.Header())
	}
	size := packed.Body.Len()
	z, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(b, plain.Body.Bytes()) {
		t.Errorf("not the same, %v", err)
	}
	if size*4 > len(b) {
		t.Errorf("%d bytes compressed to %d", len(b), size)
	}
}
