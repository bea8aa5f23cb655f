package runzero

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/config"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// Kind is what a credential reaches, as far as its first letters tell.
type Kind string

// The kinds of credential. Prefixes are runZero's documented ones; XT stands for an
// export token on one page of their documentation.
const (
	ExportToken       Kind = "export token"
	OrganizationToken Kind = "organization token"
	AccountCredential      Kind = "account credential"
	DownloadToken     Kind = "download token"
	UnknownKind      Kind = "token of an unknown kind"
)

var errNoCredential = errors.New("no runZero token: make an export token in the console (Organizations, Edit organization, Export tokens) and pass the file that holds it with --runzero.token-file (authorization in the configuration file), or set RUNZERO_TOKEN; or try --demo")

// tokenKind goes by the documented prefixes. Nothing else about a token is checked:
// its length and alphabet have changed before.
func tokenKind(token string) Kind {
	for _, known := range []struct {
		prefix string
		kind   Kind
	}{{"ET", ExportToken}, {"XT", ExportToken}, {"OT", OrganizationToken}, {"CT", AccountCredential}, {"DT", DownloadToken}} {
		if strings.HasPrefix(token, known.prefix) {
			return known.kind
		}
	}
	return UnknownKind
}

// Reaches tells whether a credential of this kind may reach what needs one of another
// kind, as documented: an account credential reaches all, an organization token its
// organization and its exports, an export token exports alone. A token of an unknown
// kind may be any.
func (k Kind) Reaches(needs Kind) bool {
	switch needs {
	case AccountCredential:
		return k == AccountCredential || k == UnknownKind
	case OrganizationToken:
		return k == OrganizationToken || k == AccountCredential || k == UnknownKind
	}
	return k != DownloadToken
}

// credential is either a bearer token or an OAuth2 client.
type credential struct {
	token  config.SecretReader
	scheme string
	client *config.OAuth2
	// console is where access tokens come from when the client does not say.
	console *url.URL
	// redirect is asked before a request for an access token follows a redirect.
	redirect func(*http.Request, []*http.Request) error
}

func newCredential(c config.HTTPClientConfig, console *url.URL, allowHTTP bool) (credential, error) {
	if c.BasicAuth != nil || c.BearerToken != "" || c.BearerTokenFile != "" {
		return credential{}, errors.New("runZero takes authorization or oauth2 credentials, not basic_auth or bearer_token")
	}
	if err := checkSettings(c); err != nil {
		return credential{}, err
	}
	cred := credential{scheme: "Bearer", console: console, redirect: redirects(c.FollowRedirects)}
	switch {
	case c.Authorization != nil && c.OAuth2 != nil:
		return credential{}, errors.New("both a token and an OAuth2 client are given: a credential is one of them")
	case c.OAuth2 != nil:
		if c.OAuth2.ClientID == "" {
			return credential{}, errors.New("the OAuth2 client has a secret but no id: pass it with --runzero.client-id, or client_id in the file")
		}
		if c.OAuth2.ClientSecret == "" && c.OAuth2.ClientSecretFile == "" {
			return credential{}, errors.New("the OAuth2 client has an id but no secret: pass the file that holds it with --runzero.client-secret-file, or client_secret_file in the file")
		}
		if u, err := url.Parse(c.OAuth2.TokenURL); err != nil || exposed(u, allowHTTP) {
			return credential{}, errors.New("the OAuth2 client's token_url is not a URL, or would send the secret unencrypted: leave it out, or use https")
		}
		cred.client = c.OAuth2
		_, err := cred.secret()
		return cred, err
	case c.Authorization == nil:
		return credential{}, errNoCredential
	case c.Authorization.CredentialsFile != "":
		cred.token = checkedToken{config.NewFileSecret(c.Authorization.CredentialsFile)}
	default:
		cred.token = checkedToken{config.NewInlineSecret(strings.TrimSpace(string(c.Authorization.Credentials)))}
	}
	if c.Authorization.Type != "" {
		cred.scheme = c.Authorization.Type
	}
	_, err := cred.token.Fetch(context.Background())
	return cred, err
}

// checkedToken is a token that can be sent. It is checked whenever it is read and not
// only at the start, because a file may be found half written, or with something else
// in it, while it is rotated: a call that can only be refused is not spent.
type checkedToken struct{ config.SecretReader }

func (t checkedToken) Fetch(ctx context.Context) (string, error) {
	token, err := t.SecretReader.Fetch(ctx)
	switch {
	case err != nil:
		// Somebody may have passed the token instead of its file.
		return "", (&secrets{}).hide(fmt.Errorf("the token's file cannot be read: %w", errors.Unwrap(err)))
	case token == "":
		return "", errNoCredential
	case !oneWord(token):
		return "", errors.New("the token, or its file, holds more than a token: it must be one word on one line")
	case tokenKind(token) == DownloadToken:
		return "", errors.New("this is a download token (DT…): it fetches Explorers and reaches no data; make an export token instead (Organizations, Edit organization, Export tokens; it begins with ET)")
	}
	return token, nil
}

// oneWord tells whether a token can be sent as it is.
func oneWord(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// kind reads the credential again: a file may have been rotated to another kind.
func (c credential) kind() Kind {
	if c.client != nil {
		return AccountCredential
	}
	token, err := c.token.Fetch(context.Background())
	if err != nil {
		return UnknownKind
	}
	return tokenKind(token)
}

func (c credential) secret() (string, error) {
	if c.client.ClientSecretFile == "" {
		return string(c.client.ClientSecret), nil
	}
	content, err := os.ReadFile(c.client.ClientSecretFile)
	if err != nil {
		why := err
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
			// Somebody may have passed the secret instead of its file, and it has no shape.
			why = failed.Err
		}
		return "", &hiddenError{fmt.Sprintf("the file of the OAuth2 client's secret cannot be read: %v", why), err}
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", errors.New("the file of the OAuth2 client's secret is empty")
	}
	return secret, nil
}

func (c credential) roundTripper(wire http.RoundTripper, secrets *secrets) http.RoundTripper {
	if c.client == nil {
		return config.NewAuthorizationCredentialsRoundTripper(c.scheme, c.token, wire)
	}
	return &oauthTransport{credential: c, wire: wire, secrets: secrets}
}

// oauthTransport sends an access token and fetches it when needed. It is built on
// golang.org/x/oauth2 and not on prometheus/common's own OAuth2 round tripper,
// because that one hides the token requests, which cost quota and must be counted,
// and cannot be told that a token was refused.
type oauthTransport struct {
	credential credential
	wire       http.RoundTripper
	secrets    *secrets

	mu    sync.Mutex
	token *oauth2.Token
	until time.Time
}

// What is believed of an access token: runZero documents no lifetime, so the
// answer's expires_in counts, less a margin; without one, a short time.
const (
	tokenMargin  = time.Minute
	tokenDefault = 5 * time.Minute
	// No server takes a longer header.
	accessLongest = 16 << 10
)

func (t *oauthTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, fresh, err := t.access(request.Context(), "")
	if err != nil {
		return nil, err
	}
	response, err := t.send(request, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized || fresh {
		return response, err
	}
	// Revoked before its time. One refresh, because refreshes cost calls too.
	_ = response.Body.Close()
	if token, _, err = t.access(request.Context(), token); err != nil {
		return nil, err
	}
	if request.GetBody != nil { // what was sent is spent
		request = request.Clone(request.Context())
		if request.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.send(request, token)
}

func (t *oauthTransport) send(request *http.Request, token string) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+token)
	return t.wire.RoundTrip(request)
}

// access returns a token other than refused, and whether it was fetched just now.
func (t *oauthTransport) access(ctx context.Context, refused string) (token string, fresh bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != nil && t.token.AccessToken != refused && time.Now().Before(t.until) {
		return t.token.AccessToken, false, nil
	}
	secret, err := t.credential.secret()
	if err != nil {
		return "", false, err
	}
	client := clientcredentials.Config{
		ClientID:     t.credential.client.ClientID,
		ClientSecret: secret,
		TokenURL:     t.credential.client.TokenURL,
		Scopes:       t.credential.client.Scopes,
		// What the token's server wants beside, such as an audience.
		EndpointParams: url.Values{},
		// Without this the library tries two styles, and the first try costs a call.
		AuthStyle: oauth2.AuthStyleInParams,
	}
	t.secrets.note(secret)
	for name, value := range t.credential.client.EndpointParams {
		t.secrets.note(value)
		client.EndpointParams.Set(name, value)
	}
	if client.TokenURL == "" {
		client.TokenURL = t.credential.console.String() + apiPath + TokenEndpoint
	}
	ctx = context.WithValue(withEndpoint(ctx, TokenEndpoint), oauth2.HTTPClient,
		&http.Client{Transport: t.wire, CheckRedirect: t.credential.redirect})
	t.token, err = client.Token(ctx)
	if err == nil && (len(t.token.AccessToken) > accessLongest || !oneWord(t.token.AccessToken)) {
		err = errNoAccessToken
	}
	if err != nil {
		t.token = nil
		return "", false, tokenError(err, t.secrets.all())
	}
	lifetime := time.Until(t.token.Expiry)
	if t.token.Expiry.IsZero() || lifetime <= 0 {
		lifetime = tokenDefault + tokenMargin
	}
	t.until = time.Now().Add(lifetime - min(tokenMargin, lifetime/2))
	return t.token.AccessToken, true, nil
}
