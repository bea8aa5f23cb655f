package runzero

import (
	"cmp"
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

// Config is the console and the credential of a Client, and how it sends requests.
type Config struct {
	// URL is the console's address, with or without /api/v1.0, a port, a path prefix or a trailing slash. Empty is
	// DefaultURL.
	URL string
	// HTTP holds the credential (authorization or oauth2), the CA and the proxy. Files that it names are read on each
	// use, so that they can be rotated without a restart. An empty oauth2 token_url means the console's own. Start
	// from config.DefaultHTTPClientConfig: the zero value follows no redirects and disables HTTP/2.
	HTTP      config.HTTPClientConfig
	Timeout   time.Duration // of one request including its response; zero is ten minutes
	AllowHTTP bool          // permits plain http to a host that is not loopback
	UserAgent string        // is sent with every request
	Limits    Limits        // of each response; zero fields take their defaults
	Write     bool          // permits requests that change something; only the scan command sets it
	// Admit is called before every request. It may wait; if it fails, the request is not sent and fails with its
	// error. nil admits all.
	Admit    func(context.Context) error
	Observer Observer // follows every request that is sent; nil is none
	// DialContext connects to the console; nil is the ordinary network.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	Now         func() time.Time // the clock of everything but timeouts; nil is time.Now
}

// Client sends requests to one console with one credential. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	credential credential
	proxy      proxyFunc
	secrets    *secrets
	private    *http.Client // sends the credential
	public     *http.Client // sends none, to endpoints that need none
	timeout    time.Duration
	limits     Limits
	now        func() time.Time

	// Whether a token of an unknown kind is account-wide, as found by Organizations.
	accountWide atomic.Bool
	// Consoles older than December 2024 have no tasks export. Until this time, in Unix seconds, it and the export of
	// completed scans are not tried again, so that not every poll pays for a 404.
	absentTasks [2]atomic.Int64
	// The newest Explorer release. The goroutine that requests it takes it out meanwhile.
	release chan release
}

// New validates c and makes a Client of it. It sends no request.
func New(c Config) (*Client, error) {
	base, err := parseURL(c.URL, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Observer == nil {
		c.Observer = Observers(nil)
	}
	c.Limits = c.Limits.withDefaults()
	cred, err := newCredential(c.HTTP, base, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	proxy, err := newProxy(c.HTTP.ProxyConfig, base, c.AllowHTTP)
	if err != nil {
		return nil, err
	}
	proxyURL, _ := proxy(&http.Request{URL: base}) // each request returns its error again
	secrets := newSecrets(proxyURL, c.HTTP.GetProxyConnectHeader(), base.Hostname(), cred.tokenHost)
	wire, err := newTransport(c, proxy, secrets)
	if err != nil {
		return nil, err
	}
	var public http.RoundTripper = wire
	if headers := c.HTTP.HTTPHeaders; headers != nil {
		public = &headerTransport{transport: wire, withHeaders: config.NewHeadersRoundTripper(headers, wire), console: base}
	}
	redirect := checkRedirect(c.HTTP.FollowRedirects)
	client := &Client{
		base:       base,
		credential: cred,
		proxy:      proxy,
		secrets:    secrets,
		private:    &http.Client{Transport: cred.roundTripper(public, secrets, c.Now), CheckRedirect: redirect},
		public:     &http.Client{Transport: public, CheckRedirect: redirect},
		timeout:    cmp.Or(c.Timeout, 10*time.Minute),
		limits:     c.Limits,
		now:        c.Now,
		release:    make(chan release, 1),
	}
	client.accountWide.Store(cred.kind() == AccountCredential)
	client.release <- release{}
	return client, nil
}

// Kind returns the kind of credential, by its prefix; UnknownKind when there is none.
func (c Config) Kind() Kind {
	credential, err := newCredential(c.HTTP, &url.URL{}, true)
	if err != nil {
		return UnknownKind
	}
	return credential.kind()
}

// parseURL accepts every form in which people write a console's address.
func parseURL(raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(cmp.Or(raw, DefaultURL))
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		// The text may contain a password, so it is not repeated.
		return nil, errors.New("the console's URL is invalid: write it like " + DefaultURL)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the console's URL for %s has more than scheme, host and path: leave out user, query and fragment", u.Host)
	}
	if exposed(u, allowHTTP) {
		return nil, fmt.Errorf("the console's URL http://%s would send the token unencrypted: use https, or allow it with --runzero.allow-http (allow_http in the file)", u.Host)
	}
	path := strings.TrimRight(u.Path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, apiPath), "/")
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, nil
}

// endpointURL returns the URL of an endpoint such as "/export/org/assets.jsonl".
func (c *Client) endpointURL(endpoint string, query url.Values) *url.URL {
	u := *c.base
	u.Path += apiPath + endpoint
	u.RawQuery = query.Encode()
	return &u
}

// organizationQuery returns the query that selects an organization. Without _oid, an account credential silently gets
// its default organization, so _oid is required with one. A token of an unknown kind may be one, and sends it too.
func (c *Client) organizationQuery(organizationID string) (url.Values, error) {
	query := url.Values{}
	switch wide := c.AccountWide(); {
	case wide && organizationID == "":
		return nil, errors.New("an account credential needs the organization's id")
	case wide, c.Kind() == UnknownKind && organizationID != "":
		query.Set("_oid", organizationID)
	}
	return query, nil
}

// Kind returns the kind of credential, by its present prefix: the token's file may have been rotated to another kind.
func (c *Client) Kind() Kind { return c.credential.kind() }

// AccountWide reports whether the credential reaches all organizations of an account. For a token of an unknown kind
// that is known only after Organizations.
func (c *Client) AccountWide() bool {
	kind := c.Kind()
	return kind == AccountCredential || kind == UnknownKind && c.accountWide.Load()
}
