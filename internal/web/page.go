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
	//go:embed page.js
	pageScript string
)

type link struct{ Address, Text string }

// page serves the status page. It is made at each request, because the state of the polls changes.
func page(c Config) http.Handler {
	page := template.Must(template.New("page").Option("missingkey=error").Funcs(template.FuncMap{
		"count": count, "plural": plural, "natural": natural, "marks": marks,
	}).Parse(pageTemplate))
	policy := "style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; connect-src 'self'; " + defaultPolicy
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var text bytes.Buffer
		shown := newView(c, time.Now(), r.URL.Query()["organization"])
		if err := page.Execute(&text, shown); err != nil {
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

// hash permits a style or a script by its contents.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// links lead to what else there is to see.
func (c Config) links() []link {
	links := []link{{c.TelemetryPath, "Metrics"}, {statusPath, "Status as JSON"}, {"/config", "Configuration"}, {organizationsPath, "Service discovery"}}
	if c.GrafanaURL != "" {
		for _, d := range []link{{"runzero-exporter", "Exporter"}, {"runzero-inventory", "Inventory"}, {"runzero-scans", "Scans"}, {"runzero-organization", "One organization"}} {
			links = append(links, link{c.GrafanaURL + "/d/" + d.Address, "Dashboard: " + d.Text})
		}
	}
	links = append(links, link{runbooks, "Runbooks"})
	if c.Pprof {
		links = append(links, link{"/debug/pprof/", "Profiles"})
	}
	return links
}

const runbooks = "https://github.com/runzero-exporter/runzero_exporter/blob/main/docs/runbooks.md"
