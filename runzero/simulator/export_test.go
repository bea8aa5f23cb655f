package simulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"net/url"
	"testing"
)

func TestFields(t *testing.T) {
	c, _ := newConsole(Options{Assets: 500})
	full := lines(t, ask(t, c, "GET", "/export/org/assets.jsonl", c.ExportToken(0), "").Body)
	rows := lines(t, ask(t, c, "GET", "/export/org/assets.jsonl?fields="+url.QueryEscape("type, os,nonsense, alive,id,"), c.ExportToken(0), "").Body)
	i, sparse := 0, 0
	for a := range c.Assets(0) {
		want := object{"alive": a.Alive, "id": a.ID, "os": a.OS, "type": a.Type}
		if a.Sparse {
			sparse++
			delete(want, "os")
		} else if n := len(full[i]); n < 70 {
			t.Errorf("a full record has %d keys", n)
		}
		if !maps.Equal(rows[i], want) {
			t.Errorf("row %v, want %v", rows[i], want)
		}
		if full[i]["service_count"] != float64(a.Services) || full[i]["last_seen"] != float64(a.LastSeen) || full[i]["risk"] != a.Risk {
			t.Errorf("row %v, want %+v", full[i], a)
		}
		i++
	}
	if i != len(rows) || i != len(full) || sparse < i*3/100 || sparse > i*9/100 {
		t.Errorf("%d assets, of which %d are sparse; %d rows, %d without projection", i, sparse, len(rows), len(full))
	}
	var none []object
	get(t, c, "/export/org/assets.json?fields=xx", c.ExportToken(0), 200, &none)
	if len(none) != i || len(none[0]) != 0 {
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
