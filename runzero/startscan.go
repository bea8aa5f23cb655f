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

// scanEndpoint is the endpoint of StartScan in errors and exchanges, for all sites.
const scanEndpoint = "/org/sites/{id}/scan"

var (
	errScanToken = errors.New("an export token can only read: to start a scan, use an organization token (it begins with OT) or an account credential")
	errScanSite  = errors.New("the id of the site to scan is invalid: write it as the console shows it")
)

// StartScan starts a scan of a site, or schedules one if the options say so, and returns its task. The options are
// runZero's own, such as targets, scan-name and rate, and one of explorer, explorer-group-id and hosted-zone-name;
// they are sent unchanged. It needs Config.Write and an organization token or an account credential. The request is
// sent only once: after an error, the scan may have started all the same.
func (c *Client) StartScan(ctx context.Context, organizationID, siteID string, options map[string]string) (Task, error) {
	ctx, cancel := context.WithTimeout(withEndpoint(ctx, scanEndpoint), c.timeout)
	defer cancel()
	request, err := c.scanRequest(ctx, organizationID, siteID, options)
	if err != nil {
		return Task{}, requestError(scanEndpoint, err)
	}
	// A redirect would start the scan elsewhere, or turn the PUT into a GET.
	client := *c.private
	client.CheckRedirect = checkRedirect(false)
	var task Task
	err = c.send(&client, scanEndpoint, request, parseObject(scanEndpoint, task.fields()))
	switch {
	case err != nil:
		return Task{}, err
	case task.ID == "":
		return Task{}, &BodyError{Endpoint: scanEndpoint, Err: ErrNotRecord}
	case ofAnother(task.OrganizationID, organizationID):
		return Task{}, &BodyError{Endpoint: scanEndpoint, Err: ErrWrongOrganization}
	}
	return task, nil
}

// scanRequest checks what can be checked without sending the request.
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
		return nil, errors.New("the scan's options are not valid UTF-8")
	}
	u := c.endpointURL("/org/sites", query).JoinPath(url.PathEscape(siteID), "scan")
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}
