package runzero

import (
	"net/url"
	"regexp"
	"strings"
)

// SameOrigin reports whether two URLs have the same scheme, host and port, however they are written. Only then may a
// credential for one be sent to the other.
func SameOrigin(a, b *url.URL) bool { return origin(a) == origin(b) }

// origin returns scheme, host and port in a normal form.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// IsID reports whether a text has the form of runZero's ids, which are UUIDs.
func IsID(text string) bool {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`).MatchString(text)
}
