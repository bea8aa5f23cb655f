package runzero_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// The secrets that a client sends. No two have eight characters in common.
const (
	sentToken  = "ETsent-token-jqxzv81KWYGHP20mvkq7ZXJ"
	sentSecret = "client+secret/uvw39QRPLM!xkdj%40hgzn&tö"
	sentAccess = "access.ghyk5VNBQ.zmtp27rwXLDCK_fsjqhu"
	sentHeader = "gate;wpdk61TTQzxlvnmqj04ghRRSs"
	sentFile   = "filed~yhbn73EEwkqpzzdfj15MMcvx"
	sentLogin  = "(zqkw94NNhhpxvtyj38BBmd)"
	sentParam  = "params=bvzq95HHtwjkxrmd27GGpfyl"
	sentToGate = "connect*lkjh26PPmnbqwzxv59DDryt"
)

// shows returns eight characters of a secret that a text repeats, or "".
func shows(text, secret string) string {
	for i := 0; i+8 <= len(secret); i++ {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret[i:i+8])) {
			return secret[i : i+8]
		}
	}
	return ""
}

// granting issues access tokens and passes all other requests on.
func granting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, runzero.TokenEndpoint) {
			data(`{"access_token":"`+sentAccess+`","expires_in":3600}`)(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Encodings are tested in withhold_test.go; here it matters that all secrets are known.
func TestErrorsShowNoSecretThatWasSent(t *testing.T) {
	tokenURL := "'http://127.0.0.1/api/v1.0" + runzero.TokenEndpoint + "'"
	for name, c := range map[string]struct {
		secrets  []string
		settings string
	}{
		"token":        {[]string{sentToken}, "authorization: {credentials: '" + sentToken + "'}"},
		"token file":   {[]string{sentToken}, "authorization: {credentials_file: '" + file(t, sentToken+"\n") + "'}"},
		"other scheme": {[]string{sentToken}, "authorization: {type: Token, credentials: '" + sentToken + "'}"},
		"client":       {[]string{sentSecret, sentAccess, sentParam}, "oauth2: {client_id: id, client_secret: '" + sentSecret + "', endpoint_params: {resource: '" + sentParam + "'}, token_url: " + tokenURL + "}"},
		"client file":  {[]string{sentSecret, sentAccess}, "oauth2: {client_id: id, client_secret_file: '" + file(t, sentSecret) + "', token_url: " + tokenURL + "}"},
		"headers": {[]string{sentToken, sentHeader, sentFile}, "authorization: {credentials: '" + sentToken + "'}\n" +
			"http_headers: {X-Gate: {secrets: ['" + sentHeader + "']}, X-File: {files: ['" + file(t, sentFile) + "']}}"},
		"proxy": {[]string{sentToken, sentLogin, sentToGate}, "authorization: {credentials: '" + sentToken + "'}\n" +
			"proxy_url: 'http://ann:" + sentLogin + "@127.0.0.1:3128'\nproxy_connect_header: {X-Gate: ['" + sentToGate + "']}"},
		"proxy token": {[]string{sentToken, sentLogin}, "authorization: {credentials: '" + sentToken + "'}\nproxy_url: 'http://" + sentLogin + "@127.0.0.1:3128'"},
	} {
		t.Run(name, func(t *testing.T) {
			status, echo := http.StatusForbidden, ""
			client := serve(t, granting(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := json.Marshal(map[string]string{"error": "no such token: " + echo})
				answer(status, "application/json", string(body))(w, r)
			})), runzero.Config{HTTP: fromYAML(t, c.settings)})
			for _, secret := range c.secrets {
				for _, status = range []int{http.StatusOK, http.StatusForbidden} {
					echo = secret
					_, err := all(client.Sites(t.Context(), organization))
					if err == nil || shows(err.Error(), secret) != "" {
						t.Errorf("%d: the error shows %q: %v", status, secret, err)
					}
				}
			}
			echo = "it is unknown here"
			if _, err := all(client.Sites(t.Context(), organization)); err == nil || !strings.HasSuffix(err.Error(), ": no such token: it is unknown here") {
				t.Errorf("error %v, want the message without secrets", err)
			}
		})
	}
}

// net/http quotes what it cannot parse.
func TestErrorsShowNoSecretInAMalformedResponse(t *testing.T) {
	for name, form := range map[string]string{
		"everything":        "%s\r\n\r\n",
		"status":            "HTTP/1.1 %s\r\n\r\n",
		"reason":            "HTTP/1.1 403 %s\r\n\r\n",
		"header":            "HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"length":            "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"encoding":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"chunk length":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
		"redirect host":     "HTTP/1.1 302 Found\r\nLocation: http://%s.example.com/\r\n\r\n",
		"redirect scheme":   "HTTP/1.1 302 Found\r\nLocation: %s://127.0.0.1/\r\n\r\n",
		"redirect garbage":  "HTTP/1.1 302 Found\r\nLocation: http://[%s\x00\r\n\r\n",
		"upgrade":           "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n%[1]s",
		"retry and quota":   "HTTP/1.1 503 Gone\r\nRetry-After: %s\r\nX-API-Usage-Limit: %[1]s\r\n\r\n",
		"header never ends": "HTTP/1.1 200 OK\r\nA: %s" + strings.Repeat("x", 1<<17),
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, runzero.Config{URL: "http://127.0.0.1", HTTP: withToken(sentToken), DialContext: sending(fmt.Sprintf(form, sentToken))})
			_, err := all(client.Sites(t.Context(), organization))
			if err == nil || !strings.HasPrefix(err.Error(), sites+": ") || shows(err.Error(), sentToken) != "" || strings.ContainsAny(err.Error(), "\r\n\x00\x01") || len(err.Error()) > 600 {
				t.Errorf("error %q", err)
			}
		})
	}
}

// net/http does not quote the reason of a proxy that refuses to connect.
func TestShowsTheReasonOfAProxyUnlessItRepeatsASecret(t *testing.T) {
	settings := "authorization: {credentials: '" + sentToken + "'}\nproxy_url: 'http://ann:" + sentLogin + "@127.0.0.1:3128'\nproxy_connect_header: {X-Gate: ['" + sentToGate + "']}"
	for reason, shown := range map[string]bool{"no login": true, "no login " + sentLogin: false, "no login " + sentToGate[4:16]: false} {
		dial := sending("HTTP/1.1 407 " + reason + "\r\nContent-Length: 2\r\n\r\nno")
		_, err := all(newClient(t, runzero.Config{HTTP: fromYAML(t, settings), DialContext: dial}).Sites(t.Context(), organization))
		if err == nil || strings.Contains(err.Error(), "no login") != shown || shows(err.Error(), sentLogin)+shows(err.Error(), sentToGate) != "" {
			t.Errorf("%s: error %v", reason, err)
		}
	}
}

func TestErrorsShowNoSecretFromACertificate(t *testing.T) {
	for names, shown := range map[string]bool{"*.login.example.net": true, "*." + sentToken + ".example.com": false} {
		certificate, key := newCertificate(t, names)
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		dial := connecting(func(c net.Conn) {
			_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}).Handshake() // it fails
		})
		http := withToken(sentToken)
		http.TLSConfig.CA = certificate
		_, err = all(newClient(t, runzero.Config{HTTP: http, DialContext: dial}).Sites(t.Context(), organization))
		if other := (x509.HostnameError{}); !errors.As(err, &other) || runzero.CauseOf(err) != runzero.Unreachable || shows(err.Error(), sentToken) != "" || strings.Contains(err.Error(), names) != shown {
			t.Errorf("error %v (%T), want that the name is another", err, err)
		}
	}
}

// What was sent with one request can be repeated in the response to another.
func TestErrorsShowNoSecretOfAnEarlierRequest(t *testing.T) {
	for _, settings := range []string{
		"authorization: {credentials: " + sentToken + "}",
		"oauth2: {client_id: id, client_secret: '" + sentSecret + "', token_url: 'http://127.0.0.1/api/v1.0" + runzero.TokenEndpoint + "'}",
	} {
		failing := false
		console := granting(data("[]"))
		client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if failing {
				answer(http.StatusUnauthorized, "application/json", `{"error":"`+strings.Join([]string{sentSecret, sentAccess, sentToken}, " ")+`"}`)(w, r)
				return
			}
			console.ServeHTTP(w, r)
		}), runzero.Config{HTTP: fromYAML(t, settings)})
		if _, err := all(client.Sites(t.Context(), organization)); err != nil {
			t.Fatal(err)
		}
		failing = true
		_, health := client.Health(t.Context()) // without a credential
		_, again := all(client.Sites(t.Context(), organization))
		for _, err := range []error{health, again} {
			if !strings.HasSuffix(fmt.Sprint(err), ": 401 Unauthorized") {
				t.Errorf("error %v, want the status only", err)
			}
		}
	}
}

func TestErrorsShowNoSecretGivenInPlaceOfItsFile(t *testing.T) {
	client := withClient()
	client.OAuth2.ClientSecret, client.OAuth2.ClientSecretFile = "", sentSecret
	const newer = "ETLmnqrs7T5vwxyzHJKPQ2"
	for secret, c := range map[string]runzero.Config{
		sentSecret:                   {HTTP: client},
		exportToken:                  {HTTP: withFile(exportToken)},
		strings.ToLower(exportToken): {HTTP: withFile(strings.ToLower(exportToken))},
		"Bearer " + exportToken:      {HTTP: withFile("Bearer " + exportToken)},
		newer:                        {HTTP: withFile(newer)},
	} {
		_, err := runzero.New(c)
		if err == nil || !strings.Contains(err.Error(), "cannot be read") || !errors.Is(err, fs.ErrNotExist) || shows(err.Error(), secret) != "" {
			t.Errorf("error %v, want that there is no such file", err)
		}
	}
}

func TestErrorsHoldNoURL(t *testing.T) {
	gone := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), runzero.Config{})
	refused := serve(t, answer(http.StatusBadRequest, "", "no"), runzero.Config{})
	for name, client := range map[string]*runzero.Client{"no response": gone, "a refusal": refused} {
		_, err := all(client.Assets(t.Context(), organization, "owner:topsecret"))
		if err == nil || !strings.HasPrefix(err.Error(), "/export/org/assets.jsonl: ") {
			t.Fatalf("%s: error %v, want the endpoint first", name, err)
		}
		for _, part := range []string{"topsecret", "127.0.0.1", "http:", "search"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error shows the URL: %v", name, err)
			}
		}
	}
}

// connecting connects to a server in this process.
func connecting(server func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			server(theirs)
		}()
		return ours, nil
	}
}

// sending connects to a server that answers every request with these bytes.
func sending(response string) func(context.Context, string, string) (net.Conn, error) {
	return connecting(func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, response)
		}
	})
}
