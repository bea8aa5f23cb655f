package runzero_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestReadsEveryFormOfExport(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"lines":                     {`{"id":"a"}` + "\n" + `{"id":"b"}` + "\n", []string{"a", "b"}},
		"lines with blank ones":     {"\n\n" + `{"id":"a"}` + "\n \n\n" + `{"id":"b"}` + "\n\n", []string{"a", "b"}},
		"lines with CRLF":           {`{"id":"a"}` + "\r\n\r\n" + `{"id":"b"}` + "\r\n", []string{"a", "b"}},
		"byte order mark":           {"\ufeff" + `{"id":"a"}` + "\n", []string{"a"}},
		"bare array":                {`[{"id":"a"},{"id":"b"}]`, []string{"a", "b"}},
		"page":                      {`{"sites":[{"id":"a"},{"id":"b"}]}`, []string{"a", "b"}},
		"page with an empty cursor": {`{"sites":[{"id":"a"}],"next_key":""}`, []string{"a"}},
		"page with more beside":     {`{"since":17,"id":"x","sites":[{"id":"a"}],"total":{"sites":[{"id":"y"}]}}`, []string{"a"}},
		"page with null rows":       {`{"sites":null,"next_key":""}`, nil},
		"page without rows":         {`{"sites":[],"next_key":""}`, nil},
		"page that reports success": {`{"status":"ok","error":"","errors":[],"sites":[{"id":"a"}]}`, []string{"a"}},
		"page with a status code":   {`{"status":200,"error":null,"sites":[]}`, nil},
		"row with an error":         {`{"id":"a","error":"its own","status":"error"}` + "\n" + `{"id":"b","errors":[1]}`, []string{"a", "b"}},
		"empty array":               {" [] ", nil},
		"row that looks like a page": {`{"id":"a","next_key":"row's own","sites":5}` + "\n" + `{"id":"b","sites":"x"}`,
			[]string{"a", "b"}},
		"lines of pages":   {`{"sites":[{"id":"a"}]}` + "\n" + `{"sites":[{"id":"b"}],"x":1}`, []string{"a", "b"}},
		"page, then lines": {`{"sites":[{"id":"a"}]}` + "\n" + `{"id":"b"}` + "\n" + `{"id":"c","sites":[]}`, []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: data(c.body)}
			ids, err := readSites(t, log, runzero.Config{})
			if err != nil || !slices.Equal(ids, c.want) {
				t.Errorf("got %q (%v), want %q", ids, err, c.want)
			}
			if n := len(log.take()); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
		})
	}
	for _, media := range []string{"application/json; charset=utf-8", "application/x-ndjson", "text/plain", "", "nonsense;;"} {
		if ids, err := readSites(t, answer(http.StatusOK, media, `[{"id":"a"}]`), runzero.Config{}); err != nil || len(ids) != 1 {
			t.Errorf("declared as %s: got %q (%v), want one", media, ids, err)
		}
	}
}

func TestUnusableBodyIsAnErrorWithTheRecordNumber(t *testing.T) {
	const secret = "topsecret"
	good := `{"id":"a"}` + "\n"
	for name, c := range map[string]struct {
		media, body string
		want        error
		record      int
		rows        int
	}{
		"a web page":              {"text/html; charset=utf-8", "<html>" + secret, runzero.ErrNotData, 0, 0},
		"data declared as a page": {"text/html", "[]", runzero.ErrNotData, 0, 0},
		"a web page after a mark": {"", "\ufeff\r\n <html>" + secret, runzero.ErrNotData, 0, 0},
		"a number":                {"", "5", runzero.ErrNotRecord, 1, 0},
		"an array with a null":    {"", `[{"id":"a"},null]`, runzero.ErrNotRecord, 2, 1},
		"an empty object":         {"", `{}`, runzero.ErrNotRecord, 1, 0},
		"an error":                {"", `{"error":"` + secret + `"}`, runzero.ErrReported, 0, 0},
		"an error in the middle":  {"", good + good + `{"error":"` + secret + `"}` + "\n" + good, runzero.ErrReported, 3, 2},
		"an error in an array":    {"", `[{"id":"a"},{"error":"` + secret + `"}]`, runzero.ErrReported, 2, 1},
		"no body":                 {"", "", runzero.ErrNoData, 0, 0},
		"blanks":                  {"", " \r\n", runzero.ErrNoData, 0, 0},
		"null":                    {"", "null", runzero.ErrNoData, 0, 0},
		"null after a record":     {"", good + "null", runzero.ErrNoData, 2, 1},
		"an error and no rows":    {"", `{"error":"` + secret + `","sites":[]}`, runzero.ErrReported, 0, 0},
		"an error after no rows":  {"", `{"sites":[],"error":{"message":"` + secret + `"}}`, runzero.ErrReported, 0, 0},
		"errors and null rows":    {"", `{"errors":["` + secret + `"],"sites":null}`, runzero.ErrReported, 0, 0},
		"a failing status":        {"", `{"status":"unavailable","sites":[]}`, runzero.ErrReported, 0, 0},
		"a failing code":          {"", `{"sites":[],"status":503}`, runzero.ErrReported, 0, 0},
		"an error beside rows":    {"", `{"sites":[{"id":"a"}],"error":"` + secret + `"}`, runzero.ErrReported, 2, 1},
		"an error as a line":      {"", good + `{"status":"error"}`, runzero.ErrReported, 2, 1},
		"an id that is zero":      {"", `{"id":"00000000-0000-0000-0000-000000000000"}`, runzero.ErrNotRecord, 1, 0},
		"an id with a space":      {"", `{"id":"a b"}`, runzero.ErrNotRecord, 1, 0},
		"an id too long":          {"", `{"id":"` + strings.Repeat("a", 65) + `"}`, runzero.ErrNotRecord, 1, 0},
		"a page after a record":   {"", good + `{"sites":[{"id":"b"}]}`, runzero.ErrNotRecord, 2, 1},
		"a cursor alone":          {"", `{"next_key":"` + secret + `"}`, runzero.ErrNotRecord, 1, 0},
		"words after a record":    {"", good + "so " + secret, runzero.ErrNotJSON, 2, 1},
		"a comma too many":        {"", `[{"id":"a"},]`, runzero.ErrNotJSON, 2, 1},
		"a comma between lines":   {"", `{"id":"a"},` + "\n" + `{"id":"b"}`, runzero.ErrNotJSON, 2, 1},
		"a number that is none":   {"", `{"id":"a","asset_count":1` + secret + `}`, runzero.ErrNotJSON, 1, 0},
		"too deep":                {"", `{"id":"a","x":` + strings.Repeat("[", 1<<15), runzero.ErrNotJSON, 1, 0},
		"an object cut off":       {"", good + `{"id":"b"`, runzero.ErrTruncated, 2, 1},
		"an array cut off":        {"", `[{"id":"a"},`, runzero.ErrTruncated, 2, 1},
		"a page cut off":          {"", `{"sites":[{"id":"a"}],"next`, runzero.ErrTruncated, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ids, err := readSites(t, answer(http.StatusOK, c.media, c.body), runzero.Config{})
			var broken *runzero.BodyError
			if !errors.As(err, &broken) || !errors.Is(err, c.want) || broken.Record != c.record || broken.Endpoint != sites || len(ids) != c.rows {
				t.Fatalf("%d rows, then %v; want %d, then %q at record %d", len(ids), err, c.rows, c.want, c.record)
			}
			at := ""
			if c.record > 0 {
				at = fmt.Sprintf("record %d: ", c.record)
			}
			if want := sites + ": " + at + c.want.Error(); err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
		})
	}
}

func TestNoBodyIsNoRowsInLinesAlone(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"no lines":   {answer(http.StatusOK, "", ""), nil},
		"blank line": {answer(http.StatusOK, "", "\n"), nil},
		"null":       {answer(http.StatusOK, "", "null\n"), runzero.ErrNoData},
		"no content": {answer(http.StatusNoContent, "", ""), runzero.ErrNoData},
		"an error":   {answer(http.StatusOK, "", `{"error":"request limit exceeded","assets":[]}`), runzero.ErrReported},
	} {
		rows, err := all(serve(t, c.handler, runzero.Config{}).Assets(t.Context(), "", ""))
		if !is(err, c.want) || len(rows) != 0 {
			t.Errorf("%s: %d rows (%v), want none (%v)", name, len(rows), err, c.want)
		}
	}
	if _, err := readSites(t, answer(http.StatusNoContent, "", ""), runzero.Config{}); !errors.Is(err, runzero.ErrNoData) {
		t.Errorf("sites, no content: %v, want %v", err, runzero.ErrNoData)
	}
}

// pages sends a page for each cursor; the first page has none.
func pages(next map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := r.URL.Query().Get("start_key")
		_, _ = fmt.Fprintf(w, `{"sites":[{"id":"row-%s"}],"next_key":%q}`, at, next[at])
	}
}

func TestFollowsTheCursorToTheEnd(t *testing.T) {
	log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "A", "A": "B&=+ü"}[r.URL.Query().Get("start_key")]
		_, _ = fmt.Fprintf(w, `{"sites":[{"id":"a"}],"next_key":%q}`, next)
	})}
	rows := serve(t, log, runzero.Config{HTTP: withToken(accountToken)}).Sites(t.Context(), organization)
	for range 2 { // each iteration starts at the first page
		if got, err := all(rows); err != nil || len(got) != 3 {
			t.Fatalf("%d rows (%v), want those of 3 pages", len(got), err)
		}
		for i, request := range log.take() {
			query := request.URL.Query()
			if query.Get("start_key") != []string{"", "A", "B&=+ü"}[i] || query.Get("_oid") != organization || query.Get("fields") == "" {
				t.Errorf("page %d requested with %v, want its cursor and the same query", i+1, query)
			}
		}
	}
}

func TestReadsTheCursorBeforeAndAfterTheRows(t *testing.T) {
	for name, first := range map[string]string{
		"before": `{"next_key":"A","sites":[{"id":"a","next_key":"x"}]}`,
		"after":  `{"sites":[{"id":"a","next_key":"x"}],"next_key":"A"}`,
		"empty":  `{"sites":null,"next_key":"A"}`,
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := first
				if r.URL.Query().Get("start_key") == "A" {
					body = `{"sites":[{"id":"b"}]}`
				}
				_, _ = w.Write([]byte(body))
			})}
			ids, err := readSites(t, log, runzero.Config{})
			if n := len(log.take()); err != nil || n != 2 || ids[len(ids)-1] != "b" {
				t.Errorf("got %q (%v) in %d calls, want a and b in 2", ids, err, n)
			}
		})
	}
}

func TestStopsWhenTheCursorRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		next  map[string]string
		calls int
	}{
		"at once":       {map[string]string{"": "A", "A": "A"}, 2},
		"after another": {map[string]string{"": "A", "A": "B", "B": "A"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: pages(c.next)}
			_, err := readSites(t, log, runzero.Config{})
			if !errors.Is(err, runzero.ErrCursorLoop) || runzero.CauseOf(err) != runzero.Faulty {
				t.Errorf("error %v, want %v", err, runzero.ErrCursorLoop)
			}
			if n := len(log.take()); n != c.calls {
				t.Errorf("%d calls spent, want %d", n, c.calls)
			}
		})
	}
}
