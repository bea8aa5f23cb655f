package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// everyPath is every path that the server serves, and a path that does not exist.
var everyPath = []string{"/", "/metrics", "/config", "/-/healthy", "/-/ready", "/-/reload", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine", "/debug/pprof/symbol", "/sd/organizations", "/api/v1/status", "/nothing", "/../config", "//config"}

func everything(c *web.Config) {
	c.Pprof = true
	c.Reload = func(context.Context) error { return nil }
	c.Status = func() []poller.AccountStatus {
		return []poller.AccountStatus{{Name: `a" style="x`, Console: `"><b>`, Polls: []*poller.Status{{
			Organization: `<style>*{}</style><script>alert(1)</script>`, Collector: "assets", State: poller.StateFailing,
			Error: `<img src=x onerror=alert(1)> javascript:alert(1)`, Advice: "</script>", LastSuccess: time.Now(),
		}}}}
	}
}

func TestEveryResponseHasSecurityHeaders(t *testing.T) {
	h := handler(everything)
	for _, path := range everyPath {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
			recorder := httptest.NewRecorder()
			h.ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
			} {
				if got := recorder.Header().Values(name); len(got) != 1 || got[0] != want {
					t.Errorf("%s %s: %s %q, want %q", method, path, name, got, want)
				}
			}
			policy := recorder.Header().Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, want) {
					t.Errorf("%s %s: the policy %q lacks %s", method, path, policy, want)
				}
			}
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
				t.Errorf("%s %s: the policy %q permits what it need not", method, path, policy)
			}
		}
	}
}

// The page's own style and script are the only ones that may be used, and nothing else in it needs leave.
func TestPolicyPermitsOnlyTheStyleAndTheScriptOfThePage(t *testing.T) {
	const outside = `<(?:[^>"]|"[^"]*")*` // of the values of attributes
	for name, change := range map[string]func(*web.Config){"all": everything, "the least": nil, "the demo": func(c *web.Config) { c.Demo = true }} {
		got := get(handler(change), "/")
		page, policy := got.Body.String(), got.Header().Get("Content-Security-Policy")
		for _, part := range []string{"style", "script"} {
			found := regexp.MustCompile(`(?s)<`+part+`>(.*?)</`+part+`>`).FindAllStringSubmatch(page, -1)
			if len(found) != 1 || strings.Count(page, "<"+part) != 1 {
				t.Fatalf("%s: the page has %d of %s, want one", name, len(found), part)
			}
			sum := sha256.Sum256([]byte(found[0][1]))
			want := part + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; "
			if strings.Count(policy, part+"-src") != 1 || !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q does not permit the page's %s: %s", name, policy, part, want)
			}
		}
		for _, forbidden := range []string{outside + ` style=`, outside + ` on[a-z]+=`, `<link`, `<img`, `<iframe`, `<form`, `<base`, `<object`, `<[^>]*javascript:`} {
			if found := regexp.MustCompile(`(?i)` + forbidden).FindString(page); found != "" {
				t.Errorf("%s: the page holds %q, which the policy forbids", name, found)
			}
		}
	}
}

// exporter-toolkit sets the headers of --web.config.file before the handler runs.
func TestConfiguredHeadersOverrideDefaults(t *testing.T) {
	h := handler(nil)
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Security-Policy", "frame-ancestors https://portal.example.com")
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := recorder.Header().Values("Content-Security-Policy"); len(got) != 1 || got[0] != "frame-ancestors https://portal.example.com" {
		t.Errorf("the policy is %q", got)
	}
}

// A page of another site that a user visits must not reload the configuration.
func TestReloadFromAnotherSiteIsForbidden(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		code    int
	}{
		"a program":                {nil, http.StatusOK},
		"a page of ours":           {[]string{"Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		"a page of another site":   {[]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"an old browser":           {[]string{"Origin", "https://evil.example.com"}, http.StatusForbidden},
		"a browser's address line": {[]string{"Sec-Fetch-Site", "none"}, http.StatusOK},
	} {
		reloads := 0
		h := handler(func(c *web.Config) { c.Reload = func(context.Context) error { reloads++; return nil } })
		request := httptest.NewRequest(http.MethodPost, "/-/reload", strings.NewReader("a=b"))
		for i := 0; i+1 < len(c.headers); i += 2 {
			request.Header.Set(c.headers[i], c.headers[i+1])
		}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		if recorder.Code != c.code || (reloads == 1) != (c.code == http.StatusOK) {
			t.Errorf("%s: %d after %d reloads, want %d", name, recorder.Code, reloads, c.code)
		}
	}
}

// No path serves a file, or redirects to another site.
func TestNoPathServesFilesOrRedirectsElsewhere(t *testing.T) {
	h := handler(nil)
	for _, path := range []string{
		"/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/config/../../../etc/passwd", `/..\..\etc\passwd`, "/metrics/../config",
		"//elsewhere.example.com", "//elsewhere.example.com/..", `/\elsewhere.example.com`, "/%5celsewhere.example.com", "/http://elsewhere.example.com/", "/config%00.txt", "/config/", "/metrics/x", "/.git/config", "/-/", "/-/quit", "/debug", "/debug/vars", "/etc/passwd",
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		var err error
		if request.URL, err = url.ParseRequestURI("http://exporter.example.com" + path); err != nil {
			t.Fatal(err)
		}
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		to := recorder.Header().Get("Location")
		switch {
		case recorder.Code == http.StatusNotFound:
		case recorder.Code/100 == 3 && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.HasPrefix(to, `/\`):
		default:
			t.Errorf("%s: %d, to %q", path, recorder.Code, to)
		}
		if strings.Contains(recorder.Body.String(), "root:") {
			t.Errorf("%s: %s", path, recorder.Body)
		}
	}
}

func TestOnlyReloadAcceptsOtherMethods(t *testing.T) {
	for _, path := range everyPath[:13] {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, http.MethodOptions, "PROPFIND"} {
			recorder := httptest.NewRecorder()
			handler(everything).ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
			want := http.StatusMethodNotAllowed
			switch {
			case path == "/nothing":
				want = http.StatusNotFound
			case path == "/-/reload" && (method == http.MethodPost || method == http.MethodPut):
				want = http.StatusOK
			}
			if recorder.Code != want {
				t.Errorf("%s %s: %d, want %d", method, path, recorder.Code, want)
			}
		}
	}
}
