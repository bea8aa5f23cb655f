package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
)

// policy is what a browser may load for a page: nothing, but for the style that the page
// itself holds.
func policy(styles string) string {
	return "default-src 'none'; " + styles + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

const policyName = "Content-Security-Policy"

// headers keeps browsers from doing anything with the pages but show them: other sites
// may not embed what strangers' names are in, nor caches keep it. A header that
// --web.config.file sets stays.
func headers(next http.Handler) http.Handler {
	ours := map[string]string{
		policyName:                     policy(""),
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range ours {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

var style = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// styled permits the style of a page that is written whole.
type styled struct{ http.ResponseWriter }

func (s styled) Write(page []byte) (int, error) {
	if own := style.FindSubmatch(page); own != nil && s.Header().Get(policyName) == policy("") {
		sum := sha256.Sum256(own[1])
		s.Header().Set(policyName, policy("style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; "))
	}
	return s.ResponseWriter.Write(page)
}
