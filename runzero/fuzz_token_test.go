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

	"github.com/prometheus/common/config"
)

// FuzzToken answers a request for an access token with anything. Either the token in the response is used for some
// time, or there is an error on one short line that repeats neither the response nor the secret.
func FuzzToken(f *testing.F) {
	const secret = "s3cr&t=+ %/ü"
	for _, body := range []string{
		`{"access_token":"abc","token_type":"bearer","expires_in":3600}`, `{"access_token":"abc","expires_in":"600"}`, `{"access_token":"abc","expires_in":-1}`,
		`{"access_token":"abc","expires_in":1e99}`, `{"access_token":"abc","expires_in":"PLANTED"}`, `{"access_token":"abc","expires_in":9999999999999999999999}`, `{"access_token":["PLANTED"]}`,
		`{"access_token":"PLANTED b"}`, `{"access_token":"a\nb"}`, `{"access_token":"ä"}`, `{"access_token":""}`, `{"access_token":"abc","error":"` + secret + `"}`, `{"error":"PLANTED"}`,
		`{}`, `[]`, ``, `null`, `PLANTED`, `<html>PLANTED</html>`, `{"access_token":"abc"`, `{"access_token":"` + strings.Repeat("a", longestToken+1) + `"}`,
		`access_token=abc&expires_in=60`, `access_token=abc&expires_in=9000000000`, `access_token=abc&expires_in=9300000000`, `access_token=%zz`, `error=` + url.QueryEscape(secret), `access_token=a%0Ab`,
	} {
		for status, content := range map[uint16]string{200: "application/json", 201: "text/plain", 401: "application/json", 400: "application/x-www-form-urlencoded", 500: "text/html"} {
			f.Add(status, content, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, status uint16, content string, body []byte) {
		issuer := &tokenIssuer{canned: canned{status: 200 + int(status)%400, header: http.Header{"Content-Type": {content}}, body: body}}
		s := newSecrets(nil, nil)
		transport := newOAuthTransport(credential{client: &config.OAuth2{ClientID: "id", ClientSecret: secret, TokenURL: DefaultURL + apiPath + TokenEndpoint}}, issuer, s, time.Now)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, DefaultURL+"/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		response, err := transport.RoundTrip(request)
		if err != nil {
			checkTokenError(t, s.withhold("/export", requestError("/export", err)), secret, body)
			return
		}
		_ = response.Body.Close()
		token, bearer := strings.CutPrefix(issuer.authorization, "Bearer ")
		if !bearer || token == "" || len(token) > longestToken || !oneWord(token) {
			t.Errorf("sent %q", issuer.authorization)
		}
		if media, _, _ := mime.ParseMediaType(content); media != "text/plain" && media != "application/x-www-form-urlencoded" {
			var issued struct {
				Token string `json:"access_token"`
			}
			if err := json.Unmarshal(body, &issued); err != nil || issued.Token != token {
				t.Errorf("sent %q, but the response has %q (%v)", token, issued.Token, err)
			}
		}
		if current := <-transport.current; !current.until.After(began) {
			t.Errorf("used until %v", current.until)
		}
	})
}

func checkTokenError(t *testing.T, err error, secret string, body []byte) {
	t.Helper()
	text := err.Error()
	if !strings.HasPrefix(text, TokenEndpoint+": ") || !printable(text) || len(text) > 4*longestMessage+100 {
		t.Errorf("%q cannot be shown", text)
	}
	if strings.Contains(text, secret) {
		t.Errorf("%q shows the secret", text)
	}
	if response := (*Error)(nil); !errors.As(err, &response) && strings.Contains(string(body), "PLANTED") && strings.Contains(text, "PLANTED") {
		t.Errorf("%q quotes the response", text)
	}
}

// tokenIssuer gives one answer to requests for a token. Other requests succeed.
type tokenIssuer struct {
	canned

	authorization string // of the latest other request
}

func (i *tokenIssuer) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Path == apiPath+TokenEndpoint {
		return i.canned.RoundTrip(request)
	}
	i.authorization = request.Header.Get("Authorization")
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: request}, nil
}
