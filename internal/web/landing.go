package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/log/level"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/internal/poller"
)

// table escapes what it shows: names of organizations and words of the console are
// strangers'.
const table = `{{if .Demo}}<p><strong>Demo:</strong> this is a simulated console; nothing here is real.</p>
{{end}}<h2>Quota</h2>
{{range .Quota}}<p>{{.}}</p>
{{end}}<h2>Polls</h2>
<p>Scrapes are answered from memory and cause no call. This is how old the answers are.</p>
<table>
<tr>{{if .Accounts}}<th>Account</th>{{end}}<th>Organization</th><th>Collector</th><th>State</th><th>Answer</th><th>Next poll</th><th></th></tr>
{{range .Jobs}}<tr>{{if $.Accounts}}<td>{{.Account}}</td>{{end}}<td>{{.Organization}}</td><td>{{.Collector}}</td><td>{{.State}}</td><td>{{age .LastSuccess}}</td><td>{{until .Next}}</td><td>{{.Problem}}</td></tr>
{{end}}</table>
{{if .More}}<p>And {{.More}} more; runzero_collector_success tells of all.</p>{{end}}
`

const tableStyle = `table{border-collapse:collapse}th,td{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}`

// rowsMost keeps the page of an account with hundreds of organizations readable.
const rowsMost = 500

// landing is the page at /. It is exporter-toolkit's, made at each request because
// what it tells of the polls changes.
func landing(c Config) http.Handler {
	jobs := template.Must(template.New("jobs").Funcs(template.FuncMap{"age": age, "until": until}).Parse(table))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := c.Status()
		var extra strings.Builder
		err := jobs.Execute(&extra, struct {
			Demo     bool
			Accounts bool // whether they have names
			Quota    []string
			Jobs     []*poller.Status
			More     int
		}{c.Demo, len(status) > 0 && status[0].Account != "", c.Quota(), status[:min(rowsMost, len(status))], max(len(status)-rowsMost, 0)})
		if err != nil {
			level.Error(c.Logger).Log("msg", "the landing page cannot be made", "err", err)
			say(w, http.StatusInternalServerError, "The page cannot be made; see the log.")
			return
		}
		links := []toolkit.LandingLinks{
			{Address: strings.TrimPrefix(c.TelemetryPath, "/"), Text: "Metrics"},
			{Address: "config", Text: "Configuration"},
			{Address: "-/healthy", Text: "Health"},
			{Address: "-/ready", Text: "Readiness"},
		}
		page, err := toolkit.NewLandingPage(toolkit.LandingConfig{
			Name:        "runzero_exporter",
			Description: "Prometheus exporter for runZero",
			Version:     c.Version,
			Links:       links,
			ExtraHTML:   extra.String(),
			ExtraCSS:    tableStyle,
			Profiling:   fmt.Sprint(c.Pprof),
		})
		if err != nil {
			level.Error(c.Logger).Log("msg", "the landing page cannot be made", "err", err)
			say(w, http.StatusInternalServerError, "The page cannot be made; see the log.")
			return
		}
		page.ServeHTTP(styled{w}, r)
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
