package runzero_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func TestRefused(t *testing.T) {
	const (
		wrongKind = `{"error":"invalid organization token: invalid account API key","possible_token_types":["client"],"provided_token_type":"organization"}`
		problem   = `{"title":"Unauthorized","status":401,"detail":"missing API key"}`
		licence   = `{"detail":"NotAllowedForLicense","error":"request failed","status":"error","title":"request failed"}`
	)
	known := []runzero.Kind{runzero.ExportToken, runzero.OrganizationToken, runzero.AccountCredential}
	for _, c := range []struct {
		status         int
		body           string
		known, unknown bool // kind of token
	}{
		{400, wrongKind, true, true},
		{401, wrongKind, true, true},
		{400, problem, false, true},
		{401, problem, false, true},
		{401, `{"error":"unauthorized"}`, false, true},
		{401, `{"error":"x","possible_token_types":null}`, false, true},
		{401, `Invalid API Key for Organization`, false, true},
		{401, ``, false, false},
		{401, `<html>Sign in</html>`, false, false},
		{403, licence, true, true},
		{403, ``, false, false},
		{403, `{"message":"Forbidden"}`, false, false},
		{404, `404: Not Found`, true, true},
		{404, `404 page not found`, false, false},
		{402, wrongKind, false, false},
		{422, problem, false, false},
		{429, wrongKind, false, false},
		{500, wrongKind, false, false},
	} {
		err := error(refusal(t, answer(c.status, "application/json", c.body), runzero.Config{}))
		err = fmt.Errorf("sites: %w", err)
		for _, kind := range known {
			if got := runzero.Refused(err, kind); got != c.known {
				t.Errorf("%d %.40s of an %s: %t, want %t", c.status, c.body, kind, got, c.known)
			}
		}
		if got := runzero.Refused(err, runzero.UnknownKind); got != c.unknown {
			t.Errorf("%d %.40s of an unknown token: %t, want %t", c.status, c.body, got, c.unknown)
		}
	}
	_, page := readSites(t, answer(http.StatusOK, "text/html", "<html>403"), runzero.Config{})
	noClient := &runzero.Error{Endpoint: runzero.TokenEndpoint, Status: http.StatusNotFound, API: true} // as seen for an unknown client id
	for _, err := range []error{nil, context.Canceled, errors.New("403"), page, noClient} {
		if runzero.Refused(err, runzero.UnknownKind) {
			t.Errorf("%v: refused, want not", err)
		}
	}
}
