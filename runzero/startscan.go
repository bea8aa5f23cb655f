package runzero

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

// scanEndpoint is what StartScan's requests are called, whatever the site.
const scanEndpoint = "/org/sites/{id}/scan"

var (
	errScanToken = errors.New("an export token only reads: to start a scan, pass an organization token (it begins with OT) or an account credential")
	errScanSite  = errors.New("the site to scan has no usable id: write it as the console shows it")
)

// StartScan starts a scan of a site, or schedules one where the options say so, and
// returns its task. The options are runZero's own, such as targets, scan-name and rate,
// and one of explorer, explorer-group-id and hosted-zone-name; they are sent as they
// are. It needs Config.Write and an organization token or an account credential. The
// request is sent once and no more: an error does not always mean that no scan began.
func (c *Client) StartScan(ctx context.Context, organizationID, siteID string, options map[string]string) (Task, error) {
	ctx, cancel := context.WithTimeout(withEndpoint(ctx, scanEndpoint), c.timeout)
	defer cancel()
	request, err := c.scanRequest(ctx, organizationID, siteID, options)
	if err != nil {
		return Task{}, requestError(scanEndpoint, err)
	}
	// A redirect would have the scan started elsewhere, or turn into asking for it.
	client := *c.private
	client.CheckRedirect = redirects(false)
	var task Task
	err = c.send(&client, scanEndpoint, request, c.object(scanEndpoint, task.set))
	switch {
	case err != nil:
		return Task{}, err
	case task.ID == "":
		return Task{}, &BodyError{Endpoint: scanEndpoint, Err: ErrNotRecord}
	case foreign(task.OrganizationID, organizationID):
		return Task{}, &BodyError{Endpoint: scanEndpoint, Err: ErrWrongOrganization}
	}
	return task, nil
}

// scanRequest checks what can be checked without asking.
func (c *Client) scanRequest(ctx context.Context, organizationID, siteID string, options map[string]string) (*http.Request, error) {
	if c.Kind() == ExportToken {
		return nil, errScanToken
	}
	if strings.Trim(siteID, ". ") == "" {
		return nil, errScanSite
	}
	query, err := c.organizationQuery(organizationID)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(options, json.Deterministic(true))
	if err != nil {
		return nil, errors.New("the scan's options are not text in UTF-8")
	}
	u := c.endpointURL("/org/sites", query).JoinPath(url.PathEscape(siteID), "scan")
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}
