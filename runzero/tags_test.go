package runzero_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// tagged reads one asset with the tags env and Team.
func tagged(t *testing.T, members string) runzero.Asset {
	t.Helper()
	assets, err := all(serve(t, data(`{"id":"a",`+members+`}`), runzero.Config{}).Assets(t.Context(), "", "", "env", "Team"))
	return one(t, assets, err)
}

func TestReadsWantedTags(t *testing.T) {
	none := []runzero.Tag{{}, {}}
	for tags, want := range map[string][]runzero.Tag{
		`{"env":"prod","env ":"x","ENV":"y","team":"z"}`: {{Present: true, Value: "prod"}, {}},
		`{"Team":"","other":"x"}`:                        {{}, {Present: true}},
		`{"\u0065nv":"a","Team":{"env":"no"}}`:           {{Present: true, Value: "a"}, {Present: true}},
		`{"nested":{"env":"no","Team":["no"]},"Team":7}`: {{}, {Present: true, Value: "7"}},
		`{"env":"first","env":null,"Team":["a","b",{}]}`: {{Present: true}, {Present: true, Value: "a b"}},
		`{}`: none, `null`: none, `[]`: none, `["env"]`: none, `"env"`: none, `[{"env":"no"}]`: none,
	} {
		if got := tagged(t, `"tags":`+tags+`,"type":"Server"`); !reflect.DeepEqual(got.Tags, want) || got.Type != "Server" {
			t.Errorf("%s: %+v, want %+v", tags, got.Tags, want)
		}
	}
}

func TestReadsOwners(t *testing.T) {
	ops, sales := runzero.Owner{Type: "IT Owner", Name: "Ops"}, runzero.Owner{Name: "Sales"}
	for members, want := range map[string][]runzero.Owner{
		`"ownership":[{"id":"x","type":"IT Owner","name":"Ops","reference":0}],"owners":["Sales"]`: {ops},
		`"owners":["Sales"],"ownership":[{"name":"Ops","type":"IT Owner"},{"name":"Sales"}]`:       {ops, sales},
		`"owners":["Sales","Sales"],"ownership":{"Map":{}}`:                                        {sales, sales},
		`"owners":"Sales","ownership":null`:                                                        {sales},
		`"ownership":["Sales",{},null,[],{"type":{"name":"x"}},{"type":"Team"}]`:                   {sales, {Type: "Team"}},
		`"ownership":{"Map":{"IT Owner":"Ops"}}`:                                                   nil,
		`"ownership":"Ops"`:                                                                        nil, `"owners":{"name":"Ops"}`: nil, `"owners":[]`: nil, `"type":"Server"`: nil,
	} {
		got := tagged(t, members).Owners
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", members, got, want)
		}
	}
}

// A record has none of the tags and owners of the record before.
func TestTagsAndOwnersAreOfTheirOwnRecord(t *testing.T) {
	const body = `{"id":"a","tags":{"env":"prod","Team":"x"},"ownership":[{"name":"Ops"},{"name":"Sales"}]}
		{"id":"b","tags":{"Team":"y"},"owners":["Ops"]}{"id":"c"}{"id":"d","tags":{}}`
	var got []string
	for a, err := range serve(t, data(body), runzero.Config{}).Assets(t.Context(), "", "", "env", "Team") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %v %v", a.ID, a.Tags, a.Owners))
	}
	want := "a [{true prod} {true x}] [{ Ops} { Sales}], b [{false } {true y}] [{ Ops}], c [] [], d [{false } {false }] []"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestTagsAndOwnersAreReadOnlyIfWanted(t *testing.T) {
	if a := asset(t, `"tags":{"env":"prod"},"ownership":[{"name":"Ops"}],"owners":["Ops"]`); a.Tags != nil || a.Owners != nil {
		t.Errorf("%+v, %+v", a.Tags, a.Owners)
	}
	var fields []string
	console := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { fields = append(fields, r.URL.Query().Get("fields")) })
	client := serve(t, console, runzero.Config{})
	_, _ = all(client.Assets(t.Context(), "", ""))
	_, _ = all(client.Assets(t.Context(), "", "", "env"))
	if len(fields) != 2 || strings.Contains(fields[0], "owner") || strings.Contains(fields[0], "tags") || fields[1] != fields[0]+",tags,ownership" {
		t.Errorf("fields %q", fields)
	}
}
