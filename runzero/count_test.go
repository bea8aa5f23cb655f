package runzero_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestCountsRows(t *testing.T) {
	asset := `{"id":"a","services":null,"users":null,"software":{"a":1},"organization_id":"` + organization + `"}`
	for name, c := range map[string]struct {
		of, body string
		want     int64
		err      error
	}{
		"lines":                         {"assets", `{"id":"a"}` + "\n" + `{"id":"a"}` + "\n\n" + `{"id":"b"}`, 3, nil},
		"an array":                      {"findings", `[{"id":"a"},{"id":"b"}]`, 2, nil},
		"a page and no more":            {"software", `{"software":[{"software_id":"a"},{"software_id":"b"}],"next_key":""}`, 2, nil},
		"null":                          {"users", `null`, 0, runzero.ErrNoData},
		"rows with the asset":           {"services", strings.Repeat(asset+"\n", 3), 3, nil},
		"a member of the export's name": {"software", strings.Repeat(asset+"\n", 3), 3, nil},
		"an id of each kind":            {"groups", `{"service_id":"a"}{"software_id":"b"}{"vulnerability_id":"c"}{"directory_user_id":"d"}{"directory_group_id":"e"}`, 5, nil},
		"the zero organization":         {"sites", `{"id":"a","organization_id":"00000000-0000-0000-0000-000000000000"}`, 1, nil},
		"its own, given twice":          {"users", `{"id":"a","organization_id":null,"directory_user_organization_id":"` + organization + `"}`, 1, nil},
		"more rows than the limit":      {"assets", strings.Repeat(`{"id":"a"}`, 11), 0, runzero.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, data(c.body), runzero.Config{Limits: runzero.Limits{Records: 10}})
			got, err := client.Count(t.Context(), organization, c.of, "")
			if got != c.want || !is(err, c.err) {
				t.Errorf("%d (%v), want %d (%v)", got, err, c.want, c.err)
			}
		})
	}
}

func TestCountOfAnUnknownKindSendsNoRequest(t *testing.T) {
	log := &requests{next: data("[]")}
	client := serve(t, log, runzero.Config{})
	for _, of := range []string{"", "asset", "../org", "assets.jsonl?x=", "Assets"} {
		if _, err := client.Count(t.Context(), organization, of, ""); err == nil || !strings.Contains(err.Error(), strconv.Quote(of)) || !strings.Contains(err.Error(), "wireless, certificates") {
			t.Errorf("%q: error %v, want a list of the kinds", of, err)
		}
	}
	if got := log.take(); len(got) != 0 {
		t.Errorf("requested %v", got[0].URL)
	}
	if of := runzero.CountOf(); !slices.Equal(of, []string{"assets", "services", "software", "vulnerabilities", "wireless", "certificates", "users", "groups", "findings", "sites", "tasks"}) {
		t.Errorf("counts %q", of)
	}
}
