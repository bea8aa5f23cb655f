package runzero

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	plainSecret = "ETqj7zv81KWYGHP20mvkq7ZXJ"
	oddSecret   = "client+secret/uvw39QRPLM!xkdj%40hgzn&tö"
)

// spellings are the ways in which servers write what they repeat.
func spellings() map[string]func(string) string {
	separated := func(size int, separator string) func(string) string {
		return func(s string) string {
			var parts []string
			for part := range slices.Chunk([]byte(s), size) {
				parts = append(parts, string(part))
			}
			return strings.Join(parts, separator)
		}
	}
	eachByte := func(format string) func(string) string {
		return func(s string) string {
			var out strings.Builder
			for _, b := range []byte(s) {
				fmt.Fprintf(&out, format, b)
			}
			return out.String()
		}
	}
	return map[string]func(string) string{
		"raw":                   func(s string) string { return s },
		"lower case":            strings.ToLower,
		"upper case":            strings.ToUpper,
		"Go-quoted":             func(s string) string { return fmt.Sprintf("%+q", s) },
		"query-escaped":         url.QueryEscape,
		"path-escaped":          url.PathEscape,
		"percent-encoded":       eachByte("%%%02X"),
		"percent-encoded twice": eachByte("%%25%02x"),
		"JSON-escaped":          eachByte(`\u%04x`),
		"JSON-escaped twice":    eachByte(`\\u%04X`),
		"C-escaped":             eachByte(`\x%02x`),
		"HTML-escaped":          html.EscapeString,
		"HTML entities":         eachByte("&#%d;"),
		"hexadecimal":           func(s string) string { return hex.EncodeToString([]byte(s)) },
		"base64":                func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64 after a prefix": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("Bearer " + s + "\r\n")) },
		"base64 after another":  func(s string) string { return base64.URLEncoding.EncodeToString([]byte("Bearer: " + s)) },
		"in groups":             separated(4, " "),
		"with dashes":           separated(6, "-"),
		"line by line":          separated(3, "\n"),
		"byte by byte":          separated(1, "\x00"),
		"first half":            func(s string) string { return s[:len(s)/2] + "…" },
		"second half":           func(s string) string { return "…" + s[len(s)/2:] },
		"eight characters":      func(s string) string { return s[4:12] },
	}
}

var testTime = time.Date(2026, 8, 19, 12, 0, 0, 0, time.UTC)

func sent(values ...string) *secrets {
	s := newSecrets(nil, nil)
	s.add(values...)
	return s
}

// errorOf returns the error of a response with this body.
func errorOf(t testing.TB, s *secrets, body string) *Error {
	t.Helper()
	response := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}}
	return newError("/health", response, []byte(body), s, testTime)
}

func errorBody(t testing.TB, key, message string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{key: message})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestShowsTheMessageOfTheAPI(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"problem JSON":          {`{"title":"Unauthorized","status":401,"detail":"missing API key"}`, "missing API key: Unauthorized"},
		"title repeats error":   {`{"detail":"no such field","error":"request failed","title":"request failed"}`, "request failed: no such field"},
		"several lines":         {`{"error":"no\nsuch\ttoken"}`, "no such token"},
		"error is an object":    {`{"error":{"code":5},"detail":"no"}`, "no"},
		"repeated key":          {`{"error":"one","error":"two"}`, "two"},
		"percent sign":          {`{"error":"50% of the quota"}`, "50% of the quota"},
		"longest":               {errorBody(t, "error", strings.Repeat("ä", 200)), strings.Repeat("ä", 200)},
		"too long":              {errorBody(t, "error", strings.Repeat("ä", 201)), ""},
		"control characters":    {errorBody(t, "error", "\x1b[31mred"), ""},
		"invisible characters":  {errorBody(t, "error", "a\u200bb\u202e"), ""},
		"invalid UTF-8":         {"{\"error\":\"bad\xff \\ud800\"}", "bad\ufffd \ufffd"},
		"plain text":            {"404: Not Found\n", ""},
		"web page":              {"<html><body>topsecret</body></html>", ""},
		"truncated":             {`{"error":"topsecret`, ""},
		"empty":                 {"", ""},
		"token of somebody":     {`{"error":"did you mean OT998877665544332211AABBCCDDEEFF00?"}`, ""},
		"newer token":           {`{"error":"did you mean OTqj7zv81KWYGHP20mvkq7ZXJ?"}`, ""},
		"credential of another": {`{"error":"no such key: Bearer my-odd-token-of-ann"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := errorOf(t, sent(plainSecret), c.body)
			want := "/health: 403 Forbidden"
			if c.want != "" {
				want += ": " + c.want
			}
			if err.Message != c.want || err.Error() != want {
				t.Errorf("message %q, error %q; want %q", err.Message, err, want)
			}
		})
	}
}

func TestWithholdsAMessageThatRepeatsASecret(t *testing.T) {
	for _, secret := range []string{plainSecret, oddSecret, "top\xffsecret\x00of four words", "tö\tpsecret-of-four-words", "(topsecret of)[four words"} {
		for spelling, spell := range spellings() {
			s := sent("another", secret)
			for _, key := range []string{"error", "detail", "title"} {
				for _, text := range []string{"no such token: %s!", "%s", `{"token":"%s"}`} {
					text = strings.Replace(text, "%s", spell(secret), 1)
					if err := errorOf(t, s, errorBody(t, key, text)); err.Message != "" {
						t.Errorf("%s: %q shows %q in %q", spelling, err.Message, secret, text)
					}
				}
			}
		}
	}
}

func TestShortSecretsDoNotWithholdWords(t *testing.T) {
	s := sent("no", "abc", "pass word", "")
	for text, shown := range map[string]bool{"no such token abc": true, "a password is missing": false, "pass on the word": true} {
		if got := s.message(text); (got == text) != shown {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestForgetsOnlyTheOldestSecrets(t *testing.T) {
	s := newSecrets(&url.URL{Scheme: "http", Host: "proxy", User: url.UserPassword("ann", "proxypass")}, nil)
	secret := func(i int) string { return fmt.Sprintf("%08d", i*7919333) }
	for i := range 100 {
		s.add(secret(i))
		s.add(secret(99)) // in use throughout
	}
	for text, shown := range map[string]bool{secret(99): false, secret(50): false, secret(10): true, "proxypass": false} {
		if got := s.message("at " + text); (got != "") != shown {
			t.Errorf("%q became %q, want it shown: %t", text, got, shown)
		}
	}
}

func TestHeadersThatMayBeSecret(t *testing.T) {
	got := headerSecrets(http.Header{
		"Authorization": {"Bearer " + plainSecret}, "X-Gate": {"Key gatesecret"},
		"User-Agent": {"runzero_exporter/1.0"}, "Accept": {"application/json"}, "Content-Type": {"application/json"},
	})
	slices.Sort(got)
	if want := []string{plainSecret, "Key gatesecret"}; !slices.Equal(got, want) {
		t.Errorf("secrets %q, want %q", got, want)
	}
}

func TestWithholdsATransportErrorThatRepeatsASecret(t *testing.T) {
	cause := errors.New("proxy refused " + plainSecret[3:15])
	err := sent(plainSecret).withhold("/health", requestError("/health", cause))
	if !errors.Is(err, cause) || err.Error() != "/health: failed; the error message is not shown because it may repeat a secret" {
		t.Errorf("error %q", err)
	}
}

func TestTransportErrorsAreOneShortLine(t *testing.T) {
	for text, want := range map[string]string{
		"dial tcp: lookup console.example.com: no such host": "/health: dial tcp: lookup console.example.com: no such host",
		"two\nlines":                            "/health: failed; the error message is not shown because it may repeat a secret",
		"broken \xff":                           "/health: failed; the error message is not shown because it may repeat a secret",
		"valid for " + strings.Repeat("ä", 500): "/health: valid for " + strings.Repeat("ä", 481) + "…",
	} {
		if got := sent(plainSecret).withhold("/health", requestError("/health", errors.New(text))).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A header such as "X-Client: runzero_exporter" must not withhold the errors of this package.
func TestOwnWordsAreNeverWithheld(t *testing.T) {
	err := error(&BodyError{Endpoint: "/export/org/assets.jsonl", Record: 5, Err: ErrTooLarge})
	if got := sent("runzero_exporter").withhold("/export/org/assets.jsonl", err); !errors.Is(got, err) {
		t.Errorf("error %q, want %q", got, err)
	}
}

func TestHostNamesAreNeverWithheld(t *testing.T) {
	s := newSecrets(&url.URL{Scheme: "http", Host: "proxy.example.com:3128", User: url.UserPassword("ann", "proxy.example")}, nil, "et-console-0011223344556677.example.com", "")
	s.add("console-0011223344556677")
	for _, host := range []string{"et-console-0011223344556677.example.com", "proxy.example.com"} {
		err := requestError("/health", errors.New("dial tcp: lookup "+host+": no such host"))
		if got := s.withhold("/health", err); got.Error() != err.Error() {
			t.Errorf("error %q, want %q", got, err)
		}
	}
}

func TestRedactsTokensOnTheCommandLine(t *testing.T) {
	for text, want := range map[string]string{
		"unexpected ET00112233445566778899AABBCCDDEEFF":               "unexpected <secret>",
		"unexpected et00112233445566778899aabbccddeeff, try --help":   "unexpected <secret>, try --help",
		"invalid duration \"CT00112233445566778899AABBCCDDEEFF5min\"": "invalid duration \"<secret>min\"",
		"unexpected Bearer my-odd-token":                              "unexpected <secret>",
		"invalid URL https://console-eu.runzero.example.com:8443":     "invalid URL https://console-eu.runzero.example.com:8443",
		"unknown organization 4ffe8ffb-0000-4000-8000-000000000001":   "unknown organization 4ffe8ffb-0000-4000-8000-000000000001",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// FuzzErrorBody makes an error of any body after any secret was sent: the message is a short printable line that
// neither repeats the secret nor eight characters of it, in any spelling, wherever it was planted.
func FuzzErrorBody(f *testing.F) {
	for _, secret := range []string{plainSecret, oddSecret, "s3cr&t=+ %/ü", "top\xffsec\x00ret", "000%80", "secr", " \U00068a28"} {
		for _, body := range []string{`{"title":"Unauthorized","detail":"missing API key"}`, `{"error":"no"}`, `["no"]`, "null", "", "<html>", "\ufeff{}", "{\"error\":\"bad\xff \\ud800\"}"} {
			f.Add([]byte(body), secret, uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, secret string, n uint8) {
		s := sent(secret)
		bodies := []string{string(body)}
		names := slices.Sorted(maps.Keys(spellings()))
		spelled := spellings()[names[int(n)%len(names)]]
		ascii := !strings.ContainsFunc(secret, func(r rune) bool { return r > unicode.MaxASCII })
		if ascii && len(secret) >= 12 {
			bodies = append(bodies, errorBody(t, "error", string(body)+spelled(secret)), errorBody(t, "detail", spelled(secret)+string(body)))
		}
		for i, body := range bodies {
			err := errorOf(t, s, body)
			message := err.Message
			if utf8.RuneCountInString(message) > longestMessage || !printable(message) || strings.TrimSpace(message) != message || !strings.HasSuffix(err.Error(), message) {
				t.Errorf("%q cannot be shown", message)
			}
			if len(secret) >= shortestSecret && strings.Contains(message, secret) {
				t.Errorf("%q shows the secret %q", message, secret)
			}
			if i > 0 && message != "" && len(alphanumeric(spelled(secret))) >= fragment && len(alphanumeric(secret)) >= 12 {
				t.Errorf("%q repeats the secret %q", message, secret)
			}
		}
	})
}

func TestAServerThatSpeaksFirstIsReportedPlainly(t *testing.T) {
	err := requestError("/health", fmt.Errorf("readLoopPeekFailLocked: %w", error(nil)))
	if got := err.Error(); !strings.HasPrefix(got, "/health: malformed HTTP response: ") || strings.Contains(got, "nil") {
		t.Errorf("error %q", got)
	}
}
