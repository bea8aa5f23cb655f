package runzero

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/oauth2"
)

// Error is an answer other than success.
type Error struct {
	// Endpoint is the path below /api/v1.0.
	Endpoint string
	// Status is the HTTP status code.
	Status int
	// Message is the server's own, on one line and shortened; empty when the body had
	// none to show. Tokens in it are redacted.
	Message string
	// WrongKind tells that the server says so: the endpoint takes another kind of token
	// than the one it was sent.
	WrongKind bool
	// RetryAfter is how long the server asks to wait; zero when it does not say.
	RetryAfter time.Duration
	// Usage is what the answer's headers say of the quota: a 429 with none remaining
	// is the daily quota, any other 429 the burst limit.
	Usage Usage
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.Endpoint, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// BodyError is a successful answer whose body is not what was asked for. It never
// repeats the body's contents.
type BodyError struct {
	Endpoint string
	// Record is the number of the record at fault, from 1; 0 is the body as a whole.
	Record int
	// Err says what is wrong.
	Err error
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
	ErrNotData     = errors.New("the answer is a web page, not data: check that the URL is a runZero console and that no proxy asks for a login")
	ErrNotJSON     = errors.New("the answer is not JSON")
	ErrNotRecord   = errors.New("not an object with an id")
	ErrNotHealth   = errors.New("the answer says nothing of the console's health")
	ErrWrongOrganization     = errors.New("belongs to another organization than the one asked for")
	ErrTooLarge    = errors.New("larger than this exporter reads")
	ErrCursorLoop      = errors.New("the cursor repeats: the pages have no end")
	ErrTruncated = errors.New("the answer ended early")
	ErrNoLength    = errors.New("the answer does not say where it ends, and may be a part: whatever stands between must not take its length or its chunks away")
)

// answered tells whether err is an answer with one of these codes.
func answered(err error, codes ...int) bool {
	answer := (*Error)(nil)
	return errors.As(err, &answer) && slices.Contains(codes, answer.Status)
}

// Refused tells whether err means that the licence, the token or the console does not
// have what was asked for, rather than that something failed. kind is the credential's:
// one of a known kind that is not accepted was revoked, unless the server says that it
// takes another kind there; one of an unknown kind may be too small.
func Refused(err error, kind Kind) bool {
	answer := (*Error)(nil)
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Status {
	case http.StatusForbidden, http.StatusNotFound:
		return true
	case http.StatusUnauthorized, http.StatusBadRequest:
		return answer.WrongKind || kind == UnknownKind
	}
	return false
}

// Retryable tells whether asking once more may help: nobody answered, the answer
// broke off, or the server failed. What the server refused stays refused.
func Retryable(err error) bool {
	if answer := (*Error)(nil); errors.As(err, &answer) {
		return answer.Status >= 500
	}
	// A file does not mend itself in seconds. (What is wrong with it is a syscall.Errno,
	// which passes for a network error.)
	file := (*fs.PathError)(nil)
	if errors.Is(err, context.Canceled) || errors.As(err, &file) {
		return false
	}
	if errors.Is(err, ErrTruncated) {
		return true
	}
	// A refused certificate or redirect is no net.Error, and does not mend itself either.
	var network net.Error
	var reset streamError
	return errors.As(err, &network) || errors.As(err, &reset) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// streamError is what net/http's error of a stream that HTTP/2 has reset is as, by the
// names of the fields; its own type cannot be named.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "a stream was reset" }

// requestError takes the URL out of what net/http reports: the query holds the
// user's search, and the endpoint says enough.
func requestError(endpoint string, err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if answer := (*Error)(nil); errors.As(err, &answer) {
		return answer
	}
	if body := (*BodyError)(nil); errors.As(err, &body) {
		return body // of an access token
	}
	return fmt.Errorf("%s: %w", endpoint, quiet{err})
}

// quiet is an error without what it quotes. net/http quotes what came where it cannot
// read it, and a server may have sent back anything, the token too.
type quiet struct{ error }

var quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

func (q quiet) Error() string { return quotation.ReplaceAllString(q.error.Error(), "…") }

func (q quiet) Unwrap() error { return q.error }

// responseError reads what there is to say from an unsuccessful answer.
func responseError(endpoint string, response *http.Response, secrets []string) *Error {
	// The message is short or it is not a message.
	body, _ := io.ReadAll(io.LimitReader(response.Body, messageBytes))
	return newError(endpoint, response, body, secrets)
}

func newError(endpoint string, response *http.Response, body []byte, secrets []string) *Error {
	if len(body) >= messageBytes {
		// The last word may be half a secret, which nothing would recognize; a secret may be
		// broken up into lines.
		body = body[:messageBytes]
		body = body[:bytes.LastIndexByte(body, ' ')+1]
	}
	text, wrongKind := message(body)
	return &Error{
		Endpoint:   endpoint,
		Status:     response.StatusCode,
		Message:    oneLine(redact(text, secrets), messageRunes),
		WrongKind:  wrongKind,
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		Usage:      parseUsage(response.Header),
	}
}

const messageBytes = 16 << 10

var errNoAccessToken = errors.New("the answer broke off, or holds no access token")

// tokenError turns the OAuth2 library's error, which quotes the whole answer, into
// ours. An access token that came in vain is no secret that is known.
func tokenError(err error, secrets []string) error {
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) && refused.Response != nil {
		return newError(TokenEndpoint, refused.Response, refused.Body, secrets)
	}
	if unanswered := (*url.Error)(nil); errors.As(err, &unanswered) {
		return requestError(TokenEndpoint, err)
	}
	return &BodyError{Endpoint: TokenEndpoint, Err: errNoAccessToken}
}

// message finds the server's sentence in the shapes error bodies are seen in:
// problem JSON whose status may be a string, {"error": …}, plain text, HTML. It also
// tells whether the body names the kinds of token that would have been accepted.
func message(body []byte) (text string, wrongKind bool) {
	var problem map[string]jsontext.Value
	if err := json.Unmarshal(body, &problem, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err == nil {
		var parts []string
		for _, key := range []string{"error", "detail", "title"} {
			var part string
			if json.Unmarshal(problem[key], &part, jsontext.AllowInvalidUTF8(true)) == nil && part != "" && !strings.Contains(strings.Join(parts, " "), part) {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, ": "), problem["possible_token_types"].Kind() == '['
	}
	text = strings.TrimSpace(string(bytes.TrimPrefix(body, byteOrderMark)))
	if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return "", false
	}
	return text, false
}

// A server that asks to wait longer than a day is not believed.
const longestWait = 24 * time.Hour

// retryAfter reads both forms of the header: seconds and a date.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	var wait time.Duration
	text := strings.TrimSpace(value)
	seconds, err := strconv.ParseInt(text, 10, 64)
	// A number beyond all range is read as the nearest there is, and cut like any other.
	// That something follows it is no matter of its range.
	if err == nil || errors.Is(err, strconv.ErrRange) && strings.Trim(text[1:], "0123456789") == "" {
		wait = time.Duration(min(max(seconds, 0), int64(longestWait/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}
