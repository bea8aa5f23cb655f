package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/common/version"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/command"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/internal/exporter"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// clients makes a client of each credential whose scope may be sufficient. They can start scans only if write is set.
func (r *request) clients(a config.Account, dial command.Dial, write bool) ([]*runzero.Client, error) {
	var clients []*runzero.Client
	for _, credential := range a.Credentials {
		settings := credential.Runzero
		settings.Write, settings.Observer, settings.DialContext = write, r, dial
		settings.UserAgent = version.ComponentUserAgent(exporter.Name)
		client, err := runzero.New(settings)
		if err != nil {
			return nil, fmt.Errorf("credential %q: %w", credential.Name, err)
		}
		if client.Kind() != runzero.ExportToken {
			clients = append(clients, client)
		}
	}
	if len(clients) == 0 {
		return nil, errors.New("an export token can only read: to start a scan, give this command an organization token (it begins with OT) or an account credential " +
			"with --runzero.token-file, RUNZERO_TOKEN or another --config.file, and leave the exporter its export token")
	}
	return clients, nil
}

// Responded implements runzero.Observer.
func (r *request) Responded(e runzero.Exchange) {
	if e.Endpoint == "/org/sites/{id}/scan" && e.Written { // that of runzero.Client.StartScan
		r.sent.Store(true)
	}
}

// Finished implements runzero.Observer.
func (*request) Finished(runzero.Exchange) {}

// show prints the request without sending it.
func (r *request) show(stdout io.Writer) error {
	body, err := json.Marshal(r.options, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return errors.New("the scan's options are not valid UTF-8")
	}
	path := "/api/v1.0/org/sites/" + url.PathEscape(r.site.ID) + "/scan"
	if r.client.AccountWide() || r.client.Kind() == runzero.UnknownKind && r.organization.ID != "" {
		path += "?" + url.Values{"_oid": {r.organization.ID}}.Encode()
	}
	_, err = fmt.Fprintf(stdout, "Dry run: no scan was started. This request would start it:\n\n%s %s\nContent-Type: application/json\n\n%s\n", http.MethodPut, path, body)
	return err
}

// start sends the request and prints the task. It never repeats the request: that could start a second scan.
func (r *request) start(ctx context.Context, stdout io.Writer) error {
	task, err := r.client.StartScan(ctx, r.organization.ID, r.site.ID, r.options)
	if err == nil {
		_, err = fmt.Fprintf(stdout, "Started task %s: %q, %s. The console at %s lists it among the tasks of the organization.\n",
			collector.Label(task.ID), collector.Label(task.Name), collector.Label(task.Status), r.console)
		return err
	}
	if !r.sent.Load() {
		return fmt.Errorf("no scan was started: %s", command.Advised(err))
	}
	response, refused := errors.AsType[*runzero.Error](err)
	switch {
	case !refused || response.Status >= http.StatusInternalServerError:
		return fmt.Errorf("%w; it is unknown whether the scan was started, and the request was not repeated: before you try again, "+
			"look for the scan among the tasks of the organization in the console at %s", err, r.console)
	case slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity}, response.Status):
		return fmt.Errorf("no scan was started: %w; check the flags of this command, in particular --option", response)
	}
	return fmt.Errorf("no scan was started: %s", command.Advised(response))
}
