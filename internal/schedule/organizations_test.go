package schedule

import (
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestSelect(t *testing.T) {
	all := []runzero.Organization{
		{ID: "a1", Name: "Main"}, {ID: "b2", Name: "Lab"}, {ID: "c3", Name: "Sample", Demo: true}, {ID: "d4", Name: "Old", Inactive: true},
	}
	for _, c := range []struct {
		what             string
		reached          []runzero.Organization
		include, exclude string
		want             string // ids
		err              string
	}{
		{"all but demo and inactive ones", all, "", "", "a1 b2", ""},
		{"by name", all, "Lab", "", "b2", ""},
		{"by id, in any case", all, "A1", "", "a1", ""},
		{"each once", all, "Lab b2", "", "b2", ""},
		{"demo and inactive ones when named", all, "Sample d4", "", "c3 d4", ""},
		{"without some", all, "", "Lab", "a1", ""},
		{"without one by id, in any case", all, "", "A1 Gone", "b2", ""},
		{"a misspelt name", all, "Lab Mian", "", "", `no organization "Mian": it reaches "Main", "Lab", "Sample", "Old"`},
		{"nothing left", all[2:], "", "", "", "name those to poll with --runzero.organization"},
	} {
		selected, err := Selection{Include: strings.Fields(c.include), Exclude: strings.Fields(c.exclude)}.Select(c.reached)
		var ids []string
		for _, o := range selected {
			ids = append(ids, o.ID)
		}
		got := strings.Join(ids, " ")
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}
