package runzero

import (
	"fmt"
	"net/http"

	"github.com/prometheus/common/config"
)

// checkSettings refuses what prometheus/common's HTTP configuration can hold and this
// package does not honour: nothing is ignored in silence. What TLS settings contradict
// each other, newWire finds.
func checkSettings(c config.HTTPClientConfig) error {
	var token config.Authorization
	if c.Authorization != nil {
		token = *c.Authorization
	}
	var client config.OAuth2
	if c.OAuth2 != nil {
		client = *c.OAuth2
	}
	const (
		noManager = "there is no secret manager here: name a file that holds the secret"
		twice     = "leave out one of the two"
		otherFlow = "runZero knows OAuth2 clients by id and secret alone: leave it out"
		sameWay   = "access tokens are asked for in the same way as all else: set it beside oauth2, not in it"
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

// headered adds the headers of http_headers to what goes to the console. They may be
// secrets of what stands before it, so they go nowhere else, even for a token.
type headered struct {
	*wire // without them

	with   http.RoundTripper
	origin string
}

func (h *headered) RoundTrip(request *http.Request) (*http.Response, error) {
	if origin(request.URL) == h.origin {
		return h.with.RoundTrip(request)
	}
	return h.wire.RoundTrip(request)
}
