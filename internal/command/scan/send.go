package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// clients are those of the account's credentials that may start a scan. Unless write is
// set, not even they can.
func (r *scanRequest) clients(a config.Account, dial command.Dial, write bool) ([]*runzero.Client, error) {
	var clients []*runzero.Client
	for _, credential := range a.Credentials {
		settings := credential.Runzero
		settings.Write = write
		settings.Observer = r
		settings.UserAgent = version.ComponentUserAgent(exporter.Name)
		settings.DialContext = dial
		client, err := runzero.New(settings)
		if err != nil {
			return nil, fmt.Errorf("credential %q: %w", credential.Name, err)
		}
		if client.Kind() != runzero.ExportToken {
			clients = append(clients, client)
		}
	}
	if len(clients) == 0 {
		return nil, errors.New("an export token only reads: to start a scan, hand this command alone an organization token (it begins with OT) or an account credential, " +
			"by --runzero.token-file, RUNZERO_TOKEN or another --config.file, and let the exporter keep its export token")
	}
	return clients, nil
}

// scanEndpoint is what runzero.Client calls the request that starts a scan.
const scanEndpoint = "/org/sites/{id}/scan"

// Responded implements runzero.Observer.
func (r *scanRequest) Responded(e runzero.Exchange) {
	if e.Endpoint == scanEndpoint {
		r.sent.Store(true)
	}
}

// Finished implements runzero.Observer.
func (*scanRequest) Finished(runzero.Exchange) {}

// show prints the request that would be sent.
func (r *scanRequest) show(stdout io.Writer) error {
	body, err := json.Marshal(r.options, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return errors.New("the scan's options are not text in UTF-8")
	}
	path := "/api/v1.0/org/sites/" + url.PathEscape(r.site.ID) + "/scan"
	if r.client.AccountWide() || r.client.Kind() == runzero.UnknownKind && r.organization.ID != "" {
		path += "?" + url.Values{"_oid": {r.organization.ID}}.Encode()
	}
	_, err = fmt.Fprintf(stdout, "Dry run: nothing was started. This would be sent:\n\n%s %s\nContent-Type: application/json\n\n%s\n", http.MethodPut, path, body)
	return err
}

// start starts the scan and tells of its task. It is asked for once: who does not know
// whether a scan has begun must not begin another.
func (r *scanRequest) start(ctx context.Context, stdout io.Writer) error {
	task, err := r.client.StartScan(ctx, r.organization.ID, r.site.ID, r.options)
	answer := (*runzero.Error)(nil)
	switch {
	case err == nil:
		_, err = fmt.Fprintf(stdout, "Started task %s: %q, %s. It is among the tasks of the organization in the console at %s\n",
			collector.Label(task.ID), collector.Label(task.Name), collector.Label(task.Status), r.console)
		return err
	case !r.sent.Load():
		return fmt.Errorf("no scan was started: %w", err)
	case errors.As(err, &answer) && answer.Status < http.StatusInternalServerError:
		return fmt.Errorf("no scan was started: %s", refusal(answer))
	}
	return fmt.Errorf("%w; whether the scan was started is not known, and it was not tried again: before you do, look whether it is among the tasks of the organization in the console at %s", err, r.console)
}

// refusal is what the console said to the scan, and what to do about that.
func refusal(answer *runzero.Error) string {
	if slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity}, answer.Status) {
		return fmt.Sprintf("%v; check the flags of this command, --option among them", answer)
	}
	return command.Advised(answer)
}
