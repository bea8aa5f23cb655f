package runzero_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
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

// What an exchange may hold that nobody else may read. No two have anything in common.
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

// holder is a client that sends secrets.
type holder struct {
	secrets []string
	http    string
}

func holders(t *testing.T) map[string]holder {
	return map[string]holder{
		"a token":         {[]string{sentToken}, "authorization: {credentials: '" + sentToken + "'}"},
		"a token's file":  {[]string{sentToken}, "authorization: {credentials_file: '" + file(t, sentToken+"\n") + "'}"},
		"another scheme":  {[]string{sentToken}, "authorization: {type: Token, credentials: '" + sentToken + "'}"},
		"a client":        {[]string{sentSecret, sentAccess, sentParam}, "oauth2: {client_id: id, client_secret: '" + sentSecret + "', endpoint_params: {resource: '" + sentParam + "'}, token_url: 'http://127.0.0.1/api/v1.0" + runzero.TokenEndpoint + "'}"},
		"a client's file": {[]string{sentSecret, sentAccess}, "oauth2: {client_id: id, client_secret_file: '" + file(t, sentSecret) + "', token_url: 'http://127.0.0.1/api/v1.0" + runzero.TokenEndpoint + "'}"},
		"headers": {[]string{sentToken, sentHeader, sentFile}, "authorization: {credentials: '" + sentToken + "'}\n" +
			"http_headers: {X-Gate: {secrets: ['" + sentHeader + "']}, X-File: {files: ['" + file(t, sentFile) + "']}}"},
		"a proxy": {[]string{sentToken, sentLogin, sentToGate}, "authorization: {credentials: '" + sentToken + "'}\n" +
			"proxy_url: 'http://ann:" + sentLogin + "@127.0.0.1:3128'\nproxy_connect_header: {X-Gate: ['" + sentToGate + "']}"},
		"a proxy's token": {[]string{sentToken, sentLogin}, "authorization: {credentials: '" + sentToken + "'}\nproxy_url: 'http://" + sentLogin + "@127.0.0.1:3128'"},
	}
}

// granting answers requests for access tokens, and hands all others on.
func granting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, runzero.TokenEndpoint) {
			data(`{"access_token":"`+sentAccess+`","expires_in":3600}`)(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func jsonText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// told is what may be told of an error: itself, and the answer that it is about.
func told(err error) string {
	text := fmt.Sprint(err)
	if answer := (*runzero.Error)(nil); errors.As(err, &answer) {
		text += "\n" + answer.Error()
	}
	return text
}

func TestEchoIsNeverShown(t *testing.T) {
	bodies := map[string]func(echo string) (contentType, body string){
		"text": func(echo string) (string, string) { return "text/plain", "no such token: " + echo },
		"JSON": func(echo string) (string, string) {
			return "application/json", jsonText(t, map[string]string{"error": echo})
		},
		"problem": func(echo string) (string, string) {
			return "application/problem+json", jsonText(t, map[string]any{"title": "no", "detail": "Authorization: Bearer " + echo})
		},
		"JSON in JSON": func(echo string) (string, string) {
			return "application/json", jsonText(t, map[string]string{"detail": jsonText(t, map[string]string{"token": echo})})
		},
		"HTML":      func(echo string) (string, string) { return "text/html", "<p>no such token: " + echo },
		"a success": func(echo string) (string, string) { return "application/json", jsonText(t, []string{echo}) },
	}
	for who, c := range holders(t) {
		t.Run(who, func(t *testing.T) {
			var contentType, body string
			var status int
			client := serve(t, granting(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(status, contentType, body)(w, r) })), runzero.Config{HTTP: fromYAML(t, c.http)})
			for _, secret := range c.secrets {
				hidden := rowsOf(secret)
				for spelling, spell := range spellings {
					for shape, make := range bodies {
						if shape != "text" && who != "a token" {
							continue // whose the secret is makes no difference to that
						}
						contentType, body = make(spell(secret))
						status = http.StatusForbidden
						if shape == "a success" {
							status = http.StatusOK
						}
						_, err := all(client.Sites(t.Context(), organization))
						if err == nil {
							t.Fatal("there is no error")
						}
						if found := hidden.in(told(err)); found != "" {
							t.Errorf("%s, of %s, shows %s in %s: %v", shape, spelling, secret, found, err)
						}
					}
				}
			}
		})
	}
}

// What net/http does not understand it quotes.
func TestEchoThatIsNoAnswerIsNeverShown(t *testing.T) {
	for name, form := range map[string]string{
		"all of it":            "%s\r\n\r\n",
		"the protocol":         "%s 200 OK\r\n\r\n",
		"the status":           "HTTP/1.1 %s\r\n\r\n",
		"the reason":           "HTTP/1.1 403 %s\r\n\r\n",
		"a header":             "HTTP/1.1 200 OK\r\n%s\r\n\r\n",
		"a header's name":      "HTTP/1.1 200 OK\r\n\x01%s: 1\r\n\r\n",
		"the length":           "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"the encoding":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"a chunk's length":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
		"a trailer":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n2\r\n[]\r\n0\r\n%s\r\n\r\n",
		"a redirect's host":    "HTTP/1.1 302 Found\r\nLocation: http://%s.example.com/\r\n\r\n",
		"a redirect's port":    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%s/\r\n\r\n",
		"a redirect's scheme":  "HTTP/1.1 302 Found\r\nLocation: %s://127.0.0.1/\r\n\r\n",
		"a redirect's user":    "HTTP/1.1 302 Found\r\nLocation: http://%s@127.0.0.1/\r\n\r\n",
		"a redirect's garbage": "HTTP/1.1 302 Found\r\nLocation: http://[%s\r\n\r\n",
		"an upgrade":           "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n%[1]s",
		"when to come back":    "HTTP/1.1 503 Gone\r\nRetry-After: %s\r\nX-API-Usage-Limit: %[1]s\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			hidden := rowsOf(sentToken)
			for spelling, spell := range spellings {
				says := fmt.Sprintf(form, spell(sentToken))
				c := runzero.Config{URL: "http://127.0.0.1", HTTP: withToken(sentToken), DialContext: saying(says)}
				_, err := all(newClient(t, c).Sites(t.Context(), organization))
				if err == nil {
					t.Fatalf("%s: there is no error", spelling)
				}
				if found := hidden.in(err.Error()); found != "" || strings.ContainsAny(err.Error(), "\r\n\x00\x01") {
					t.Errorf("%s: the error shows %s: %q", spelling, found, err)
				}
			}
		})
	}
}

// A proxy that refuses to connect says so in the reason.
func TestEchoOfAProxyIsNeverShown(t *testing.T) {
	settings := holders(t)["a proxy"]
	for _, secret := range settings.secrets[1:] {
		hidden := rowsOf(secret)
		for spelling, spell := range spellings {
			says := "HTTP/1.1 407 no login " + strings.ReplaceAll(spell(secret), "\n", " ") + "\r\nContent-Length: 2\r\n\r\nno"
			c := runzero.Config{HTTP: fromYAML(t, settings.http), DialContext: saying(says)}
			_, err := all(newClient(t, c).Sites(t.Context(), organization))
			if err == nil || !strings.Contains(err.Error(), "no login") {
				t.Fatalf("error %v, want the reason", err)
			}
			if found := hidden.in(err.Error()); found != "" {
				t.Errorf("%s: the error shows %s: %q", spelling, found, err)
			}
		}
	}
}

// An HTTP/2 server says good-bye in words of its own.
func TestEchoOfAGoodByeIsNeverShown(t *testing.T) {
	server := quietTLS(nil)
	defer server.Close()
	hidden := rowsOf(sentToken)
	for spelling, spell := range spellings {
		dial := connecting(func(c net.Conn) {
			c = tls.Server(c, server.TLS)
			asked := bufio.NewReader(c)
			if _, err := http.ReadRequest(asked); err != nil {
				return
			}
			_, _ = asked.Discard(len("SM\r\n\r\n"))
			const headers, settings, goAway = 1, 4, 7
			_, _ = io.WriteString(c, frame(settings, ""))
			for kind := byte(0); kind != headers; {
				head := make([]byte, 9)
				if _, err := io.ReadFull(asked, head); err != nil {
					return
				}
				kind = head[3]
				_, _ = asked.Discard(int(binary.BigEndian.Uint32(head) >> 8))
			}
			go func() { _, _ = io.Copy(io.Discard, asked) }()
			_, _ = io.WriteString(c, frame(goAway, "\x00\x00\x00\x01\x00\x00\x00\x02"+spell(sentToken)))
		})
		http := withToken(sentToken)
		http.TLSConfig.InsecureSkipVerify = true
		_, err := all(newClient(t, runzero.Config{URL: "https://127.0.0.1", HTTP: http, DialContext: dial}).Sites(t.Context(), organization))
		if err == nil || !strings.Contains(err.Error(), "GOAWAY") {
			t.Fatalf("error %v, want the good-bye", err)
		}
		if found := hidden.in(err.Error()); found != "" {
			t.Errorf("%s: the error shows %s: %q", spelling, found, err)
		}
	}
}

// Whoever makes a certificate names it.
func TestEchoOfACertificateIsNeverShown(t *testing.T) {
	certificate, key := newCertificate(t, "*."+sentToken+".example.com")
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
	if other := (x509.HostnameError{}); !errors.As(err, &other) || runzero.Retryable(err) {
		t.Errorf("error %v (%T), want that the name is another", err, err)
	}
	if found := rowsOf(sentToken).in(fmt.Sprint(err)); found != "" {
		t.Errorf("the error shows %s: %v", found, err)
	}
}

// What was sent with one request may be in the answer to another: to one without a
// credential, or for the next access token.
func TestEchoOfAnotherRequestIsNeverShown(t *testing.T) {
	echoed := strings.Join([]string{sentSecret, sentAccess, sentToken}, " ")
	failing := false
	console := granting(data("[]"))
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if failing {
			answer(http.StatusUnauthorized, "text/plain", "not again: "+echoed)(w, r)
			return
		}
		console.ServeHTTP(w, r)
	})
	for who, secrets := range map[string][]string{"a token": {sentToken}, "a client": {sentSecret, sentAccess}} {
		failing = false
		client := serve(t, h, runzero.Config{HTTP: fromYAML(t, holders(t)[who].http)})
		if _, err := all(client.Sites(t.Context(), organization)); err != nil {
			t.Fatal(err)
		}
		failing = true
		_, health := client.Health(t.Context())
		_, again := all(client.Sites(t.Context(), organization))
		for _, err := range []error{health, again} {
			for _, secret := range secrets {
				if found := rowsOf(secret).in(told(err)); found != "" || !strings.Contains(told(err), "not again") {
					t.Errorf("%s: the error shows %s: %v", who, found, told(err))
				}
			}
		}
	}
}

// An access token that comes in vain was never sent, and is a secret all the same.
func TestAccessTokenThatIsOfNoUseIsNeverShown(t *testing.T) {
	for name, body := range map[string]string{
		"a lifetime that is none": `{"access_token":"` + sentAccess + `","expires_in":"` + sentAccess + `"}`,
		"a list":                  `["` + sentAccess + `"]`,
		"no quotes":               `{"access_token":` + sentAccess + `}`,
		"a form":                  "access_token%zz=" + sentAccess,
		"cut off":                 `{"access_token":"` + sentAccess,
	} {
		contentType := "application/json"
		if name == "a form" {
			contentType = "text/plain"
		}
		_, err := all(serve(t, answer(http.StatusOK, contentType, body), runzero.Config{HTTP: withClient()}).Sites(t.Context(), organization))
		if err == nil || !strings.Contains(err.Error(), "no access token") {
			t.Errorf("%s: error %v, want that there is none", name, err)
		}
		if found := rowsOf(sentAccess).in(fmt.Sprint(err)); found != "" {
			t.Errorf("%s: the error shows %s: %v", name, found, err)
		}
	}
}

func TestSecretInPlaceOfItsFileIsNotShown(t *testing.T) {
	client := withClient()
	client.OAuth2.ClientSecret, client.OAuth2.ClientSecretFile = "", sentSecret
	_, err := runzero.New(runzero.Config{HTTP: client})
	if err == nil || !strings.Contains(err.Error(), "cannot be read") || !errors.Is(err, fs.ErrNotExist) || runzero.Retryable(err) {
		t.Errorf("error %v, want that there is no such file", err)
	}
	if found := rowsOf(sentSecret).in(fmt.Sprint(err)); found != "" {
		t.Errorf("the error shows %s: %v", found, err)
	}
}

func TestTokenInPlaceOfItsFileIsNotShown(t *testing.T) {
	const likely = "ETLmnqrs7T5vwxyzHJKPQ2"
	for _, token := range []string{exportToken, strings.ToLower(exportToken), "Bearer " + exportToken, likely} {
		_, err := runzero.New(runzero.Config{HTTP: withFile(token)})
		if err == nil || !strings.Contains(err.Error(), "cannot be read") || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want that there is no such file", err)
		}
		if found := rowsOf(exportToken).in(fmt.Sprint(err)) + rowsOf(likely).in(fmt.Sprint(err)); found != "" {
			t.Errorf("the error shows %s: %v", found, err)
		}
	}
}

// frame is one of HTTP/2's, of the whole connection.
func frame(kind byte, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	return string(append(head, 0, 0, 0, 0, 0)) + payload
}

// connecting connects to somebody in this process.
func connecting(to func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer func() { _ = theirs.Close() }()
			to(theirs)
		}()
		return ours, nil
	}
}

// saying connects to somebody who, whatever is asked, says the same.
func saying(says string) func(context.Context, string, string) (net.Conn, error) {
	return connecting(func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = io.WriteString(c, says)
		}
	})
}
