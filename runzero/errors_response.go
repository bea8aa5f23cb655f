package runzero

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/oauth2"
)

// errorBytes is how much of an error's body is read. A longer one is no error message.
const errorBytes = 16 << 10

// responseError makes an Error of an unsuccessful response.
func responseError(endpoint string, response *http.Response, s *secrets, now time.Time) *Error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, errorBytes)) // a part has no message
	return newError(endpoint, response, body, s, now)
}

func newError(endpoint string, response *http.Response, body []byte, s *secrets, now time.Time) *Error {
	text, wrongKind := parseProblem(body)
	return &Error{
		Endpoint:   endpoint,
		Status:     response.StatusCode,
		Message:    s.message(text),
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
const longestRetryAfter = 24 * time.Hour

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
