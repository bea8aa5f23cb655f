package simulator

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// identity is the field that identifies the rows of each export.
var identity = map[string]string{
	"assets": "id", "services": "service_id", "software": "software_id", "vulnerabilities": "vulnerability_id", "wireless": "id", "certificates": "id",
	"users": "directory_user_id", "groups": "directory_group_id", "findings": "id", "sites": "id", "tasks": "id",
}

func exported(t *testing.T, c *Console, org int, of, query string) []object {
	t.Helper()
	w := ask(t, c, "GET", "/export/org/"+of+".jsonl?"+query, c.ExportToken(org), "")
	if w.Code != 200 {
		t.Fatalf("%s?%s: %d %s", of, query, w.Code, w.Body)
	}
	return lines(t, w.Body)
}

func TestExportsAgreeInAllForms(t *testing.T) {
	c, _ := newConsole(Options{Seed: 3, Assets: 20, Sites: 2, Organizations: 1})
	if !maps.EqualFunc(identity, c.exports, func(string, exporter) bool { return true }) {
		t.Errorf("exports %v", slices.Sorted(maps.Keys(c.exports)))
	}
	for org, o := range c.Organizations() {
		for of, id := range identity {
			text := ask(t, c, "GET", "/export/org/"+of+".jsonl", c.ExportToken(org), "").Body.String()
			array := ask(t, c, "GET", "/export/org/"+of+".json", c.ExportToken(org), "").Body.String()
			if want := "[" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", ",") + "]"; array != want {
				t.Errorf("%s of %s: lines and array differ", of, o.Name)
			}
			rows := lines(t, strings.NewReader(text))
			if len(rows) != c.Rows(org, of) || org == 0 && len(rows) == 0 {
				t.Errorf("%s of %s: %d lines, %d expected", of, o.Name, len(rows), c.Rows(org, of))
			}
			seen := map[any]bool{}
			for _, r := range rows {
				if key := r[id]; key == nil || key == "" || seen[key] {
					t.Fatalf("%s of %s: %s %v is missing or there twice", of, o.Name, id, key)
				}
				seen[r[id]] = true
				owner := r["organization_id"]
				if of == "users" || of == "groups" {
					owner = r["directory_"+strings.TrimSuffix(of, "s")+"_organization_id"]
				}
				if r["id"] == nil || owner != o.ID {
					t.Fatalf("%s of %s: id %v, organization %v", of, o.Name, r["id"], owner)
				}
			}
		}
	}
	if n := c.Rows(0, "gadgets"); n != 0 {
		t.Errorf("%d gadgets", n)
	}
}

func TestRowsMatchTheCountsOfAssets(t *testing.T) {
	c, clk := newConsole(Options{Assets: 400})
	for range 2 {
		for org := range c.Organizations() {
			wants := map[string]map[string]int64{"services": {}, "software": {}, "vulnerabilities": {}}
			for a := range c.Assets(org) {
				for of, n := range map[string]int64{"services": a.Services, "software": a.Software, "vulnerabilities": a.Vulnerabilities} {
					if n > 0 {
						wants[of][a.ID] = n
					}
				}
			}
			for of, want := range wants {
				got := map[string]int64{}
				asset := strings.TrimSuffix(identity[of], "_id") + "_asset_id"
				for _, r := range exported(t, c, org, of, "fields=id,"+asset) {
					id := r["id"].(string)
					if r[asset] != id {
						t.Fatalf("%s: %v", of, r)
					}
					got[id]++
				}
				if !maps.Equal(got, want) {
					t.Errorf("%s of organization %d are not those that its assets count", of, org)
				}
			}
		}
		clk.Advance(50 * time.Hour)
	}
}

func TestExportFields(t *testing.T) {
	c, _ := newConsole(Options{Assets: 20, Sites: 2})
	for of, id := range identity {
		for _, r := range exported(t, c, 0, of, "fields=nonsense,"+id) {
			whole := of == "certificates" || of == "findings"
			if (len(r) == 1) == whole || r[id] == nil {
				t.Fatalf("%s: %v", of, r)
			}
		}
	}
	for of, least := range map[string]int{"services": 84, "software": 96, "vulnerabilities": 102} {
		first, _, _ := strings.Cut(ask(t, c, "GET", "/export/org/"+of+".jsonl", c.ExportToken(0), "").Body.String(), "\n")
		if n := len(lines(t, strings.NewReader(first))[0]); n < least {
			t.Errorf("a row of %s has %d fields, without those of its asset", of, n)
		}
	}
}

func TestExportPages(t *testing.T) {
	c, _ := newConsole(Options{Assets: 40, Sites: 2})
	paged := []string{"assets", "services", "software", "vulnerabilities", "wireless"}
	for of, id := range identity {
		path := "/export/org/" + of + ".json?fields=" + id + "&page_size="
		if !slices.Contains(paged, of) {
			var array []object
			get(t, c, path+"7", c.ExportToken(0), 200, &array)
			continue
		}
		var want []any
		for _, r := range exported(t, c, 0, of, "fields="+id) {
			want = append(want, r[id])
		}
		for _, size := range []string{"7", "100000"} {
			var got []any
			for key, more := "", true; more; more = key != "" {
				var page map[string]any
				get(t, c, path+size+"&start_key="+url.QueryEscape(key), c.ExportToken(0), 200, &page)
				for _, r := range page[of].([]any) {
					got = append(got, r.(object)[id])
				}
				key = page["next_key"].(string)
			}
			if !slices.Equal(got, want) || len(got) < 8 {
				t.Errorf("%s: %d rows in pages of %s, want %d", of, len(got), size, len(want))
			}
		}
	}
}
