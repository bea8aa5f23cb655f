package collector

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Names of tags are compared exactly. A tag without a value is unknown; an asset without the tag is not counted.
func TestAssetsByTag(t *testing.T) {
	s := assetsOf(t, tagged("env", "Env", "Cost centre"), Poll{}, `
		{"id":"1","tags":{"env":"prod","Env":"x","ENV":"y","env ":"z","Cost centre":"A\u0000B"}}
		{"id":"2","tags":{"env":" prod\n","unwanted":"secret"}}
		{"id":"3","tags":{"env":""}}{"id":"4","tags":{"env":null}}{"id":"5","tags":{"Env":7,"env":true}}
		{"id":"6","tags":{"env":["a","b"],"env":"last"}}{"id":"7","tags":{"env":{"prod":"x"}}}
		{"id":"8","tags":null}{"id":"9","tags":{}}{"id":"10","tags":["env"]}{"id":"11","tags":"env"}{"id":"12"}`)
	wantSeries(t, s, "runzero_assets_by_tag",
		`runzero_assets_by_tag{tag="env",value="prod"} 2`, `runzero_assets_by_tag{tag="env",value="unknown"} 3`,
		`runzero_assets_by_tag{tag="env",value="true"} 1`, `runzero_assets_by_tag{tag="env",value="last"} 1`,
		`runzero_assets_by_tag{tag="Env",value="x"} 1`, `runzero_assets_by_tag{tag="Env",value="7"} 1`,
		`runzero_assets_by_tag{tag="Cost centre",value="A B"} 1`)
	wantSeries(t, s, "runzero_assets_by_owner")
}

// Owners come in several forms. An asset counts once for each owner.
func TestAssetsByOwner(t *testing.T) {
	s := assetsOf(t, tagged("env"), Poll{}, `
		{"id":"1","ownership":[{"type":"IT Owner","name":"Ops"},{"type":"IT Owner","name":" Ops "},{"type":"Business Owner","name":"Ops"}],"owners":["Ops","Sales"]}
		{"id":"2","owners":["Sales","Ops"],"ownership":[{"id":"x","type":"IT Owner","name":"Ops"}]}
		{"id":"3","owners":["Sales","Sales",""],"ownership":{"Map":{}}}{"id":"4","ownership":null,"owners":"Sales"}
		{"id":"5","ownership":[{"type":"IT Owner","name":""},{"name":"Ops"},{},null,"",{"type":{},"name":[]}]}
		{"id":"6","ownership":{"Map":{}},"owners":null}{"id":"7","ownership":[],"owners":[]}{"id":"8"}{"id":"9","ownership":["Sales"]}`)
	wantSeries(t, s, "runzero_assets_by_owner",
		`runzero_assets_by_owner{owner_name="Ops",owner_type="IT Owner"} 2`, `runzero_assets_by_owner{owner_name="Ops",owner_type="Business Owner"} 1`,
		`runzero_assets_by_owner{owner_name="Sales",owner_type="unknown"} 3`,
		`runzero_assets_by_owner{owner_name="unknown",owner_type="IT Owner"} 1`, `runzero_assets_by_owner{owner_name="Ops",owner_type="unknown"} 1`)
	wantSeries(t, s, "runzero_assets_by_tag")
}

// Addresses of people and machines are counted as other, and once for an asset.
func TestAddressesInTagsAndOwnersAreOther(t *testing.T) {
	s := assetsOf(t, tagged("env"), Poll{}, `
		{"id":"1","tags":{"env":"ann@example.com"},"ownership":[{"type":"IT Owner","name":"ann@example.com"},{"type":"IT Owner","name":"Ann <ann@example.org>"}]}
		{"id":"2","tags":{"env":"10.0.0.1"},"ownership":[{"type":"bob@example.com","name":"10.0.0.2"}]}
		{"id":"3","tags":{"env":" fe80::1 "},"ownership":[{"type":"IT Owner","name":"@oncall"}]}
		{"id":"4","tags":{"env":"`+strings.Repeat("a long text ", 50)+`ann@example.com"}}
		{"id":"5","tags":{"env":"@home"}}{"id":"6","tags":{"env":"1.2.3"}}`)
	wantSeries(t, s, "runzero_assets_by_tag",
		`runzero_assets_by_tag{tag="env",value="other"} 4`, `runzero_assets_by_tag{tag="env",value="@home"} 1`, `runzero_assets_by_tag{tag="env",value="1.2.3"} 1`)
	wantSeries(t, s, "runzero_assets_by_owner",
		`runzero_assets_by_owner{owner_name="other",owner_type="IT Owner"} 1`, `runzero_assets_by_owner{owner_name="other",owner_type="other"} 1`,
		`runzero_assets_by_owner{owner_name="@oncall",owner_type="IT Owner"} 1`)
	wantSeries(t, s, `runzero_collector_folded_values{collector="assets",label="value"`, `runzero_collector_folded_values{collector="assets",label="value"} 0`)
}

// Each tag keeps the most frequent values of its own; what is folded is added up over the tags.
func TestTagsAndOwnersAreFolded(t *testing.T) {
	settings := tagged("a", "b")
	settings.AssetTop = 2
	var body strings.Builder
	for i := range 10 { // values 0 to 4 of a: 4, 3, 1, 1, 1 times; 10 values of b
		fmt.Fprintf(&body, `{"id":"%d","tags":{"a":"a%d","b":"b%d"},"ownership":[{"type":"t%d","name":"n%d"}]}`, i, []int{0, 0, 0, 0, 1, 1, 1, 2, 3, 4}[i], i, i%3, i)
	}
	s := assetsOf(t, settings, Poll{}, body.String())
	wantSeries(t, s, "runzero_assets_by_tag",
		`runzero_assets_by_tag{tag="a",value="a0"} 4`, `runzero_assets_by_tag{tag="a",value="a1"} 3`, `runzero_assets_by_tag{tag="a",value="other"} 3`,
		`runzero_assets_by_tag{tag="b",value="b0"} 1`, `runzero_assets_by_tag{tag="b",value="b1"} 1`, `runzero_assets_by_tag{tag="b",value="other"} 8`)
	wantSeries(t, s, "runzero_collector_folded_values",
		`runzero_collector_folded_values{collector="assets",label="source"} 0`, `runzero_collector_folded_values{collector="assets",label="value"} 11`,
		`runzero_collector_folded_values{collector="assets",label="owner_type"} 1`, `runzero_collector_folded_values{collector="assets",label="owner_name"} 8`)
}

// Without tags, nothing more is requested and exported, whatever the console sends.
func TestTagsAndOwnersAreOptional(t *testing.T) {
	for _, settings := range []Settings{defaults(), tagged("location")} {
		var fields string
		api := client(t, exportToken, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fields = r.URL.Query().Get("fields")
			responses{assetsPath: {body: threeAssets}}.ServeHTTP(w, r)
		}))
		s := collect(t, collectorOf(t, "assets", settings), nil, Poll{API: api})
		wanted := len(settings.AssetTags) > 0
		if strings.HasSuffix(fields, ",vulnerability_count,tags,ownership") != wanted || strings.Contains(fields, "tag") != wanted {
			t.Errorf("with tags %v, fields %s are requested", settings.AssetTags, fields)
		}
		for _, family := range TagFamilies() {
			if exported := total(s, family) > 0; exported != wanted {
				t.Errorf("with tags %v, %s is exported: %v", settings.AssetTags, family, exported)
			}
		}
	}
}
