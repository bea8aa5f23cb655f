package web

import "net/http"

const (
	policyHeader  = "Content-Security-Policy"
	defaultPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// withHeaders keeps browsers from doing anything with a page but show it: other sites must not embed it, because it
// contains untrusted names, and caches must not keep it. A header that --web.config.file sets stays.
func withHeaders(next http.Handler) http.Handler {
	ours := map[string]string{
		policyHeader:                   defaultPolicy,
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
