package runzero

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Servers and proxies repeat what they were sent. So their text is shown only if it is plain, short and free of
// secrets, and is otherwise withheld completely. Cutting a secret out of a text would require undoing every way of
// escaping it.

const (
	longestMessage = 200 // characters of a server's message
	longestError   = 500 // characters of a whole error; the names in a certificate can fill it
	fragment       = 8   // characters of a secret in a row that are no coincidence
	shortestSecret = 4   // anything shorter occurs in ordinary words
	mostSecrets    = 64  // that are remembered: access tokens and token files come and go
)

var (
	tokenLike = regexp.MustCompile(`[A-Z]T[0-9A-Fa-f-]{16,}|\b[a-z]t[0-9a-f-]{16,}|\b[CDEOX]T[0-9A-Za-z]{20,}|(?i:bearer)\s+\S{8,}`)
	escape    = regexp.MustCompile(`\\|%[0-9A-Fa-f]{2}|&#?\w+;`)
)

// Redact replaces everything that looks like a runZero token. It is for text that users typed, such as a command
// line.
func Redact(text string) string { return tokenLike.ReplaceAllString(text, "<secret>") }

// secrets remembers the secrets that a client sends. A server can repeat one later, in the response to another
// request.
type secrets struct {
	hosts []string // names that errors may show, whatever the secrets are
	proxy []string // sent to the proxy only

	mu   sync.Mutex
	sent []string // oldest first
}

// newSecrets begins with what the proxy, if any, is sent. hosts are the other servers that the client talks to.
func newSecrets(proxy *url.URL, connectHeader http.Header, hosts ...string) *secrets {
	s := &secrets{hosts: hosts, proxy: headerSecrets(connectHeader)}
	if proxy == nil {
		return s
	}
	s.hosts = append(s.hosts, proxy.Hostname())
	secret, given := proxy.User.Password()
	if !given {
		secret = proxy.User.Username() // a user without a password is a token
	}
	s.proxy = append(s.proxy, secret)
	return s
}

// add remembers values that are about to be sent.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = slices.DeleteFunc(s.sent, func(old string) bool { return slices.Contains(values, old) })
	s.sent = append(s.sent, values...)
	s.sent = slices.Delete(s.sent, 0, max(0, len(s.sent)-mostSecrets))
}

// headerSecrets returns the header values that may be secret: the token, and those of http_headers.
func headerSecrets(header http.Header) []string {
	var found []string
	for name, values := range header {
		switch name {
		case "Accept", "Content-Type", "Referer", "User-Agent":
			continue
		}
		for _, value := range values {
			if name == "Authorization" { // "Bearer" is no secret
				_, value, _ = strings.Cut(value, " ")
			}
			found = append(found, value)
		}
	}
	return found
}

// repeatedIn reports whether a text repeats a secret, or eight characters of one, as it is or in one of the usual
// encodings. Case is ignored, and in encodings punctuation as well.
func (s *secrets) repeatedIn(text string) bool {
	s.mu.Lock()
	all := slices.Concat(s.proxy, s.sent)
	s.mu.Unlock()
	lower, plain := strings.ToLower(text), alphanumeric(text)
	encoded := func(form string) bool { return repeats(plain, form) }
	return slices.ContainsFunc(all, func(secret string) bool {
		return repeats(lower, strings.ToLower(secret)) || slices.ContainsFunc(encodings(secret), encoded)
	})
}

// repeats reports whether a text holds eight bytes of a secret, or all of a shorter one.
func repeats(text, secret string) bool {
	size := min(len(secret), fragment)
	for i := 0; size >= shortestSecret && i+size <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+size]) {
			return true
		}
	}
	return false
}

// encodings returns a secret as it is, in hexadecimal and in base64, at each of the three offsets at which it can
// stand in a longer text, as alphanumeric has them.
func encodings(secret string) []string {
	all := []string{alphanumeric(secret), hex.EncodeToString([]byte(secret))}
	for offset := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + secret))
		// The first characters depend on what comes before as well, the last on what follows.
		encoded = encoded[min((8*offset+5)/6, len(encoded)):]
		if (offset+len(secret))%3 != 0 && encoded != "" {
			encoded = encoded[:len(encoded)-1]
		}
		all = append(all, alphanumeric(encoded))
	}
	return all
}

// alphanumeric returns the letters and digits of a text in lower case.
func alphanumeric(text string) string {
	return strings.Map(func(r rune) rune {
		if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// printable reports whether a text is one line of valid, printable characters.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// message returns a server's message if it may be shown, and "" otherwise. A message with escapes is withheld because
// a secret could hide in them.
func (s *secrets) message(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > longestMessage || !printable(text) || escape.MatchString(text) || tokenLike.MatchString(text) || s.repeatedIn(text) {
		return ""
	}
	return text
}

// withhold returns err, or an error with the same cause and another text if that cause may repeat a secret: net/http
// passes on what servers and proxies send. Only unquotedError contains words from outside.
func (s *secrets) withhold(endpoint string, err error) error {
	var outside unquotedError
	if !errors.As(err, &outside) {
		return err
	}
	checked := outside.Error()
	for _, host := range s.hosts {
		if host != "" {
			checked = strings.ReplaceAll(checked, host, " ")
		}
	}
	if !printable(checked) || s.repeatedIn(checked) {
		return &rewordedError{endpoint + ": failed; the error message is not shown because it may repeat a secret", err}
	}
	if text := []rune(err.Error()); len(text) > longestError {
		return &rewordedError{string(text[:longestError]) + "…", err}
	}
	return err
}

// rewordedError is an error with another text that is safe to show.
type rewordedError struct {
	text string
	err  error
}

func (e *rewordedError) Error() string { return e.text }

func (e *rewordedError) Unwrap() error { return e.err }
