package runzero

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"github.com/prometheus/common/config"
)

// checkSettings rejects the settings of prometheus/common's HTTP configuration that this package does not support, so
// that none is silently ignored. TLS settings that contradict each other are found by newTransport.
func checkSettings(c config.HTTPClientConfig) error {
	token, client := cmp.Or(c.Authorization, &config.Authorization{}), cmp.Or(c.OAuth2, &config.OAuth2{})
	const (
		noManager = "there is no secret manager: use a file that holds the secret"
		twice     = "leave out one of the two"
		otherFlow = "runZero only supports OAuth2 clients with an id and a secret: leave it out"
		sameWay   = "access tokens are requested like everything else: set it beside oauth2, not in it"
		ownField  = "it has a setting of its own: leave it out of endpoint_params"
	)
	_, clientID := client.EndpointParams["client_id"]
	_, clientSecret := client.EndpointParams["client_secret"]
	for _, field := range []struct {
		name  string
		given bool
		why   string
	}{
		{"authorization.credentials_ref", token.CredentialsRef != "", noManager},
		{"authorization.credentials beside credentials_file", token.Credentials != "" && token.CredentialsFile != "", twice},
		{"oauth2.client_secret_ref", client.ClientSecretRef != "", noManager},
		{"oauth2.client_secret beside client_secret_file", client.ClientSecret != "" && client.ClientSecretFile != "", twice},
		{"oauth2.grant_type", client.GrantType != "" && client.GrantType != "client_credentials", otherFlow},
		{"oauth2.client_certificate_key", client.ClientCertificateKey != "", otherFlow},
		{"oauth2.client_certificate_key_file", client.ClientCertificateKeyFile != "", otherFlow},
		{"oauth2.client_certificate_key_ref", client.ClientCertificateKeyRef != "", otherFlow},
		{"oauth2.client_certificate_key_id", client.ClientCertificateKeyID != "", otherFlow},
		{"oauth2.signature_algorithm", client.SignatureAlgorithm != "", otherFlow},
		{"oauth2.iss", client.Iss != "", otherFlow},
		{"oauth2.audience", client.Audience != "", otherFlow},
		{"oauth2.claims", len(client.Claims) > 0, otherFlow},
		{"oauth2.endpoint_params.client_id", clientID, ownField},
		{"oauth2.endpoint_params.client_secret", clientSecret, ownField},
		{"oauth2.tls_config", client.TLSConfig != config.TLSConfig{}, sameWay},
		{"oauth2.proxy_connect_header", len(client.ProxyConnectHeader) > 0, sameWay},
		{"oauth2.no_proxy", client.NoProxy != "", sameWay},
		{"oauth2.proxy_url", client.ProxyURL.URL != nil, sameWay},
		{"oauth2.proxy_from_environment", client.ProxyFromEnvironment, sameWay},
		{"tls_config.ca_ref", c.TLSConfig.CARef != "", noManager},
		{"tls_config.cert_ref", c.TLSConfig.CertRef != "", noManager},
		{"tls_config.key_ref", c.TLSConfig.KeyRef != "", noManager},
	} {
		if field.given {
			return fmt.Errorf("%s cannot be used: %s", field.name, field.why)
		}
	}
	if c.HTTPHeaders == nil {
		return nil
	}
	if err := c.HTTPHeaders.Validate(); err != nil {
		return fmt.Errorf("http_headers: %w", err)
	}
	return nil
}

// headerTransport adds http_headers to requests to the console. They may hold secrets for a gateway before the
// console, so no other server gets them, not even the one that issues access tokens.
type headerTransport struct {
	transport   http.RoundTripper // without them
	withHeaders http.RoundTripper
	console     *url.URL
}

func (t *headerTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if SameOrigin(request.URL, t.console) {
		return t.withHeaders.RoundTrip(request)
	}
	return t.transport.RoundTrip(request)
}
