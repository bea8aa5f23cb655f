package runzero

import (
	"net/url"
	"regexp"
	"strings"
)

// SameOrigin reports whether two URLs have the same scheme, host and port, in whatever
// spelling. A credential for one may be sent to the other only then.
func SameOrigin(a, b *url.URL) bool { return origin(a) == origin(b) }

// origin is scheme, host and port in one spelling.
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
