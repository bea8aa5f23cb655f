package runzero_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// fromYAML parses HTTP settings as in a configuration file.
func fromYAML(t testing.TB, text string) config.HTTPClientConfig {
	t.Helper()
	c, err := config.LoadHTTPConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

func TestUnsupportedSettingsAreRefused(t *testing.T) {
	token := func(more string) string { return "authorization: {credentials: ETtopsecret}\n" + more }
	client := func(more string) string {
		return "oauth2: {client_id: id, client_secret: topsecret, token_url: 'https://login.example.com', " + more + "}"
	}
	for name, text := range map[string]string{
		"authorization.credentials_ref":        "authorization: {credentials_ref: topsecret}",
		"oauth2.client_secret_ref":             "oauth2: {client_id: id, client_secret_ref: topsecret, token_url: 'https://login.example.com'}",
		"oauth2.grant_type":                    client("grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'"),
		"oauth2.client_certificate_key":        client("client_certificate_key: topsecret"),
		"oauth2.iss":                           client("iss: topsecret"),
		"oauth2.claims":                        client("claims: {a: topsecret}"),
		"oauth2.endpoint_params.client_id":     client("endpoint_params: {client_id: topsecret}"),
		"oauth2.endpoint_params.client_secret": client("endpoint_params: {client_secret: topsecret}"),
		"oauth2.tls_config":                    client("tls_config: {insecure_skip_verify: true}"),
		"oauth2.proxy_url":                     client("proxy_url: 'http://ann:topsecret@proxy'"),
		"oauth2.no_proxy":                      client("proxy_url: 'http://proxy', no_proxy: topsecret"),
		"oauth2.proxy_connect_header":          client("proxy_from_environment: true, proxy_connect_header: {a: [topsecret]}"),
		"tls_config.ca_ref":                    token("tls_config: {ca_ref: topsecret}"),
		"tls_config.key_ref":                   token("tls_config: {cert: topsecret, key_ref: topsecret}"),
		"proxy_url is not the address":         token("proxy_url: 'proxy.example.com:3128'"),
		"proxy_url is not the address of a":    token("proxy_url: 'http://ann:topsecret@'"),
		"not basic_auth":                       "basic_auth: {username: ann, password: topsecret}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runzero.New(runzero.Config{HTTP: fromYAML(t, text)})
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with the name", err)
			}
		})
	}
}

// prometheus/common refuses these in a file; a Config is checked as well.
func TestContradictorySettingsAreRefused(t *testing.T) {
	twice := withToken(exportToken)
	twice.Authorization.CredentialsFile = file(t, exportToken)
	secrets := withClient()
	secrets.OAuth2.ClientSecretFile = file(t, "topsecret")
	reserved := withToken(exportToken)
	reserved.HTTPHeaders = &config.Headers{Headers: map[string]config.Header{"authorization": {Values: []string{"topsecret"}}}}
	cas := withToken(exportToken)
	cas.TLSConfig = config.TLSConfig{CA: "topsecret", CAFile: "topsecret"}
	proxies := withToken(exportToken)
	proxies.NoProxy = "topsecret"
	for want, http := range map[string]config.HTTPClientConfig{
		"credentials_file": twice, "client_secret_file": secrets, "http_headers": reserved,
		"at most one of ca": cas, "no_proxy": proxies,
	} {
		if _, err := runzero.New(runzero.Config{HTTP: http}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
}

func TestRedirectsAndHTTP2CanBeDisabled(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/api/v1.0"+sites, http.RedirectHandler("/elsewhere", http.StatusFound))
	mux.Handle("/api/v1.0"+runzero.TokenEndpoint, http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	mux.Handle("/elsewhere", data(`[{"id":"a"}]`))
	log := &requests{next: mux}
	server := quietTLS(log)
	defer server.Close()
	for credential, beginning := range map[string]string{
		"token":  "authorization: {credentials: " + exportToken + "}\n",
		"client": "oauth2: {client_id: a, client_secret: topsecret, token_url: '" + server.URL + "/api/v1.0" + runzero.TokenEndpoint + "'}\n",
	} {
		for _, http2 := range []bool{true, false} {
			settings := fmt.Sprintf("%stls_config: {insecure_skip_verify: true}\nfollow_redirects: false\nenable_http2: %t\n", beginning, http2)
			_, err := all(newClient(t, runzero.Config{URL: server.URL, HTTP: fromYAML(t, settings)}).Sites(t.Context(), organization))
			if err == nil || !strings.Contains(err.Error(), ": 30") {
				t.Errorf("%s: error %v, want the redirect", credential, err)
			}
			got := log.take()
			if len(got) != 1 || (got[0].ProtoMajor == 2) != http2 {
				t.Errorf("%s, HTTP/2 %t: %d requests over %s, want one", credential, http2, len(got), got[0].Proto)
			}
		}
	}
}

func TestHTTPHeadersAreSentToTheConsoleOnly(t *testing.T) {
	name := file(t, "from-a-file\n")
	headers := "http_headers: {X-Gate: {values: [one, two], secrets: [topsecret]}, x-file: {files: ['" + name + "']}}"
	elsewhere := &requests{next: data(`{"access_token":"a"}`)}
	login := quietTLS(elsewhere)
	defer login.Close()
	console := &requests{next: routes(map[string]string{sites: "[]", "/health": `{"status":"ok"}`, runzero.TokenEndpoint: `{"access_token":"a"}`})}
	server := quietTLS(console)
	defer server.Close()
	for _, tokenURL := range []string{login.URL, server.URL + "/api/v1.0" + runzero.TokenEndpoint} {
		settings := "oauth2: {client_id: a, client_secret: b, token_url: '" + tokenURL + "'}\ntls_config: {insecure_skip_verify: true}\n" + headers
		client := newClient(t, runzero.Config{URL: server.URL, HTTP: fromYAML(t, settings)})
		_, err := all(client.Sites(t.Context(), organization))
		_, healthErr := client.Health(t.Context())
		if err != nil || healthErr != nil {
			t.Fatal(err, healthErr)
		}
		for _, request := range console.take() {
			if gate := request.Header.Values("X-Gate"); !slices.Equal(gate, []string{"one", "two", "topsecret"}) || request.Header.Get("X-File") != "from-a-file" {
				t.Errorf("%v: headers %v", request.URL, request.Header)
			}
		}
		for _, request := range elsewhere.take() {
			if request.Header.Get("X-Gate") != "" || request.Header.Get("X-File") != "" {
				t.Errorf("the login was sent the console's headers: %v", request.Header)
			}
		}
	}

	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	_, err := readSites(t, data("[]"), runzero.Config{HTTP: fromYAML(t, "authorization: {credentials: ET0}\n"+headers)})
	if err == nil || !strings.Contains(err.Error(), "headers file") || runzero.CauseOf(err) != runzero.Unreadable {
		t.Errorf("error %v, want that the file cannot be read", err)
	}
}

func TestOAuthParametersAndAuthorizationType(t *testing.T) {
	console := &issuer{response: anHour}
	c := fromYAML(t, "oauth2: {client_id: a, client_secret: b, token_url: 'http://127.0.0.1/api/v1.0"+runzero.TokenEndpoint+"', scopes: [one, two], endpoint_params: {resource: 'runzero&co'}}")
	c.OAuth2.ClientSecret = clientSecret
	console.expect(t, serve(t, console, runzero.Config{HTTP: c}), "first", runzero.TokenEndpoint, sites)
	want := url.Values{"grant_type": {"client_credentials"}, "client_id": {"a"}, "client_secret": {clientSecret}, "scope": {"one two"}, "resource": {"runzero&co"}}
	if got := console.form.Encode(); got != want.Encode() {
		t.Errorf("form %s, want %s", got, want.Encode())
	}

	log := &requests{next: data("[]")}
	client := serve(t, log, runzero.Config{HTTP: fromYAML(t, "authorization: {type: Token, credentials: ET0}")})
	if _, err := all(client.Sites(t.Context(), "")); err != nil {
		t.Fatal(err)
	}
	if got := log.take()[0].Header.Get("Authorization"); got != "Token ET0" {
		t.Errorf("Authorization %q", got)
	}
}
