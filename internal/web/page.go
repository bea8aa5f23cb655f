package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/go-kit/log/level"
)

// The template escapes what it shows: names of organizations and messages of the console are untrusted.
var (
	//go:embed page.html
	pageTemplate string
	//go:embed page.css
	pageStyle string
)

// maxRows keeps the page of an account with hundreds of organizations readable.
const maxRows = 500

type link struct{ Address, Text string }

// page serves the status page. It is made at each request, because the state of the polls changes.
func page(c Config) http.Handler {
	page := template.Must(template.New("page").Option("missingkey=error").Funcs(template.FuncMap{"age": age, "until": until}).Parse(pageTemplate))
	links := []link{{c.TelemetryPath, "Metrics"}, {"/config", "Configuration"}, {organizationsPath, "Service discovery"}, {"/-/healthy", "Health"}, {"/-/ready", "Readiness"}}
	if c.Pprof {
		links = append(links, link{"/debug/pprof/", "Profiles"})
	}
	sum := sha256.Sum256([]byte(pageStyle))
	policy := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " + defaultPolicy
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		polls := c.Status()
		var text bytes.Buffer
		err := page.Execute(&text, map[string]any{
			"Style":   template.CSS(pageStyle), //nolint:gosec // our own style sheet
			"Version": c.Version, "Demo": c.Demo, "Links": links, "Quota": c.Quota(),
			"Accounts": len(polls) > 0 && polls[0].Account != "", // whether they have names
			"Polls":    polls[:min(maxRows, len(polls))], "More": max(len(polls)-maxRows, 0),
		})
		if err != nil {
			level.Error(c.Logger).Log("msg", "the status page cannot be rendered", "err", err)
			respond(w, http.StatusInternalServerError, "The page cannot be rendered; see the log.")
			return
		}
		if w.Header().Get(policyHeader) == defaultPolicy {
			w.Header().Set(policyHeader, policy)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text.Bytes())
	})
}

func age(t time.Time) string {
	if t.IsZero() {
		return "none yet"
	}
	return time.Since(t).Round(time.Second).String() + " old"
}

func until(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if wait := time.Until(t).Round(time.Second); wait > 0 {
		return "in " + wait.String()
	}
	return "now"
}
