package runzero_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// asset reads one asset with these members beside its id.
func asset(t *testing.T, members string) runzero.Asset {
	t.Helper()
	assets, err := all(serve(t, data(`{`+members+`,"id":"a"}`), runzero.Config{}).Assets(t.Context(), "", ""))
	if err != nil || len(assets) != 1 || assets[0].ID != "a" {
		t.Fatalf("%s: %+v (%v), want one asset", members, assets, err)
	}
	return assets[0]
}

// expectValues reads each value as one member of an asset.
func expectValues[T any](t *testing.T, member string, get func(runzero.Asset) T, values map[string]T) {
	t.Helper()
	for value, want := range values {
		if got := get(asset(t, `"`+member+`":`+value)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s %s: %v, want %v", member, value, got, want)
		}
	}
}

func TestReadsCounts(t *testing.T) {
	expectValues(t, "service_count", func(a runzero.Asset) runzero.Count { return a.Services }, map[string]runzero.Count{
		`3`:                     runzero.Known(3),
		`"3"`:                   runzero.Known(3),
		`"\u0033"`:              runzero.Known(3),
		`3.0`:                   runzero.Known(3),
		`1e3`:                   runzero.Known(1000),
		`9007199254740993`:      runzero.Known(9007199254740993),
		`3.7`:                   {},
		`-1`:                    {},
		`9223372036854775808`:   {},
		`null`:                  {},
		`"many"`:                {},
		`{"count":3}`:           {},
		`[[[{"a":[1,2,"]"]}]]]`: {},
	})
}

func TestReadsBooleans(t *testing.T) {
	for want, values := range map[runzero.Truth][]string{
		runzero.True:    {`true`, `"true"`, `"True"`, `"TRUE"`, `"t"`, `1`, `"1"`},
		runzero.False:   {`false`, `"false"`, `"False"`, `"FALSE"`, `"f"`, `0`, `"0"`},
		runzero.Unknown: {`null`, `""`, `2`, `"maybe"`, `{}`, `[true]`},
	} {
		for _, value := range values {
			if got := asset(t, `"alive":`+value).Alive; got != want {
				t.Errorf("%s: %v, want %v", value, got, want)
			}
		}
	}
	if got := asset(t, `"os":""`).Alive; got != runzero.Unknown {
		t.Errorf("missing: %v, want unknown", got)
	}
}

func TestReadsTimesInEveryUnit(t *testing.T) {
	seconds := time.Unix(1759471906, 0)
	for value, want := range map[string]time.Time{
		`1759471906`:                       seconds,
		`1759471906789`:                    time.UnixMilli(1759471906789),
		`1759471906789012`:                 time.UnixMicro(1759471906789012),
		`1759471906789012345`:              time.Unix(1759471906, 789012345),
		`"2025-10-03T06:11:46Z"`:           seconds,
		`"2025-10-03T08:11:46+02:00"`:      seconds,
		`"2023-03-06T18:14:50.520299Z"`:    time.Date(2023, 3, 6, 18, 14, 50, 520299000, time.UTC),
		`1`:                                time.Unix(1, 0),
		`100000000000`:                     time.UnixMilli(1e11),
		`100000000000000`:                  time.UnixMicro(1e14),
		`100000000000000000`:               time.Unix(0, 1e17),
		`0`:                                {},
		`"0001-01-01T00:00:00Z"`:           {},
		`null`:                             {},
		`"yesterday"`:                      {},
		`{"seconds":1759471906}`:           {},
		`"2025-10-03T06:11:46Z, or later"`: {},
	} {
		if got := asset(t, `"last_seen":`+value).LastSeen; !got.Equal(want) {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
}

func TestReadsTextFromAnyScalar(t *testing.T) {
	expectValues(t, "os", func(a runzero.Asset) string { return a.OS }, map[string]string{
		`"Linux"`:                      "Linux",
		`""`:                           "",
		`"\u00e4\"\\\/\n\ud83d\ude00"`: "ä\"\\/\n😀",
		`"\ud800 lone"`:                "\ufffd lone",
		"\"bad \xff\xfe\"":             "bad \ufffd\ufffd",
		`17`:                           "17",
		`null`:                         "",
		`{"name":"Linux"}`:             "",
		`["Linux"]`:                    "Linux",
		`["a b",7,null,{},["x"],"c"]`:  "a b 7 c",
		`[]`:                           "",
	})
}

func TestReadsReferences(t *testing.T) {
	expectValues(t, "site_id", func(a runzero.Asset) string { return a.SiteID }, map[string]string{
		`"` + organization + `"`:                      organization,
		`"` + strings.Repeat("a", 64) + `"`:           strings.Repeat("a", 64),
		`"` + strings.Repeat("a", 65) + `"`:           "",
		`"00000000-0000-0000-0000-000000000000"`:      "",
		`"\u00300000000-0000-0000-0000-000000000000"`: "",
		`""`:    "",
		`null`:  "",
		`"a b"`: "",
		`"ä"`:   "",
	})
}

func TestReadsLists(t *testing.T) {
	for value, want := range map[string][]string{
		`["Nessus","runZero"]`:           {"Nessus", "runZero"},
		`[]`:                             nil,
		`null`:                           nil,
		`"runZero"`:                      {"runZero"},
		`""`:                             nil,
		`["",null,"runZero",1,{},["x"]]`: {"runZero", "1"},
		`{"name":"runZero"}`:             nil,
	} {
		if got := asset(t, `"sources":`+value).Sources; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

func TestLastOfRepeatedKeysCounts(t *testing.T) {
	got := asset(t, `"id":"x","os":"one","os":"two","service_count":1,"service_count":null,"sources":["a","b"],"sources":["c"]`)
	if got.OS != "two" || got.Services != (runzero.Count{}) || !slices.Equal(got.Sources, []string{"c"}) {
		t.Errorf("%+v, want the last of each", got)
	}
}

func TestUnknownMembersAreSkipped(t *testing.T) {
	got := asset(t, `"services":{"10.0.0.2/0/arp/":{"id":"x","os":"inner","sources":["inner"]}},"":1,"\u006fs":"outer","OS":"upper","assets":7`)
	if got.OS != "outer" || len(got.Sources) > 0 {
		t.Errorf("%+v, want the asset's own os", got)
	}
}

func TestRowsStartEmpty(t *testing.T) {
	full := `{"id":"a","site_id":"s","site_name":"n","os":"o","alive":true,"last_seen":5,"sources":["x","y"],"service_count":4}`
	client := serve(t, data(full+"\n"+`{"id":"b"}`), runzero.Config{})
	for row, err := range client.Assets(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		row.Sources = slices.Clip(row.Sources)
		if got := fmt.Sprintf("%+v", row); row.ID == "b" && got != fmt.Sprintf("%+v", runzero.Asset{ID: "b", Sources: []string{}}) {
			t.Errorf("%s, want nothing but its id", got)
		}
	}
}

// Repeated texts are stored in a table of limited size.
func TestReadsMoreTextsThanTheTableHolds(t *testing.T) {
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 10000 {
			_, _ = fmt.Fprintf(w, "{\"id\":\"%d\",\"os\":\"%0*d\"}\n", i, 1+i%300, i)
		}
	}), runzero.Config{})
	i := 0
	for row, err := range client.Assets(t.Context(), "", "") {
		if want := fmt.Sprintf("%0*d", 1+i%300, i); err != nil || row.OS != want {
			t.Fatalf("row %d: %q (%v), want %q", i, row.OS, err, want)
		}
		i++
	}
}
