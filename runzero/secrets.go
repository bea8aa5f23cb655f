package runzero

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/common/config"
)

// secrets are what a client sends that nobody else may read. Whoever got one may repeat
// it, in an answer to another request too.
type secrets struct {
	proxy []string // what a proxy is sent and the console is not

	mu   sync.Mutex
	sent []string // what was sent last is last
}

func newSecrets(c config.ProxyConfig, proxy *url.URL) *secrets {
	s := &secrets{proxy: headerSecrets(c.GetProxyConnectHeader())}
	if proxy == nil || proxy.User == nil {
		return s
	}
	password, given := proxy.User.Password()
	if !given {
		password = proxy.User.Username() // a token, then
	}
	s.proxy = append(s.proxy, password)
	return s
}

// Access tokens and files come and go: what was sent so long ago is not repeated.
const mostSecrets = 64

// note remembers what is about to be sent.
func (s *secrets) note(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := slices.DeleteFunc(slices.Clone(s.sent), func(value string) bool { return slices.Contains(values, value) })
	excess := max(0, len(before)+len(values)-mostSecrets)
	s.sent = slices.Concat(before[min(excess, len(before)):], values)
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.proxy, s.sent)
}

// headerSecrets returns what headers hold that a server might repeat: the token, and
// what http_headers add for whatever stands before the console.
func headerSecrets(sent http.Header) []string {
	var found []string
	for name, values := range sent {
		switch name {
		case "Accept", "Content-Type", "Referer", "User-Agent":
			continue
		}
		for _, value := range values {
			_, token, _ := strings.Cut(value, " ")
			found = append(found, token)
			if name != "Authorization" { // whose first word says the scheme
				found = append(found, value)
			}
		}
	}
	return found
}

// An error has room for the names of a certificate, and not for a page.
const errorRunes = 500

// hide makes an error whose text holds nothing secret, on one line: net/http quotes what
// a server or a proxy sent.
func (s *secrets) hide(err error) error {
	text := err.Error()
	if shown := oneLine(redact(text, s.all()), errorRunes); shown != text {
		return &hiddenError{text: shown, err: err}
	}
	return err
}

// hiddenError is another error in words that hold nothing secret.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }

func (e *hiddenError) Unwrap() error { return e.err }
