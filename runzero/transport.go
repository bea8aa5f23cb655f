package runzero

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/common/config"
)

// TokenEndpoint is where OAuth2 clients get their access tokens.
const TokenEndpoint = "/account/api/token"

// Exchange is one request and its answer as they went over the wire: retries,
// redirects and token requests are exchanges of their own, because each may cost a
// call of the account's quota.
type Exchange struct {
	// Endpoint is the path below /api/v1.0, such as "/export/org/assets.jsonl".
	Endpoint string
	// Sent is when the request was sent.
	Sent time.Time
	// Code is the HTTP status, or zero when there was no answer.
	Code int
	// Authenticated tells whether a credential was sent.
	Authenticated bool
	// Page tells that the answer is a web page: of a login, or of something that is no
	// runZero console at all.
	Page bool
	// Usage is what the answer's headers say of the quota, and RetryAfter how long the
	// console asks to wait; zero when it does not say.
	Usage      Usage
	RetryAfter time.Duration
	// Date is the console's clock as the answer tells it; zero when it does not.
	Date time.Time
	// TLS is the connection that the answer came over; nil over plain http, and when
	// there was no answer.
	TLS *tls.ConnectionState
	// Duration is the time from sending to the end of the body, and Bytes the body's
	// length after decompression. Both are zero in Answered.
	Duration time.Duration
	Bytes    int64
}

// Observer is told of every Exchange: once when its headers have arrived or it has
// failed, and once more when its body has been read or given up. Calls come from
// several goroutines.
type Observer interface {
	Responded(Exchange)
	Finished(Exchange)
}

type endpointKey struct{}

func withEndpoint(ctx context.Context, endpoint string) context.Context {
	return context.WithValue(ctx, endpointKey{}, endpoint)
}

// newWire makes the innermost transport: TLS as prometheus/common configures it,
// watched by the observer. The http.Transport is our own because
// prometheus/common's turns compression off, and exports compress seven to one.
func newWire(c Config, proxy proxyFunc, secrets *secrets) (*wire, error) {
	settings := config.TLSRoundTripperSettings{}
	for _, file := range []struct {
		name   string
		secret *config.SecretReader
	}{
		{c.HTTP.TLSConfig.CAFile, &settings.CA},
		{c.HTTP.TLSConfig.CertFile, &settings.Cert},
		{c.HTTP.TLSConfig.KeyFile, &settings.Key},
	} {
		if file.name != "" {
			*file.secret = config.NewFileSecret(file.name)
		}
	}
	newTransport := func(tlsConfig *tls.Config) (http.RoundTripper, error) {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(c.HTTP.EnableHTTP2)
		return &http.Transport{
			Proxy:               proxy,
			ProxyConnectHeader:  c.HTTP.GetProxyConnectHeader(),
			DialContext:         inTime(atHome(c.DialContext)),
			TLSClientConfig:     tlsConfig,
			TLSHandshakeTimeout: 10 * time.Second,
			// On a connection that is used again, net/http repeats a request by itself when
			// the server closes it; that would be a call nobody counts. Polls are minutes
			// apart: a new connection for each costs next to nothing.
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
			Protocols:              protocols,
		}, nil
	}
	tlsConfig, err := config.NewTLSConfig(&c.HTTP.TLSConfig)
	if err != nil {
		return nil, fmt.Errorf("TLS settings: %w", err)
	}
	var transport http.RoundTripper
	if settings == (config.TLSRoundTripperSettings{}) {
		transport, err = newTransport(tlsConfig)
	} else {
		transport, err = config.NewTLSRoundTripper(tlsConfig, settings, newTransport)
	}
	if err != nil {
		return nil, fmt.Errorf("TLS settings: %w", err)
	}
	return &wire{next: transport, write: c.Write, admit: c.Admit, observer: c.Observer, userAgent: c.UserAgent, secrets: secrets}, nil
}

// connectTimeout is how long connecting may take. net/http goes on connecting for a
// request that was given up, and by itself knows no end of it.
const connectTimeout = 30 * time.Second

func inTime(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return dial(ctx, network, addr)
	}
}

var errReadOnly = errors.New("a request that would change something was not sent: only the scan command may")

type wire struct {
	next      http.RoundTripper
	write     bool // requests that change something may pass
	admit     func(context.Context) error
	observer  Observer
	userAgent string
	secrets   *secrets // what is sent is noted here
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	endpoint, _ := request.Context().Value(endpointKey{}).(string)
	token := request.Method == http.MethodPost && endpoint == TokenEndpoint
	if !w.write && request.Method != http.MethodGet && !token {
		return nil, unsentError{errReadOnly}
	}
	request = request.Clone(request.Context())
	if w.userAgent != "" {
		request.Header.Set("User-Agent", w.userAgent)
	}
	exchange := Exchange{
		Endpoint:      endpoint,
		Authenticated: request.Header.Get("Authorization") != "" || endpoint == TokenEndpoint,
	}
	if w.admit != nil {
		if err := w.admit(request.Context()); err != nil {
			return nil, unsentError{err}
		}
	}
	w.secrets.note(headerSecrets(request.Header)...)
	start := time.Now()
	exchange.Sent = start
	response, err := w.next.RoundTrip(request)
	if err != nil {
		w.answered(exchange)
		exchange.Duration = time.Since(start)
		w.finished(exchange)
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		// Nobody asked for that. Its body has no end, and no deadline.
		_ = response.Body.Close()
		response.Body = http.NoBody
	}
	exchange.Code = response.StatusCode
	exchange.Page = page(response)
	exchange.Usage = parseUsage(response.Header)
	exchange.RetryAfter = retryAfter(response.Header.Get("Retry-After"), start)
	exchange.Date, _ = http.ParseTime(response.Header.Get("Date")) // zero with an error
	exchange.TLS = response.TLS
	w.answered(exchange)
	response.Body = &watchedBody{body: response.Body, done: func(bytes int64) {
		exchange.Duration, exchange.Bytes = time.Since(start), bytes
		w.finished(exchange)
	}}
	return response, nil
}

// unsentError is why a request was not sent: it cost nothing, and says nothing about
// the console.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

func page(response *http.Response) bool {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return media == "text/html"
}

func (w *wire) CloseIdleConnections() {
	if closer, ok := w.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func (w *wire) answered(e Exchange) {
	if w.observer != nil {
		w.observer.Responded(e)
	}
}

func (w *wire) finished(e Exchange) {
	if w.observer != nil {
		w.observer.Finished(e)
	}
}

// watchedBody reports its length once, when it has ended or is closed.
type watchedBody struct {
	body  io.ReadCloser
	bytes int64
	once  sync.Once
	done  func(bytes int64)
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.bytes += int64(n)
	if err != nil {
		b.once.Do(func() { b.done(b.bytes) })
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.once.Do(func() { b.done(b.bytes) })
	return b.body.Close()
}

var errRedirect = errors.New("the console redirects to another origin, where the token must not go: check the URL")

// redirects says what to do with a redirect: go where the token may go, or nowhere.
func redirects(follow bool) func(*http.Request, []*http.Request) error {
	if follow {
		return sameOrigin
	}
	return func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// sameOrigin follows a redirect only where the token may go.
func sameOrigin(request *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("the console redirects in a circle: check the URL")
	}
	// With a user in the URL, net/http would send that one instead of the token.
	if origin(request.URL) != origin(via[0].URL) || request.URL.User != nil {
		return errRedirect
	}
	return nil
}
