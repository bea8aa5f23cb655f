package runzero

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/config"
)

// Kind is a kind of credential, as its prefix shows.
type Kind string

// The kinds of credential, by the prefixes of runZero's documentation, where an export token begins with ET or XT.
const (
	ExportToken       Kind = "export token"
	OrganizationToken Kind = "organization token"
	AccountCredential Kind = "account credential"
	DownloadToken     Kind = "download token"
	UnknownKind       Kind = "token of an unknown kind"
)

var errNoCredential = errors.New("no runZero token: make an export token in the console (Organizations, Edit organization, Export tokens; it begins with ET or XT) and pass the file that holds it with --runzero.token-file (authorization in the configuration file), or set RUNZERO_TOKEN; or try --demo")

// tokenKind returns the kind by the documented prefix. Nothing else about a token is checked: length and alphabet
// have changed before.
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

// Reaches reports whether a credential of this kind may have the scope that another kind has, as documented: an
// account credential reaches everything, an organization token its organization and the exports, an export token only
// exports. A token of an unknown kind may be any of them.
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
	// tokenHost issues access tokens, and is empty if that is the console.
	tokenHost string
	// redirect is the policy for requests for an access token.
	redirect func(*http.Request, []*http.Request) error
}

func newCredential(c config.HTTPClientConfig, console *url.URL, allowHTTP bool) (credential, error) {
	if c.BasicAuth != nil || c.BearerToken != "" || c.BearerTokenFile != "" {
		return credential{}, errors.New("runZero accepts authorization or oauth2, not basic_auth or bearer_token")
	}
	if err := checkSettings(c); err != nil {
		return credential{}, err
	}
	cred := credential{redirect: checkRedirect(c.FollowRedirects)}
	switch {
	case c.Authorization != nil && c.OAuth2 != nil:
		return credential{}, errors.New("both a token and an OAuth2 client are configured: leave out one of them")
	case c.OAuth2 != nil:
		if c.OAuth2.ClientID == "" {
			return credential{}, errors.New("the OAuth2 client has a secret but no id: pass it with --runzero.client-id, or client_id in the file")
		}
		if c.OAuth2.ClientSecret == "" && c.OAuth2.ClientSecretFile == "" {
			return credential{}, errors.New("the OAuth2 client has an id but no secret: pass the file that holds it with --runzero.client-secret-file, or client_secret_file in the file")
		}
		u, err := url.Parse(c.OAuth2.TokenURL)
		if err != nil || exposed(u, allowHTTP) {
			return credential{}, errors.New("the OAuth2 client's token_url is invalid or would send the secret unencrypted: leave it out, or use https")
		}
		client := *c.OAuth2
		client.TokenURL = cmp.Or(client.TokenURL, console.String()+apiPath+TokenEndpoint)
		cred.client, cred.tokenHost = &client, u.Hostname()
		_, err = cred.secret()
		return cred, err
	case c.Authorization == nil:
		return credential{}, errNoCredential
	case c.Authorization.CredentialsFile != "":
		cred.token = checkedToken{config.NewFileSecret(c.Authorization.CredentialsFile), true}
	default:
		cred.token = checkedToken{config.NewInlineSecret(string(c.Authorization.Credentials)), false}
	}
	cred.scheme = cmp.Or(c.Authorization.Type, "Bearer")
	_, err := cred.token.Fetch(context.Background())
	return cred, err
}

// checkedToken is a token that is checked whenever it is read, not only at the start: a file that is being rotated
// may be incomplete or contain something else, and no call is wasted on that.
type checkedToken struct {
	config.SecretReader

	file bool // it is read from a file
}

func (t checkedToken) Fetch(ctx context.Context) (string, error) {
	token, err := t.SecretReader.Fetch(ctx)
	if err != nil {
		// The token itself may have been passed instead of its file.
		err = errors.Unwrap(err)
		return "", &rewordedError{"the token file cannot be read: " + Redact(err.Error()), err}
	}
	token, err = cleanSecret(token, "token")
	switch {
	case err != nil:
		return "", err
	case token == "" && t.file:
		return "", errors.New("the token file is empty: write an export, organization or account token into it")
	case token == "":
		return "", errNoCredential
	case !oneWord(token):
		return "", errors.New("the token or its file contains more than a token: it must be one word on one line")
	case isPlaceholder(token):
		return "", errors.New("the token is the placeholder of runZero's examples: replace it by a token that you made in the console")
	case tokenKind(token) == DownloadToken:
		return "", errors.New("this is a download token (DT…), which only downloads Explorers: make an export token instead (Organizations, Edit organization, Export tokens; it begins with ET or XT)")
	}
	return token, nil
}

// oneWord reports whether a token can be sent in a header.
func oneWord(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// kind reads the credential again, because its file may have been rotated to another kind.
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

// secret reads the OAuth2 client's secret again, because its file may have been rotated.
func (c credential) secret() (string, error) {
	const kind = "OAuth2 client's secret"
	if c.client.ClientSecretFile == "" {
		return cleanSecret(string(c.client.ClientSecret), kind)
	}
	content, err := os.ReadFile(c.client.ClientSecretFile)
	if err != nil {
		// The secret itself may have been passed instead of its file, and nothing looks like a secret, so the name is
		// not shown.
		why := err
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
			why = failed.Err
		}
		return "", &rewordedError{fmt.Sprintf("the OAuth2 client's secret file cannot be read: %v", why), err}
	}
	secret, err := cleanSecret(string(content), kind)
	switch {
	case err != nil:
		return "", err
	case secret == "":
		return "", errors.New("the OAuth2 client's secret file is empty: write the secret into it")
	case strings.ContainsFunc(secret, unicode.IsControl):
		return "", errors.New("the OAuth2 client's secret file contains more than a secret: it must be one line")
	}
	return secret, nil
}

func (c credential) roundTripper(next http.RoundTripper, secrets *secrets, now func() time.Time) http.RoundTripper {
	if c.client == nil {
		return config.NewAuthorizationCredentialsRoundTripper(c.scheme, c.token, next)
	}
	return newOAuthTransport(c, next, secrets, now)
}

// SecretSum identifies the present content of the secret: the token, or the OAuth2 client's secret. Equal contents have
// equal sums under the same salt. It is empty when the secret cannot be read.
func (c *Client) SecretSum(salt []byte) string {
	var secret string
	var err error
	if c.credential.client != nil {
		secret, err = c.credential.secret()
	} else {
		secret, err = c.credential.token.Fetch(context.Background())
	}
	if err != nil {
		return ""
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil))
}
