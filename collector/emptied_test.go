package collector

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// lists are the forms of all collectors that read a list, which TestUnsupported and others do not guard.
func lists(t *testing.T) map[string]form {
	lists := forms(t)
	maps.DeleteFunc(lists, func(name string, f form) bool { return f.single || name == "account's organizations" })
	query := lists["query"]
	query.collector = QuerySpec(Query{Name: "q", Of: "services"}).Collect
	discovery := lists["discovery"]
	discovery.collector = DiscoverySpec(Discovery{Name: "d", Of: "assets"}).Collect
	lists["query"], lists["discovery"] = query, discovery
	return lists
}

// A list that had rows and has none now fails the poll, until the next poll finds the same.
func TestEmptiedListFailsThePollOnce(t *testing.T) {
	for name, form := range lists(t) {
		bodies := []string{"[]"}
		if strings.HasSuffix(form.path, ".jsonl") {
			bodies = append(bodies, "", "\n")
		}
		for _, body := range bodies {
			t.Run(name+" "+body, func(t *testing.T) {
				polls := func(body string, previous *Snapshot, last error) (Snapshot, error) {
					poll := form.poll
					poll.Previous, poll.LastError, poll.Interval = previous, last, time.Hour
					all := responses{releasePath: {body: `{"version":"1"}`}, groupsPath: {body: "[]"}}
					all[form.path] = response{body: body}
					return attempt(t, form.collector, all, poll)
				}
				if _, err := polls(body, nil, nil); err != nil {
					t.Errorf("an empty list at the first poll: %v", err)
				}
				full, err := polls(`[{"id":"a","service_id":"a","organization_id":"`+acmeID+`"}]`, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				emptied := (*EmptiedError)(nil)
				for _, last := range []error{nil, errors.New("another"), &EmptiedError{Lists: []string{groupsPath}}} {
					if _, err := polls(body, &full, last); !errors.As(err, &emptied) || !slices.Equal(emptied.Lists, []string{form.path}) {
						t.Errorf("emptied after the error %v: %v", last, err)
					}
				}
				empty, err := polls(body, &full, emptied)
				if err != nil {
					t.Fatalf("emptied a second time: %v", err)
				}
				if _, err := polls(body, &empty, nil); err != nil {
					t.Errorf("still empty: %v", err)
				}
			})
		}
	}
}

// An error, null or nothing where the API sends a list fails the poll. A second poll without data confirms that the
// list is empty; an error stays one.
func TestAnswerThatIsNoListFailsThePoll(t *testing.T) {
	for name, form := range lists(t) {
		for what, response := range map[string]response{
			"error beside an empty list": {body: `{"error":"request limit exceeded","` + pluralOf(form.path) + `":[]}`},
			"errors":                     {body: `{"errors":[{"code":1}]}`},
			"failing status":             {body: `{"status":"error","` + pluralOf(form.path) + `":null}`},
			"error after a row":          {body: `{"id":"a","service_id":"a","organization_id":"` + acmeID + `"}` + "\n" + `{"error":"x"}`},
			"null":                       {body: `null`},
			"no content":                 {status: 204},
			"no body":                    {body: " "},
		} {
			if what == "no body" && strings.HasSuffix(form.path, ".jsonl") {
				continue
			}
			want := runzero.ErrReported
			if what == "null" || what == "no content" || what == "no body" {
				want = runzero.ErrNoData
			}
			all := responses{groupsPath: {}} // of the directory, empty
			all[form.path] = response
			_, err := attempt(t, form.collector, all, form.poll)
			if !errors.Is(err, want) || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s, %s: %v, want %v", name, what, err, want)
			}
			again := form.poll
			again.LastError = err
			empty, err := attempt(t, form.collector, all, again)
			if (err == nil) != errors.Is(want, runzero.ErrNoData) {
				t.Errorf("%s, %s, a second time: %v", name, what, err)
			}
			if again.Previous, again.LastError = &empty, nil; err == nil {
				if _, err := attempt(t, form.collector, all, again); err != nil {
					t.Errorf("%s, %s, a third time: %v", name, what, err)
				}
			}
		}
	}
}

// pluralOf is the member of a page that holds the rows of an endpoint.
func pluralOf(path string) string {
	name := path[strings.LastIndex(path, "/")+1:]
	name, _, _ = strings.Cut(name, ".")
	return strings.ReplaceAll(name, "-", "_")
}
