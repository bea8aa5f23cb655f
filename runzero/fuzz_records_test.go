package runzero

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/common/config"
)

// canned is a console without a network: one response to everything, and no further pages.
type canned struct {
	body   []byte
	zipped bool // body is sent as gzip, whether it is or not
	slow   bool // it arrives byte by byte
	status int  // 0: 200
	header http.Header
}

func (c *canned) RoundTrip(request *http.Request) (*http.Response, error) {
	body, header := io.Reader(bytes.NewReader(c.body)), http.Header{}
	maps.Copy(header, c.header)
	switch {
	case request.URL.Query().Has("start_key"):
		body = strings.NewReader("[]")
	case c.zipped:
		header.Set("Content-Encoding", "gzip")
	}
	if c.slow {
		body = iotest.OneByteReader(body)
	}
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: request}, nil
}

func zip(t testing.TB, body []byte) []byte {
	t.Helper()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write(body)
	if closing := w.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
	return zipped.Bytes()
}

// cannedClient returns a client with an account token, and the console that responds to it.
func cannedClient(t testing.TB) (*Client, *canned) {
	t.Helper()
	c, err := New(Config{
		HTTP:   config.HTTPClientConfig{Authorization: &config.Authorization{Credentials: "CT0123456789"}},
		Limits: Limits{Bytes: 1 << 20, Record: 1 << 16, Records: 1000},
		Write:  true,
	})
	if err != nil {
		t.Fatal(err)
	}
	console := &canned{}
	client := &http.Client{Transport: &transport{next: decompressing(console), observer: Observers(nil), write: true, secrets: c.secrets, limits: c.limits, now: time.Now}}
	c.private, c.public = client, client
	return c, console
}

// requested is the requested organization.
const requested = "4ffe8ffb-0000-4000-8000-000000000001"

// row is a record of any kind.
type row struct {
	value            any
	id, organization string
}

func rows[T any, R record[T]](all iter.Seq2[T, error]) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for value, err := range all {
			id, organization := R(&value).identity()
			if !yield(row{value, id, organization}, err) {
				return
			}
		}
	}
}

// kind is a kind of record that is streamed, and how it is requested.
type kind struct {
	plural string
	rows   func(context.Context, *Client) iter.Seq2[row, error]
}

func kinds() []kind {
	return []kind{
		{"assets", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(c.Assets(ctx, requested, "", "env"))
		}},
		{"sites", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.Sites(ctx, requested)) }},
		{"sites", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.AccountSites(ctx)) }},
		{"tasks", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.Tasks(ctx, requested)) }},
		{"explorers", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.Explorers(ctx, requested)) }},
		{"agents", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.AccountExplorers(ctx)) }},
		{"hosted_zones", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(c.HostedZones(ctx, requested))
		}},
		{"keys", func(ctx context.Context, c *Client) iter.Seq2[row, error] { return rows(c.APIKeys(ctx)) }},
		{"orgs", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(stream[Organization](ctx, c, ownOrganization(nil)))
		}},
		{"assets", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(stream[owner](ctx, c, export{endpoint: "/export/org/assets.json", plural: "assets"}))
		}},
		{"services", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(organizationRows[counted](ctx, c, "/export/org/services.jsonl", "services", requested, "", ""))
		}},
		{"assets", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(c.TargetAssets(ctx, requested, ""))
		}},
		{"services", func(ctx context.Context, c *Client) iter.Seq2[row, error] {
			return rows(c.TargetServices(ctx, requested, ""))
		}},
	}
}

// bodyError matches every text that an error about a body can have.
var bodyErrorText = regexp.MustCompile(`^/[a-z/._{}-]+: (record \d+: )?(` + strings.Join([]string{
	regexp.QuoteMeta(ErrNotData.Error()), regexp.QuoteMeta(ErrNotJSON.Error()), regexp.QuoteMeta(ErrNotRecord.Error()),
	regexp.QuoteMeta(ErrNoData.Error()), regexp.QuoteMeta(ErrReported.Error()),
	regexp.QuoteMeta(ErrNotHealth.Error()), regexp.QuoteMeta(ErrWrongOrganization.Error()), regexp.QuoteMeta(ErrCursorLoop.Error()),
	regexp.QuoteMeta(ErrTooLarge.Error()) + `(: more than \d+ records)?`,
	regexp.QuoteMeta(ErrTruncated.Error()) + `(: (gzip: invalid (header|checksum)|flate: corrupt input before offset \d+))?`,
	regexp.QuoteMeta(errNoLicense.Error()), regexp.QuoteMeta(errNoRelease.Error()),
}, "|") + `)$`)

// invalid returns what is impossible in a record, whatever was read.
func invalid(v reflect.Value) string {
	switch value := v; {
	case value.Type() == reflect.TypeFor[Count]():
		if n, known := value.Field(0).Int(), value.Field(1).Bool(); n < 0 || n != 0 && !known {
			return fmt.Sprintf("a count of %d, known: %t", n, known)
		}
	case value.Type() == reflect.TypeFor[time.Time]():
		if at, _ := value.Interface().(time.Time); !at.IsZero() && (at.Unix() <= 0 || at.Year() > 9999) {
			return "an instant at " + at.String()
		}
	case value.Kind() == reflect.String:
		if !utf8.ValidString(value.String()) {
			return fmt.Sprintf("the text %q", value.String())
		}
	case value.Kind() == reflect.Slice:
		for i := range value.Len() {
			if problem := invalid(value.Index(i)); problem != "" {
				return problem
			}
		}
	case value.Kind() == reflect.Struct:
		for i := range value.NumField() {
			if problem := invalid(value.Field(i)); problem != "" {
				return value.Type().Field(i).Name + ": " + problem
			}
		}
	}
	return ""
}

// readAll reads all rows and returns them as text. It checks what must hold for any row and any error.
func readAll(t *testing.T, all iter.Seq2[row, error]) string {
	t.Helper()
	var out strings.Builder
	var last error
	for row, err := range all {
		if last != nil {
			t.Fatalf("a row after the error %v", last)
		}
		if last = err; err != nil {
			if !bodyErrorText.MatchString(err.Error()) {
				t.Errorf("the error %q repeats the body", err)
			}
			fmt.Fprintln(&out, err)
			continue
		}
		if !isIdentifier([]byte(row.id)) || ofAnother(row.organization, requested) && !accountWide(row.value) {
			t.Errorf("a row with the id %q, of the organization %q", row.id, row.organization)
		}
		if problem := invalid(reflect.ValueOf(row.value)); problem != "" {
			t.Errorf("%T: %s", row.value, problem)
		}
		fmt.Fprintf(&out, "%+v\n", row.value)
	}
	return out.String()
}

// accountWide reports whether records of this type may belong to any organization.
func accountWide(value any) bool {
	switch value.(type) {
	case Site, Explorer, APIKey:
		return true
	}
	return false
}

// FuzzRecords reads any bytes as records of every kind, compressed or not: every row has an id and the requested
// organization, no value is impossible, and an error is the last thing and never repeats the body. How the bytes
// arrive makes no difference.
func FuzzRecords(f *testing.F) {
	for kind := range kinds() {
		f.Add(uint8(kind), []byte(`{"id":"a","organization_id":"`+requested+`","name":"n","os":"Linux","sources":["a","b"],"last_seen":1759471906}`+"\n"+`{"id":"b"}`), false)
		f.Add(uint8(kind), []byte(`[{"id":"a","asset_count":"3.0","connected":true,"last_checkin":"2025-10-03T06:11:46Z"},{"id":"b","version":"5.1 (build 1)"}]`), false)
		f.Add(uint8(kind), []byte(`{"`+kinds()[kind].plural+`":[{"id":"a","stats":{"change.newAssets":1}}],"next_key":"b"}`), false)
	}
	for _, body := range []string{"", "null", "[]", "\ufeff\n[{}]", "<html>", `[{"id":"a"},{"error":"PLANTED"}]`, `{"error":"PLANTED"}`, `{"id":"a"`, `{"id":"a"},`, "[[[[", "{\"id\":\"a\",\"name\":\"\xff\\ud800\"}",
		`{"id":"` + zeroUUID + `"}`, `{"id":1e5,"id":"last"}`, `{"id":"a","organization_id":"` + strings.Repeat("b", 36) + `"}`, `{"assets":null,"id":"a"}`,
		`{"error":"PLANTED","assets":[]}`, `{"assets":[],"status":503}`, `{"id":"a","os":["x",1,null,["y"],{}],"error":"no failure"}`} {
		f.Add(uint8(0), []byte(body), false)
		f.Add(uint8(0), zip(f, []byte(body)), true)
	}
	f.Add(uint8(0), []byte("no gzip"), true)
	f.Add(uint8(0), zip(f, []byte(`[{"id":"a"},{"id":"b"}]`))[:30], true)
	c, console := cannedClient(f)
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, zipped bool) {
		all := kinds()[int(kind)%len(kinds())].rows
		console.body, console.zipped, console.slow = body, zipped, false
		quick := readAll(t, all(t.Context(), c))
		console.slow = true
		if slow := readAll(t, all(t.Context(), c)); slow != quick {
			t.Errorf("byte by byte\n%s\nat once\n%s", slow, quick)
		}
	})
}

// FuzzForms sends the same records in every form that consoles use. All are read the same, and encoding/json finds
// the same ids.
func FuzzForms(f *testing.F) {
	for kind, one := range []string{
		`{"id":"a","os":"\u00e4","alive":"t","eol_os":0,"sources":["x",1,null,["y"]],"services":{"id":"inner"}}`,
		`{"id":17,"name":"HQ","asset_count":1e3}`, `{"id":null}`, `{"id":"a b"}`, `{"id":"a","id":true}`, `{"\u0069d":"a","name":"` + "\xff" + `"}`,
		`{"id":"a","stats":{"change.newAssets":"3"},"recur_frequency":"daily,monday;-300"}`,
	} {
		f.Add(uint8(kind), []byte(one), []byte(`{"id":"b","assets":[{"id":"c"}],"sites":[],"next_key":"x"}`))
	}
	c, console := cannedClient(f)
	f.Fuzz(func(t *testing.T, kind uint8, one, two []byte) {
		object := func(b []byte) bool {
			value := jsontext.Value(b)
			return value.Kind() == '{' && value.IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		}
		if !object(one) || !object(two) {
			return
		}
		of := kinds()[int(kind)%len(kinds())]
		// The first record has no member that would make it a page.
		records := [][]byte{[]byte(`{"id":"first"}`), one, two}
		list := append(append([]byte("["), bytes.Join(records, []byte(","))...), ']')
		page := append(append([]byte(`{"`+of.plural+`":`), list...), `,"next_key":""}`...)
		console.body, console.zipped = bytes.Join(records, []byte("\n")), false
		want := readAll(t, of.rows(t.Context(), c))
		for form, body := range map[string][]byte{"list": list, "page": page, "marked list": append([]byte("\ufeff "), list...), "zipped list": zip(t, list)} {
			console.body, console.zipped = body, form == "zipped list"
			if got := readAll(t, of.rows(t.Context(), c)); got != want {
				t.Errorf("as a %s it is\n%s\nand as lines\n%s", form, got, want)
			}
		}
		if id, ok := foundID(one); ok && of.plural != "services" { // which have ids by several names
			if is := !strings.Contains(want, ": record 2: "+ErrNotRecord.Error()); is != isIdentifier([]byte(id)) {
				t.Errorf("encoding/json finds the id %q in %s, which became\n%s", id, one, want)
			}
		}
	})
}

// foundID returns an object's id as encoding/json finds it. ok is false if it cannot.
func foundID(object []byte) (id string, ok bool) {
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	if decoder.Decode(&members) != nil {
		return "", false
	}
	switch value := members["id"].(type) {
	case string, json.Number, bool:
		return fmt.Sprint(value), true
	}
	return "", true
}

// FuzzObjects reads any bytes as one object: either it has contents, or there is an error that does not repeat the
// body.
func FuzzObjects(f *testing.F) {
	for kind, body := range []string{
		`{"license_type":"platform","license_expiration":1798761599,"license_max_assets":"1000"}`, `{"status":"ok","version":"5.1.260818.0"}`,
		`{"id":"agent","version":"5.1.260818.0 (build 1)"}`, `{"id":"a","name":"Scan","error":"PLANTED","stats":{"change.newAssets":1}}`,
	} {
		for _, body := range []string{body, `{}`, `[]`, ``, `null`, `{"error":"PLANTED"}`, `<html>`, body[:len(body)-1], `{"version":"` + strings.Repeat("1.", 9) + strings.Repeat("é", 2100) + `"}`} {
			f.Add(uint8(kind), []byte(body), false)
		}
		f.Add(uint8(kind), zip(f, []byte(body)), true)
	}
	c, console := cannedClient(f)
	objects := []func(context.Context) (value any, filled bool, err error){
		func(ctx context.Context) (any, bool, error) { l, err := c.License(ctx); return l, l != License{}, err },
		func(ctx context.Context) (any, bool, error) { h, err := c.Health(ctx); return h, true, err },
		func(ctx context.Context) (any, bool, error) {
			version, err := c.explorerRelease(ctx)
			return version, version != "" && len(version) <= longestValue && !strings.Contains(version, " "), err
		},
		func(ctx context.Context) (any, bool, error) {
			task, err := c.StartScan(ctx, requested, "site", nil)
			return task, isIdentifier([]byte(task.ID)) && !ofAnother(task.OrganizationID, requested), err
		},
	}
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, zipped bool) {
		read := objects[int(kind)%len(objects)]
		console.body, console.zipped, console.slow = body, zipped, false
		value, filled, err := read(t.Context())
		switch {
		case err != nil:
			if !bodyErrorText.MatchString(err.Error()) {
				t.Errorf("the error %q repeats the body", err)
			}
		case !filled:
			t.Errorf("%+v is empty", value)
		}
		if problem := invalid(reflect.ValueOf(value)); problem != "" {
			t.Errorf("%T: %s", value, problem)
		}
		console.slow = true
		if again, _, slowly := read(t.Context()); !reflect.DeepEqual(again, value) || fmt.Sprint(slowly) != fmt.Sprint(err) {
			t.Errorf("byte by byte %+v (%v), at once %+v (%v)", again, slowly, value, err)
		}
	})
}
