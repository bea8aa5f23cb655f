package runzero

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// oauthTransport sends an access token and fetches it when needed. It uses golang.org/x/oauth2 rather than
// prometheus/common's OAuth2 round tripper, because that one hides the token requests, which cost quota and must be
// counted, and cannot replace a token that was refused.
type oauthTransport struct {
	credential credential
	next       http.RoundTripper
	secrets    *secrets
	now        func() time.Time
	// The token in use. The goroutine that fetches one takes it out; the others wait for it.
	current chan accessToken
}

type accessToken struct {
	value string    // empty: none yet
	until time.Time // when to fetch the next
}

const (
	// runZero documents no lifetime of access tokens, so expires_in counts, less a margin.
	tokenMargin = time.Minute
	// Without expires_in.
	tokenLifetime = 5 * time.Minute
	// No server accepts a longer header.
	longestToken = 16 << 10
)

func newOAuthTransport(c credential, next http.RoundTripper, s *secrets, now func() time.Time) *oauthTransport {
	t := &oauthTransport{credential: c, next: next, secrets: s, now: now, current: make(chan accessToken, 1)}
	t.current <- accessToken{}
	return t
}

func (t *oauthTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, fresh, err := t.token(request.Context(), "")
	if err != nil {
		return nil, err
	}
	response, err := t.send(request, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized || fresh {
		return response, err
	}
	// The token was revoked early. It is replaced once, because that costs a call too.
	_ = response.Body.Close()
	if token, _, err = t.token(request.Context(), token); err != nil {
		return nil, err
	}
	if request.GetBody != nil { // the body was consumed by the first try
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
	return t.next.RoundTrip(request)
}

// token returns an access token other than refused, and whether it was fetched just now.
func (t *oauthTransport) token(ctx context.Context, refused string) (token string, fresh bool, err error) {
	var current accessToken
	select {
	case current = <-t.current:
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	defer func() { t.current <- current }()
	if current.value != "" && current.value != refused && t.now().Before(current.until) {
		return current.value, false, nil
	}
	current, err = t.fetch(ctx)
	return current.value, true, err
}

func (t *oauthTransport) fetch(ctx context.Context) (accessToken, error) {
	secret, err := t.credential.secret()
	if err != nil {
		return accessToken{}, unansweredError{err, Unreadable}
	}
	settings := t.credential.client
	client := clientcredentials.Config{
		ClientID:       settings.ClientID,
		ClientSecret:   secret,
		TokenURL:       settings.TokenURL,
		Scopes:         settings.Scopes,
		EndpointParams: url.Values{},
		// Otherwise the library tries two styles, and the first try costs a call.
		AuthStyle: oauth2.AuthStyleInParams,
	}
	t.secrets.add(secret)
	for name, value := range settings.EndpointParams {
		t.secrets.add(value)
		client.EndpointParams.Set(name, value)
	}
	ctx = context.WithValue(withEndpoint(ctx, TokenEndpoint), oauth2.HTTPClient,
		&http.Client{Transport: t.next, CheckRedirect: t.credential.redirect})
	token, err := client.Token(ctx)
	if err == nil && (len(token.AccessToken) > longestToken || !oneWord(token.AccessToken)) {
		err = errNoAccessToken
	}
	if err != nil {
		return accessToken{}, tokenError(err, t.secrets, t.now())
	}
	lifetime := time.Until(token.Expiry) // the library computes Expiry from the real time
	if token.Expiry.IsZero() || lifetime <= 0 {
		lifetime = tokenLifetime + tokenMargin
	}
	return accessToken{token.AccessToken, t.now().Add(lifetime - min(tokenMargin, lifetime/2))}, nil
}
