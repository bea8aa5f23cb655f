package runzero

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/config"
)

// shows tells whether a text shows a secret, blanks and what is not printed aside. A
// secret that our own mark for one would show, or that is too short, is none.
func shows(text, secret string) bool {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unprinted(r) || unicode.IsSpace(r) || r == utf8.RuneError {
				return -1
			}
			return r
		}, s)
	}
	secret = bare(secret)
	if len(secret) < secretShortest || strings.ContainsAny(secret, "<>") || strings.Contains(redacted, secret) {
		return false
	}
	return strings.Contains(bare(text), secret)
}

// FuzzErrorBody makes an error of any body and any secret that was sent: its message
// is a line that can be shown, no longer than so much, without the secret.
func FuzzErrorBody(f *testing.F) {
	const token, odd = "ET00112233445566778899AABBCCDDEEFF", "my+odd/token~of%a!new'kind"
	for _, body := range []string{
		`{"title":"Unauthorized","status":401,"detail":"missing API key"}`, `{"error":"no","possible_token_types":["client"]}`,
		`{"error":{"code":5},"detail":"no"}`, `["no"]`, `"no"`, "null", "", "<html>no</html>", "\ufeff\n<html>", "404: Not Found\n", "\x1b[31mred\x00 \r\n\tgreen\u202e\u0085",
		"bad\xff\xfe", "{\"error\":\"bad\xff \\ud800\"}", strings.Repeat("ä", 300),
	} {
		f.Add([]byte(body), token)
	}
	for _, secret := range []string{token, odd, "s3cr&t=+ %/ü", "top\xffsec\x00ret", "tö\tp sec\nret", "secr", "a b c d", "000%80"} {
		f.Add([]byte("no such token: "+secret+"!"), secret)
		f.Add([]byte("?token="+url.QueryEscape(secret)+"&again="+url.PathEscape(secret)), secret)
		f.Add([]byte("folded: "+secret[:3]+"\r\n "+secret[3:]), secret)
		f.Add([]byte("Bearer "+secret+"\nBearer\n"+secret), secret)
		body, err := json.Marshal(map[string]string{"error": secret, "detail": strings.Join(strings.Split(secret, ""), "\u200b")})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, secret)
	}
	f.Fuzz(func(t *testing.T, body []byte, secret string) {
		sent := &http.Request{Header: http.Header{"Authorization": {"Bearer " + secret}}}
		for _, err := range []*Error{
			newError("/health", &http.Response{StatusCode: http.StatusTeapot}, body, []string{secret}),
			newError("/health", &http.Response{StatusCode: http.StatusTeapot}, body, headerSecrets(sent.Header)),
		} {
			lawfulMessage(t, err, secret)
		}
	})
}

// lawfulMessage holds an error's message to what must be so of any.
func lawfulMessage(t *testing.T, err *Error, secret string) {
	t.Helper()
	message := err.Message
	if n := utf8.RuneCountInString(message); n > messageRunes+1 {
		t.Errorf("a message of %d characters", n)
	}
	if message != oneLine(message, messageRunes+1) || strings.ContainsFunc(message, unprinted) || strings.TrimSpace(message) != message || !utf8.ValidString(message) {
		t.Errorf("%q is no line to show", message)
	}
	if shows(message, secret) {
		t.Errorf("%q shows the secret %q", message, secret)
	}
	if text := err.Error(); !strings.HasSuffix(text, message) || strings.Contains(text, "\n") {
		t.Errorf("the error %q is not of one line, or lacks its message", text)
	}
}

// FuzzToken answers a request for an access token with anything: either a token that
// was in the answer, and that can be sent, is believed for some time, or there is an
// error of one short line that quotes neither the answer nor the secret.
func FuzzToken(f *testing.F) {
	const secret = "s3cr&t=+ %/ü"
	for _, body := range []string{
		`{"access_token":"abc","token_type":"bearer","expires_in":3600}`, `{"access_token":"abc","expires_in":"600"}`, `{"access_token":"abc","expires_in":-1}`,
		`{"access_token":"abc","expires_in":1e99}`, `{"access_token":"abc","expires_in":"PLANTED"}`, `{"access_token":"abc","expires_in":9999999999999999999999}`, `{"access_token":["PLANTED"]}`,
		`{"access_token":"a b"}`, `{"access_token":"a\nb"}`, `{"access_token":"ä"}`, `{"access_token":""}`, `{"access_token":"abc","error":"` + secret + `"}`, `{"error":"PLANTED"}`,
		`{}`, `[]`, ``, `null`, `PLANTED`, `<html>PLANTED</html>`, `{"access_token":"abc"`, `{"access_token":"` + strings.Repeat("a", accessLongest+1) + `"}`,
		`access_token=abc&expires_in=60`, `access_token=abc&expires_in=9000000000`, `access_token=abc&expires_in=9300000000`, `access_token=%zz`, `error=` + url.QueryEscape(secret), `access_token=a%0Ab`,
	} {
		for status, content := range map[uint16]string{200: "application/json", 201: "text/plain", 401: "application/json", 400: "application/x-www-form-urlencoded", 500: "text/html"} {
			f.Add(status, content, []byte(body))
		}
	}
	console, err := url.Parse(DefaultURL)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status uint16, content string, body []byte) {
		wire := &issued{canned: canned{status: 200 + int(status)%400, header: http.Header{"Content-Type": {content}}, body: body}}
		transport := &oauthTransport{wire: wire, secrets: &secrets{}, credential: credential{console: console, client: &config.OAuth2{ClientID: "id", ClientSecret: secret}}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, DefaultURL+"/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		response, err := transport.RoundTrip(request)
		if err != nil {
			lawfulRefusal(t, requestError("/export", err), secret, body)
			return
		}
		_ = response.Body.Close()
		token, bearer := strings.CutPrefix(wire.authorization, "Bearer ")
		if !bearer || token == "" || len(token) > accessLongest || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("sent %q", wire.authorization)
		}
		if media, _, _ := mime.ParseMediaType(content); media != "text/plain" && media != "application/x-www-form-urlencoded" {
			var answer struct {
				Token string `json:"access_token"`
			}
			if err := json.Unmarshal(body, &answer); err != nil || answer.Token != token {
				t.Errorf("sent %q, and the answer has %q (%v)", token, answer.Token, err)
			}
		}
		if !transport.until.After(began) {
			t.Errorf("it is believed until %v", transport.until)
		}
	})
}

// lawfulRefusal holds the error of a token that could not be had to what must be so of
// any.
func lawfulRefusal(t *testing.T, err error, secret string, body []byte) {
	t.Helper()
	text := err.Error()
	if !strings.HasPrefix(text, TokenEndpoint+": ") || strings.ContainsFunc(text, unprinted) || !utf8.ValidString(text) || utf8.RuneCountInString(text) > messageRunes+100 {
		t.Errorf("%q is no line to show", text)
	}
	if shows(text, secret) {
		t.Errorf("%q shows the secret", text)
	}
	if answer := (*Error)(nil); errors.As(err, &answer) {
		lawfulMessage(t, answer, secret)
	} else if strings.Contains(string(body), "PLANTED") && strings.Contains(text, "PLANTED") {
		t.Errorf("%q quotes the answer", text)
	}
}

// issued is a canned answer to requests for a token. Others are all well.
type issued struct {
	canned

	authorization string // that the last of the others had
}

func (i *issued) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Path == apiPath+TokenEndpoint {
		return i.canned.RoundTrip(request)
	}
	i.authorization = request.Header.Get("Authorization")
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: request}, nil
}

// A header that cannot be read is not quoted as it came.
func TestErrorOfAHeaderIsALine(t *testing.T) {
	const token = "ET00112233445566778899AABBCCDDEEFF"
	c, console := asks(t, token)
	console.status = http.StatusFound
	console.header = http.Header{"Location": {"http://[" + token + "\x00\n\xff" + strings.Repeat("x", 1<<16)}}
	for _, err := range c.Sites(t.Context(), "") {
		text := err.Error()
		if !strings.HasPrefix(text, "/export/org/sites.json: failed to parse Location header") || text != oneLine(text, len(text)) || len(text) > 1000 || shows(text, token) {
			t.Errorf("error %q", text)
		}
	}
}
