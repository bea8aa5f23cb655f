package collector

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestDirectory(t *testing.T) {
	s := collect(t, collectorOf(t, "directory", defaults()), responses{
		usersPath: {body: `
			{"id":"1","directory_user_id":"1","directory_user_organization_id":"` + acmeID + `","directory_user_source_id":16,"directory_user_display_name":"Jane Doe","directory_user_email":"jane@example.com"}
			{"id":"2","directory_user_source_id":"16"}{"id":"3","directory_user_source_id":-1}{"id":"4"}`},
		groupsPath: {body: `[{"id":"5","directory_group_id":"5","directory_group_source_id":16,"directory_group_name":"CN=Jane's friends"}]`},
	}, Poll{})
	golden(t, "directory", s.Families)
	if text := strings.ToLower(exposition(t, s.Families)); strings.Contains(text, "jane") {
		t.Errorf("a name is exported:\n%s", text)
	}
}

func TestUsersAndGroupsKeepTheSameDirectories(t *testing.T) {
	settings := defaults()
	settings.AssetTop = 1
	s := collect(t, collectorOf(t, "directory", settings), responses{
		usersPath:  {body: `{"id":"1","directory_user_source_id":1}{"id":"2","directory_user_source_id":1}`},
		groupsPath: {body: `{"id":"3","directory_group_source_id":2}`},
	}, Poll{})
	wantSeries(t, s, "runzero_directory", `runzero_directory_users{source_id="1"} 2`, `runzero_directory_groups{source_id="other"} 1`)
	wantSeries(t, s, "runzero_collector_folded_values", `runzero_collector_folded_values{collector="directory",label="source_id"} 1`)
}

func TestDirectoryNeedsUsersAndGroups(t *testing.T) {
	for _, test := range []struct {
		name        string
		groups      response
		want        error
		unsupported bool
	}{
		{"groups are truncated", response{body: `{"id":"2"}`, cut: true}, runzero.ErrTruncated, false},
		{"groups of another organization", response{body: `{"id":"2","directory_group_organization_id":"` + otherID + `"}`}, runzero.ErrWrongOrganization, false},
		{"no export of groups", response{status: http.StatusNotFound, body: "404: Not Found"}, ErrUnsupported, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := attempt(t, collectorOf(t, "directory", defaults()), responses{usersPath: {body: `{"id":"1"}`}, groupsPath: test.groups}, Poll{})
			if !errors.Is(err, test.want) || errors.Is(err, ErrUnsupported) != test.unsupported || s.Families != nil {
				t.Errorf("%d families, error is %v, want %v", len(s.Families), err, test.want)
			}
		})
	}
}
