package runzero

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/oauth2"
)

// Error is a response with a status other than success.
type Error struct {
	Endpoint string // the path below /api/v1.0
	Status   int    // the HTTP status code
	// Message is the error text of the API, on one line. It is empty when there was none, or none that can be shown:
	// see the rules in withhold.go.
	Message    string
	API        bool          // the API itself says so: the body is an error of its own
	Page       bool          // the body is a web page, of a proxy or of something that is no runZero console
	WrongKind  bool          // the API rejected the kind of token: this endpoint takes another
	RetryAfter time.Duration // how long the server asks to wait; zero when it does not say
	// Usage holds the quota headers of the response. A 429 with none remaining is the daily quota, any other 429 the
	// burst limit.
	Usage Usage
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.Endpoint, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// BodyError is a successful response with an unusable body. It never repeats the body's contents.
type BodyError struct {
	Endpoint string
	Record   int   // the number of the faulty record, from 1; 0 means the body as a whole
	Err      error // what is wrong
}

func (e *BodyError) Error() string {
	if e.Record == 0 {
		return fmt.Sprintf("%s: %v", e.Endpoint, e.Err)
	}
	return fmt.Sprintf("%s: record %d: %v", e.Endpoint, e.Record, e.Err)
}

func (e *BodyError) Unwrap() error { return e.Err }

// What can be wrong with a body.
var (
	ErrNotData           = errors.New("the response is a web page, not data: check that the URL is a runZero console and that no proxy asks for a login")
	ErrNotJSON           = errors.New("the response is not JSON")
	ErrNotRecord         = errors.New("not an object with an id")
	ErrNotHealth         = errors.New("the response contains no health status")
	ErrWrongOrganization = errors.New("belongs to another organization than the one requested")
	ErrTooLarge          = errors.New("larger than this exporter reads")
	ErrCursorLoop        = errors.New("the cursor repeats: the pages never end")
	ErrTruncated         = errors.New("the response ended early")
	ErrNoLength          = errors.New("the response has neither a length nor chunks, so it may be incomplete: check the proxies in between, they must not remove these")
)

// Refused reports whether the API says, in words of its own, that the licence, the credential or the console does not
// support the request, as opposed to a failure. What a proxy says is no evidence of that. kind is the credential's. A
// 401 with a credential of a known kind means that it was revoked, unless the API says that the endpoint takes another
// kind; with one of an unknown kind its scope may be insufficient.
func Refused(err error, kind Kind) bool {
	response := (*Error)(nil)
	// Who gets no access token has no access to anything: that says nothing about the request.
	if !errors.As(err, &response) || !response.API || response.Endpoint == TokenEndpoint {
		return false
	}
	switch response.Status {
	case http.StatusForbidden, http.StatusNotFound:
		return true
	case http.StatusUnauthorized, http.StatusBadRequest:
		return response.WrongKind || kind == UnknownKind
	}
	return false
}

// requestError removes the URL from an error of net/http: the query contains the user's search, and the endpoint is
// enough.
func requestError(endpoint string, err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	// An access token could not be fetched: these name its endpoint.
	if response := (*Error)(nil); errors.As(err, &response) {
		return response
	}
	if body := (*BodyError)(nil); errors.As(err, &body) {
		return body
	}
	// net/http has no error of its own for a server that speaks first, as SSH and SMTP servers do. It depends on who is
	// faster whether it finds a malformed response instead. A connection that breaks before the request was written is
	// something else.
	if broken := (*net.OpError)(nil); strings.Contains(err.Error(), "readLoopPeekFailLocked") && !errors.As(err, &broken) {
		err = errNotHTTP
	}
	return fmt.Errorf("%s: %w", endpoint, unquotedError{err})
}

var errNotHTTP = errors.New("malformed HTTP response: the server sends data before it receives a request, so it does not speak HTTP on this port")

// unquotedError leaves out what another error quotes. net/http quotes what it cannot parse, and that can be anything
// that a server sent.
type unquotedError struct{ error }

var quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

func (e unquotedError) Error() string { return quotation.ReplaceAllString(e.error.Error(), "…") }

func (e unquotedError) Unwrap() error { return e.error }

// errorBytes is how much of an error's body is read. A longer one is no error message.
const errorBytes = 16 << 10

// responseError makes an Error of an unsuccessful response.
func responseError(endpoint string, response *http.Response, s *secrets, now time.Time) *Error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, errorBytes)) // a part has no message
	return newError(endpoint, response, body, s, now)
}

// What the API says in plain text instead of JSON (seen): of an endpoint that it does not have, and of a key of another
// organization.
const (
	notFound   = "404: Not Found"
	invalidKey = "Invalid API Key for Organization"
)

func newError(endpoint string, response *http.Response, body []byte, s *secrets, now time.Time) *Error {
	text, wrongKind := parseProblem(body)
	plain := strings.TrimSpace(string(body))
	return &Error{
		Endpoint:   endpoint,
		Status:     response.StatusCode,
		Message:    s.message(text),
		API:        text != "" || response.StatusCode == http.StatusNotFound && plain == notFound || response.StatusCode == http.StatusUnauthorized && plain == invalidKey,
		Page:       isWebPage(response) || strings.HasPrefix(plain, "<"),
		WrongKind:  wrongKind,
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), now),
		Usage:      parseUsage(response.Header),
	}
}

// parseProblem returns the error text of an API response, and whether the response names the kinds of token that the
// endpoint takes. The API sends problem JSON and {"error": …}; anything else is not from the API.
func parseProblem(body []byte) (text string, wrongKind bool) {
	var problem map[string]jsontext.Value
	if err := json.Unmarshal(body, &problem, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return "", false
	}
	for _, key := range []string{"error", "detail", "title"} {
		var part string
		if json.Unmarshal(problem[key], &part, jsontext.AllowInvalidUTF8(true)) != nil || strings.Contains(text, part) {
			continue
		}
		if text != "" {
			text += ": "
		}
		text += part
	}
	return text, problem["possible_token_types"].Kind() == '['
}

var errNoAccessToken = errors.New("the response ended early or contains no access token")

// tokenError replaces an error of the OAuth2 library, which quotes the whole response. The access token in a response
// that was rejected is not among the known secrets.
func tokenError(err error, s *secrets, now time.Time) error {
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refused.Response != nil {
		return newError(TokenEndpoint, refused.Response, refused.Body, s, now)
	}
	if unanswered := (*url.Error)(nil); errors.As(err, &unanswered) {
		return requestError(TokenEndpoint, err)
	}
	return &BodyError{Endpoint: TokenEndpoint, Err: errNoAccessToken}
}

// longestRetryAfter bounds what a server may ask for; more is a fault.
const longestRetryAfter = time.Hour

// retryAfter parses both forms of the header: seconds and a date.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	var wait time.Duration
	text := strings.TrimSpace(value)
	seconds, err := strconv.ParseInt(text, 10, 64)
	// ParseInt returns the nearest possible number for one that is out of range, and ErrRange also when something
	// else follows that number.
	if err == nil || errors.Is(err, strconv.ErrRange) && strings.Trim(text[1:], "0123456789") == "" {
		wait = time.Duration(min(max(seconds, 0), int64(longestRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), longestRetryAfter)
}
