package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	c, _ := newConsole(Options{Assets: 1000})
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
		t.Errorf("%d assets, %d in truth", len(rows), len(truth))
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

// TestAlphabetical checks the whole table, for encoding/json does not show order.
func TestAlphabetical(t *testing.T) {
	if f := assetFields(); !slices.IsSortedFunc(f, func(a, b field[*asset]) int { return strings.Compare(a.name, b.name) }) {
		t.Error("fields are not in order")
	}
}

func TestStringCounts(t *testing.T) {
	c, _ := newConsole(Options{StringCounts: true})
	for _, r := range lines(t, ask(t, c, "GET", "/export/org/assets.jsonl?fields=service_count", c.ExportToken(0), "").Body) {
		if _, ok := r["service_count"].(string); !ok {
			t.Fatalf("row %v", r)
		}
	}
}

func TestPaging(t *testing.T) {
	c, _ := newConsole(Options{Assets: 250})
	for _, size := range []string{"1", "7", "100", "100000"} {
		var got []string
		key, pages := "", 0
		for {
			var page struct {
				Assets  []struct{ ID string }
				NextKey *string `json:"next_key"`
			}
			get(t, c, "/export/org/assets.json?fields=id&page_size="+size+"&start_key="+url.QueryEscape(key), c.ExportToken(0), 200, &page)
			if page.NextKey == nil || page.Assets == nil {
				t.Fatal("not a page")
			}
			pages++
			for _, a := range page.Assets {
				got = append(got, a.ID)
			}
			if key = *page.NextKey; key == "" {
				break
			}
		}
		var want []string
		for a := range c.Assets(0) {
			want = append(want, a.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("page size %s: %d assets in %d pages, want %d", size, len(got), pages, len(want))
		}
	}
}

func TestSearch(t *testing.T) {
	c, clk := newConsole(Options{Assets: 600})
	site := c.Organizations()[0].Sites[1]
	now := clk.Now().Unix()
	for search, want := range map[string]func(a Asset) bool{
		"":                                func(Asset) bool { return true },
		"alive:t":                         func(a Asset) bool { return a.Alive },
		"alive:f and scanned:true":        func(a Asset) bool { return !a.Alive && a.Scanned },
		"alive:t OR scanned:f":            func(a Asset) bool { return a.Alive || !a.Scanned },
		"type:=laptop":                    func(a Asset) bool { return a.Type == "Laptop" },
		"not type:server risk:critical":   func(a Asset) bool { return a.Type != "Server" && a.Risk == "critical" },
		`site:="` + site.Name + `"`:       func(a Asset) bool { return a.SiteID == site.ID },
		"site:" + site.ID:                 func(a Asset) bool { return a.SiteID == site.ID },
		`os:"windows server" and alive:t`: func(a Asset) bool { return strings.Contains(a.OS, "Windows Server") && a.Alive },
		"os:=":                            func(a Asset) bool { return a.OS == "" },
		"source:crowdstrike":              func(a Asset) bool { return slices.Contains(a.Sources, "CrowdStrike") },
		"os:apple%18":                     func(a Asset) bool { return strings.HasPrefix(a.OS, "Apple") && strings.HasSuffix(a.OS, "18") },
		"last_seen:>30days":               func(a Asset) bool { return a.LastSeen < now-30*day },
		"first_seen:<2weeks":              func(a Asset) bool { return a.FirstSeen >= now-14*day },
		"organization_id:" + c.orgs[0].id: func(Asset) bool { return true },
	} {
		n := 0
		for a := range c.Assets(0) {
			if want(a) {
				n++
			}
		}
		var got []object
		get(t, c, "/export/org/assets.json?fields=id&search="+url.QueryEscape(search), c.ExportToken(0), 200, &got)
		if len(got) != n || n == 0 {
			t.Errorf("%q: %d, want %d", search, len(got), n)
		}
	}
	for _, path := range []string{"/export/org/assets.jsonl", "/export/org/sites.json", "/export/org/tasks.json", "/org/tasks"} {
		for _, bad := range []string{`name:"open`, "and", "alive:t or", "not", ":x", "nonsense:1", "id:", "a and or b"} {
			var problem object
			get(t, c, path+"?search="+url.QueryEscape(bad), c.OrganizationToken(0), 422, &problem)
			if problem["status"] != 422.0 {
				t.Errorf("%s %s: %v", path, bad, problem)
			}
		}
	}
}

func TestTaskSearch(t *testing.T) {
	c, _ := newConsole(Options{})
	var all []object
	get(t, c, "/export/org/tasks.json", c.ExportToken(0), 200, &all)
	for search, want := range map[string]func(o object) bool{
		"type:scan and recur:f":         func(o object) bool { return o["type"] == "scan" && o["recur"] == false },
		"recur:t":                       func(o object) bool { return o["recur"] == true },
		"status:Processed":              func(o object) bool { return o["status"] == "processed" },
		"status:error or recur:t":       func(o object) bool { return o["status"] == "error" || o["recur"] == true },
		"not type:analysis":             func(o object) bool { return o["type"] != "analysis" },
		"source:passive":                func(o object) bool { return o["type"] == "sample" },
		`name:="Azure AD sync"`:         func(o object) bool { return o["name"] == "Azure AD sync" },
		"site:" + c.orgs[0].sites[1].id: func(o object) bool { return o["site_id"] == c.orgs[0].sites[1].id },
	} {
		n := 0
		for _, o := range all {
			if want(o) {
				n++
			}
		}
		var got []object
		get(t, c, "/export/org/tasks.json?search="+url.QueryEscape(search), c.ExportToken(0), 200, &got)
		if len(got) != n || n == 0 {
			t.Errorf("%q: %d, want %d", search, len(got), n)
		}
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

func TestAppendString(t *testing.T) {
	for _, s := range []string{"", "plain", `a "quote" \`, "tab\tnul\x00", "Zürich 東京", "bad\xffutf8\xc3", "\u2028"} {
		b := appendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%q became %s: %q, %v", s, b, got, err)
		}
	}
}
