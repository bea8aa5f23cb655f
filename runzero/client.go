package runzero

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/common/config"
)

// DefaultURL is runZero's own console in the United States.
const DefaultURL = "https://console.runzero.com"

const apiPath = "/api/v1.0"

// Config says which console a Client asks, and how.
type Config struct {
	// URL is the console's address, with or without /api/v1.0, a port, a path
	// prefix or a trailing slash.
	URL string
	// HTTP holds the credential (authorization or oauth2), the CA and the proxy.
	// Files it names are read again on use, so they rotate without a restart.
	// An empty oauth2 token_url means the console's own. Begin with
	// config.DefaultHTTPClientConfig: the zero value follows no redirect, and speaks
	// HTTP/1.1 alone.
	HTTP config.HTTPClientConfig
	// Timeout bounds one request, from its first byte to the last of its answer.
	// Zero is ten minutes.
	Timeout time.Duration
	// AllowHTTP permits plain http to a host that is not loopback.
	AllowHTTP bool
	// UserAgent is sent with every request.
	UserAgent string
	// Limits bounds what an answer may hold. Zero fields take their defaults.
	Limits Limits
	// Write permits requests that change something. Only the scan command sets it: the
	// exporter itself never writes.
	Write bool
	// Admit is asked before every request is sent: it may wait, and its error is the
	// request's. nil admits all.
	Admit func(context.Context) error
	// Observer is told of every request that goes over the wire; nil tells nobody.
	Observer Observer
	// DialContext connects to the console; nil is the ordinary network.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client asks one console with one credential. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	credential credential
	proxy      proxyFunc
	secrets    *secrets
	private    *http.Client // sends the credential
	public     *http.Client // sends none: what needs no token is not given one
	timeout    time.Duration
	limits     Limits

	// Whether a token of an unknown kind reaches a whole account: Organizations finds
	// that out.
	account atomic.Bool
	// Consoles older than December 2024 have no tasks export. Unix seconds until
	// which that is taken as known, so that each poll does not pay for a 404.
	noTaskExport atomic.Int64
	// What is known of the newest Explorer: whoever asks takes it out meanwhile.
	release chan release
}

// New checks c and makes a Client of it. Nothing is asked yet.
func New(c Config) (*Client, error) {
	base, err := parseURL(c.URL, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	cred, err := newCredential(c.HTTP, base, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	proxy, err := newProxy(c.HTTP.ProxyConfig, base, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	between, _ := proxy(&http.Request{URL: base}) // its error comes again with every request
	secrets := newSecrets(c.HTTP.ProxyConfig, between)
	wire, err := newWire(c, proxy, secrets)
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper = wire
	if headers := c.HTTP.HTTPHeaders; headers != nil {
		transport = &headered{wire: wire, with: config.NewHeadersRoundTripper(headers, wire), origin: origin(base)}
	}
	redirect := redirects(c.HTTP.FollowRedirects)
	client := &Client{
		base:       base,
		credential: cred,
		proxy:      proxy,
		secrets:    secrets,
		private:    &http.Client{Transport: cred.roundTripper(transport, secrets), CheckRedirect: redirect},
		public:     &http.Client{Transport: transport, CheckRedirect: redirect},
		timeout:    c.Timeout,
		limits:     c.Limits.withDefaults(),
		release:    make(chan release, 1),
	}
	if client.timeout == 0 {
		client.timeout = 10 * time.Minute
	}
	client.account.Store(cred.kind() == AccountCredential)
	client.release <- release{}
	return client, nil
}

// CloseIdleConnections closes the connections that no request is using.
func (c *Client) CloseIdleConnections() {
	c.public.CloseIdleConnections()
}

// Kind tells what the credential reaches as far as that can be told without asking;
// Unknown when there is none.
func (c Config) Kind() Kind {
	credential, err := newCredential(c.HTTP, &url.URL{}, true)
	if err != nil {
		return UnknownKind
	}
	return credential.kind()
}

// parseURL accepts every form in which people write a console's address.
func parseURL(raw string, allowHTTP bool) (*url.URL, error) {
	if raw == "" {
		raw = DefaultURL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		// What was given may hold a password: it is not repeated.
		return nil, errors.New("the console's URL is not one: write it like " + DefaultURL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the console's URL for %s holds more than scheme, host and path: leave out user, query and fragment", u.Host)
	}
	if exposed(u, allowHTTP) {
		return nil, fmt.Errorf("the console's URL http://%s would send the token unencrypted: use https, or allow it with --runzero.allow-http (allow_http in the file)", u.Host)
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, apiPath), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}

// exposed tells whether a credential sent to u can be read on the way.
func exposed(u *url.URL, allowHTTP bool) bool {
	return u.Scheme == "http" && !allowHTTP && !loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// endpointURL is where an endpoint such as "/export/org/assets.jsonl" lives.
func (c *Client) endpointURL(endpoint string, query url.Values) *url.URL {
	u := *c.base
	u.Path += apiPath + endpoint
	u.RawQuery = query.Encode()
	return &u
}

// organizationQuery starts the query of an organization's endpoint. An account
// credential without _oid is silently answered for its default organization, so it
// always says which one it means. A token of an unknown kind may be one, and says it
// too.
func (c *Client) organizationQuery(organizationID string) (url.Values, error) {
	query := url.Values{}
	switch kind := c.credential.kind(); {
	case c.wholeAccount(kind) && organizationID == "":
		return nil, errors.New("an account credential needs the organization's id")
	case c.wholeAccount(kind), kind == UnknownKind && organizationID != "":
		query.Set("_oid", organizationID)
	}
	return query, nil
}

// Kind tells what the credential reaches, as far as its first letters tell now: a
// token's file may have been rotated to another kind.
func (c *Client) Kind() Kind { return c.credential.kind() }

// AccountWide tells whether the credential reaches an account's organizations. For
// a token of an unknown kind that is known after Organizations.
func (c *Client) AccountWide() bool { return c.wholeAccount(c.credential.kind()) }

// wholeAccount goes by the kind that the token has now: its file may have been
// rotated to another.
func (c *Client) wholeAccount(kind Kind) bool {
	if kind == UnknownKind {
		return c.account.Load()
	}
	return kind == AccountCredential
}
