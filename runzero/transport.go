package runzero

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/common/config"
)

// TokenEndpoint is where OAuth2 clients get their access tokens.
const TokenEndpoint = "/account/api/token"

// Exchange is one request as it was sent and its response. Retries, redirects and token requests are exchanges of
// their own, because each may cost a call of the quota.
type Exchange struct {
	Endpoint string    // the path below /api/v1.0, such as "/export/org/assets.jsonl"
	Sent     time.Time // when the request was sent
	Written  bool      // to a connection: only then may it cost a call
	// Context is that of the request. Observers find in it what they put there before; nothing waits for it.
	Context       context.Context //nolint:containedctx // as in http.Request
	Code          int             // the HTTP status; zero when there was no response
	Authenticated bool            // a credential was sent
	// Page means that the response is a web page: a login, or something that is not a runZero console at all.
	Page       bool
	Usage      Usage                // the quota headers of the response
	RetryAfter time.Duration        // how long the console asks to wait; zero when it does not say
	Date       time.Time            // the console's clock, from the Date header; zero without one
	TLS        *tls.ConnectionState // of the response; nil over plain http and without a response
	// Duration is the time from sending the request to the end of the body. Bytes is the length of the body after
	// decompression. Both are zero in Responded.
	Duration time.Duration
	Bytes    int64
}

// Observer follows every Exchange. Its methods are called from several goroutines.
type Observer interface {
	// Responded is called once the headers have arrived or the request has failed.
	Responded(Exchange)
	// Finished is called once the body has been read or closed, and after a failure.
	Finished(Exchange)
}

type endpointKey struct{}

func withEndpoint(ctx context.Context, endpoint string) context.Context {
	return context.WithValue(ctx, endpointKey{}, endpoint)
}

// transport is what every request passes last. It refuses writes, waits for admission, remembers the secrets that are
// sent and reports to the observer.
type transport struct {
	next      http.RoundTripper
	write     bool
	admit     func(context.Context) error
	observer  Observer
	userAgent string
	secrets   *secrets
	limits    Limits
	now       func() time.Time
}

// newTransport makes a transport with TLS as prometheus/common configures it. The http.Transport below is our own,
// because that of prometheus/common accepts headers of 10 MB.
func newTransport(c Config, proxy proxyFunc, secrets *secrets) (*transport, error) {
	files := c.HTTP.TLSConfig
	settings := config.TLSRoundTripperSettings{CA: inFile(files.CAFile), Cert: inFile(files.CertFile), Key: inFile(files.KeyFile)}
	newHTTPTransport := func(tlsConfig *tls.Config) (http.RoundTripper, error) {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(c.HTTP.EnableHTTP2)
		return &http.Transport{
			Proxy:               proxy,
			ProxyConnectHeader:  c.HTTP.GetProxyConnectHeader(),
			DialContext:         dialWithTimeout(dialLoopback(c.DialContext)),
			TLSClientConfig:     tlsConfig,
			TLSHandshakeTimeout: 10 * time.Second,
			// net/http repeats a request when the server closes a reused connection. That would be a call that is not
			// counted. Polls are minutes apart, so a new connection for each costs next to nothing.
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
			Protocols:              protocols,
		}, nil
	}
	tlsConfig, err := config.NewTLSConfig(&c.HTTP.TLSConfig)
	if err != nil {
		return nil, fmt.Errorf("TLS settings: %w", err)
	}
	next, err := config.NewTLSRoundTripper(tlsConfig, settings, newHTTPTransport)
	if err != nil {
		return nil, fmt.Errorf("TLS settings: %w", err)
	}
	return &transport{
		next: decompressing(next), write: c.Write, admit: c.Admit, observer: c.Observer, userAgent: c.UserAgent,
		secrets: secrets, limits: c.Limits, now: c.Now,
	}, nil
}

// decompressing requests gzip, because exports compress seven to one, and decompresses it. http.Transport would take a
// third more time for that.
func decompressing(next http.RoundTripper) http.RoundTripper {
	return gzhttp.Transport(next, gzhttp.TransportEnableZstd(false))
}

// inFile returns nil without a name.
func inFile(name string) config.SecretReader {
	if name == "" {
		return nil
	}
	return config.NewFileSecret(name)
}

// connectTimeout bounds connecting, which net/http otherwise continues without end, even for a request that was
// cancelled.
const connectTimeout = 30 * time.Second

func dialWithTimeout(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return dial(ctx, network, addr)
	}
}

var errReadOnly = errors.New("a request that would change something was not sent: only the scan command may send one")

// unsentError is why a request was not sent. It cost no call, and says nothing about the console.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// RoundTrip sends a request. The body of the response is a *responseBody.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	endpoint, _ := request.Context().Value(endpointKey{}).(string)
	token := request.Method == http.MethodPost && endpoint == TokenEndpoint
	if !t.write && request.Method != http.MethodGet && !token {
		return nil, unsentError{errReadOnly}
	}
	var written atomic.Bool
	request = request.Clone(traceWrites(request.Context(), &written))
	if t.userAgent != "" {
		request.Header.Set("User-Agent", t.userAgent)
	}
	if t.admit != nil {
		if err := t.admit(request.Context()); err != nil {
			return nil, unsentError{err}
		}
	}
	t.secrets.add(headerSecrets(request.Header)...)
	exchange := Exchange{
		Endpoint:      endpoint,
		Authenticated: request.Header.Get("Authorization") != "" || endpoint == TokenEndpoint,
		Sent:          t.now(),
		Context:       request.Context(),
	}
	response, err := t.next.RoundTrip(request)
	exchange.Written = err == nil || written.Load()
	if err != nil {
		t.observer.Responded(exchange)
		t.finished(exchange, 0)
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		// The body of an upgrade, which was not requested, has no end and no deadline.
		_ = response.Body.Close()
		response.Body = http.NoBody
	}
	exchange.Code = response.StatusCode
	exchange.Page = isWebPage(response)
	exchange.Usage = parseUsage(response.Header)
	exchange.RetryAfter = retryAfter(response.Header.Get("Retry-After"), t.now())
	exchange.Date, _ = http.ParseTime(response.Header.Get("Date")) // zero with an error
	exchange.TLS = response.TLS
	t.observer.Responded(exchange)
	response.Body = newResponseBody(request.Context(), response, t.limits, func(bytes int64) { t.finished(exchange, bytes) })
	return response, nil
}

func (t *transport) finished(e Exchange, bytes int64) {
	e.Duration, e.Bytes = t.now().Sub(e.Sent), bytes
	t.observer.Finished(e)
}

func isWebPage(response *http.Response) bool {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return media == "text/html"
}

var (
	errRedirect     = errors.New("the console redirects to another origin, where the token must not be sent: check the URL")
	errRedirectLoop = errors.New("the console redirects in a circle: check the URL")
)

// checkRedirect returns the redirect policy: within the origin, or not at all.
func checkRedirect(follow bool) func(*http.Request, []*http.Request) error {
	if follow {
		return redirectWithinOrigin
	}
	return func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

func redirectWithinOrigin(request *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errRedirectLoop
	}
	// net/http would send a user in the URL instead of the token.
	if !SameOrigin(request.URL, via[0].URL) || request.URL.User != nil {
		return errRedirect
	}
	return nil
}
