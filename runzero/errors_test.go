package runzero_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// refusal is the error of an answer other than success.
func refusal(t *testing.T, h http.Handler, c runzero.Config) *runzero.Error {
	t.Helper()
	_, err := readSites(t, h, c)
	var refused *runzero.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v (%T), want a *runzero.Error", err, err)
	}
	return refused
}

func TestErrorShowsTheServersSentence(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"problem JSON":       {`{"title":"Unauthorized","status":401,"detail":"missing API key"}`, "missing API key: Unauthorized"},
		"status as a string": {`{"detail":"no such field","error":"request failed","status":"error","title":"request failed"}`, "request failed: no such field"},
		"wrong kind of token": {`{"error":"invalid organization token: invalid account API key","possible_token_types":["client"],"provided_token_type":"organization"}`,
			"invalid organization token: invalid account API key"},
		"plain error":        {`{"error":"unauthorized"}`, "unauthorized"},
		"not JSON":           {"404: Not Found\n", "404: Not Found"},
		"JSON string":        {`"no"`, `"no"`},
		"HTML":               {"<!DOCTYPE html><html><body>topsecret</body></html>", ""},
		"HTML behind a mark": {"\ufeff\n<html>topsecret</html>", ""},
		"empty":              {"", ""},
		"null":               {"null", ""},
		"empty object":       {"{}", ""},
		"array":              {`["topsecret"]`, ""},
		"cut off JSON":       {`{"error":"topsecret`, ""},
		"error is an object": {`{"error":{"code":5},"detail":"no"}`, "no"},
		"repeated key":       {`{"error":"one","error":"two"}`, "two"},
		"control characters": {"\x1b[31mred\x00 \r\n\tgreen\u202e\u0085", "[31mred green"},
		"invalid UTF-8":      {"bad\xff\xfe", "bad\ufffd"},
		"invalid in JSON":    {"{\"error\":\"bad\xff \\ud800\"}", "bad\ufffd \ufffd"},
		"long":               {strings.Repeat("ä", 1000), strings.Repeat("ä", 200) + "…"},
		"exactly long":       {strings.Repeat("ä", 200), strings.Repeat("ä", 200)},
		"10 MB of words":     {strings.Repeat("no ", 10<<20/3), strings.TrimSpace(strings.Repeat("no ", 67))[:200] + "…"},
		"10 MB of one word":  {strings.Repeat("n", 10<<20), ""},
		"10 MB of JSON":      {`{"error":"` + strings.Repeat("n ", 5<<20) + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusal(t, answer(http.StatusUnauthorized, "application/json", c.body), runzero.Config{})
			if got.Message != c.want || got.Status != http.StatusUnauthorized || got.Endpoint != sites {
				t.Errorf("message %q, want %q (%+v)", got.Message, c.want, got)
			}
			want := sites + ": 401 Unauthorized"
			if c.want != "" {
				want += ": " + c.want
			}
			if text := got.Error(); text != want || !utf8.ValidString(text) {
				t.Errorf("text %q, want %q", text, want)
			}
		})
	}
}

func TestErrorNeverShowsTheToken(t *testing.T) {
	const oddToken = "my+odd/token~of%a!new'kind"
	for name, c := range map[string]struct{ token, body string }{
		"as it is":             {exportToken, "no such token: " + exportToken + "!"},
		"in JSON":              {oddToken, `{"error":"no such token","detail":"` + oddToken + `"}`},
		"in a header":          {oddToken, "Authorization: Bearer " + oddToken},
		"as a URL has it":      {oddToken, "?token=my%2Bodd%2Ftoken~of%25a%21new%27kind"},
		"cut by the message":   {oddToken, strings.Repeat("x", 180) + " " + oddToken},
		"cut by the body":      {oddToken, strings.Repeat(" ", 16<<10-len(oddToken)+1) + oddToken},
		"short of the body":    {oddToken, strings.Repeat(" ", 16<<10-len(oddToken)) + oddToken},
		"somebody else's":      {exportToken, "did you mean OT998877665544332211AABBCCDDEEFF00?"},
		"somebody else's too":  {exportToken, "Bearer my-odd-token-of-ann"},
		"on a line of its own": {exportToken, "no such token:\n" + exportToken + "\nsorry"},
		"broken up by a null":  {exportToken, "no such token " + exportToken[:8] + "\x00" + exportToken[8:]},
		"broken up by lines":   {oddToken, "no such token " + strings.Join(strings.Split(oddToken, ""), "\r\n")},
		"broken up unseen":     {oddToken, `{"error":"no such token ` + oddToken[:5] + `\u200b` + oddToken[5:9] + `\u202e\ufffd` + oddToken[9:] + `"}`},
		"broken up and cut":    {oddToken, strings.Repeat(" ", 16<<10-len(oddToken)) + oddToken[:9] + "\n" + oddToken[9:]},
		"broken UTF-8":         {exportToken, "no such token " + exportToken[:8] + "\xff\xc3" + exportToken[8:]},
		"broken up, in a URL":  {oddToken, "?token=my%2Bodd\x1f%2Ftoken~of%25a%21new%27kind"},
		"another's, broken up": {exportToken, "did you mean\tOT99\x00887766554433\x002211AABBCCDDEEFF00?"},
		"another's behind it":  {exportToken, "Bearer\nmy-odd-token-of-ann"},
		"twice":                {exportToken, exportToken + "\x00" + exportToken[:9] + "\x7f" + exportToken[9:]},
	} {
		t.Run(name, func(t *testing.T) {
			text := refusal(t, answer(http.StatusForbidden, "", c.body), runzero.Config{HTTP: withToken(c.token)}).Error()
			for _, part := range []string{"00112233", "my+odd", "my%2Bodd", "99887766", "my-odd", "445566", "334455", "~of", "~ o", "kind", "AABB", "CCDD", "o d d"} {
				if strings.Contains(text, part) {
					t.Errorf("the error shows a token: %s", text)
				}
			}
		})
	}
}

// A client's secret may hold what no token may.
func TestErrorNeverShowsASecretOfAnyBytes(t *testing.T) {
	for secret, shown := range map[string]string{"top\xffsec\x00ret": "<secret>", "top(sec[ret": "<secret>", "tö\tp sec\nret": "<secret>", "\xff\xfe\xff\xfe": "\ufffd"} {
		http := withClient()
		http.OAuth2.ClientSecret = config.Secret(secret)
		_, err := all(serve(t, answer(400, "", "no client has "+secret+"!"), runzero.Config{HTTP: http}).Sites(t.Context(), organization))
		if err == nil || !strings.HasSuffix(err.Error(), "no client has "+shown+"!") {
			t.Errorf("%q: error %v", secret, err)
		}
	}
}

func TestErrorKeepsTheWordsAroundAToken(t *testing.T) {
	broken := exportToken[:8] + "\x00\n" + exportToken[8:]
	got := refusal(t, answer(http.StatusForbidden, "", "no\nsuch token: "+broken+"!\nnor "+exportToken+"\x00\nat\tall"), runzero.Config{}).Message
	if want := "no such token: <secret>! nor <secret> at all"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestErrorHoldsNoURL(t *testing.T) {
	gone := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), runzero.Config{})
	refused := serve(t, answer(http.StatusBadRequest, "", "no"), runzero.Config{})
	for name, client := range map[string]*runzero.Client{"no answer": gone, "a refusal": refused} {
		t.Run(name, func(t *testing.T) {
			_, err := all(client.Assets(t.Context(), organization, "owner:topsecret"))
			if err == nil || !strings.HasPrefix(err.Error(), "/export/org/assets.jsonl: ") {
				t.Fatalf("error %v, want one that begins with the endpoint", err)
			}
			for _, part := range []string{"topsecret", "127.0.0.1", "http:", "search"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("the error shows the URL: %v", err)
				}
			}
		})
	}
}

func TestErrorKeepsUsage(t *testing.T) {
	got := refusal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-API-Usage-Remaining", "0")
		w.Header().Set("X-API-Usage-Limit", "many")
		w.WriteHeader(http.StatusTooManyRequests)
	}), runzero.Config{})
	if want := (runzero.Usage{Remaining: runzero.Known(0)}); got.Usage != want {
		t.Errorf("usage %v, want %v", got.Usage, want)
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		for value, want := range map[string]time.Duration{
			"":                              0,
			"30":                            30 * time.Second,
			" 30 ":                          30 * time.Second,
			"0":                             0,
			"-30":                           0,
			"86400":                         24 * time.Hour,
			"86401":                         24 * time.Hour,
			"9223372036854775807":           24 * time.Hour,
			"99999999999999999999999":       24 * time.Hour,
			"-99999999999999999999999":      0,
			"soon":                          0,
			"1.5":                           0,
			date(90 * time.Second):          90 * time.Second,
			date(-time.Hour):                0,
			date(365 * 24 * time.Hour):      24 * time.Hour,
			"Fri, 31 Dec 9999 00:00:00":     0, // no zone, so no date
			"Fri, 31 Dec 9999 23:59:59 GMT": 24 * time.Hour,
		} {
			got := refusal(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", value)
				w.WriteHeader(http.StatusServiceUnavailable)
			}), runzero.Config{})
			if got.RetryAfter != want {
				t.Errorf("Retry-After %q: %v, want %v", value, got.RetryAfter, want)
			}
		}
	})
}
