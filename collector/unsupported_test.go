package collector

import (
	"errors"
	"strings"
	"testing"
)

// wrongKind is what consoles answer to a token of another kind than the endpoint takes.
const wrongKind = `{"error":"invalid organization token: invalid account API key","possible_token_types":["client"],"provided_token_type":"organization"}`

// What a credential or a licence does not reach is not asked for again and again, and
// the error says what would reach it. A token that was revoked is another matter.
func TestWhatIsNotReachedIsUnsupported(t *testing.T) {
	type form struct {
		name, path, token string
		collector         Collector
		poll              Poll
		needs             string // in the sentence
	}
	forms := []form{
		{"explorers", explorersPath, organizationToken, made(t, "explorers", defaults()), Poll{}, "organization token"},
		{"organizations", organizationPath, organizationToken, made(t, "organizations", defaults()), Poll{}, "organization token"},
		{"hosted zones", hostedZonesPath, organizationToken, made(t, "hosted_zones", defaults()), Poll{Organizations: account()}, "hosted zones"},
		{"license", licensePath, accountToken, made(t, "license", defaults()), Poll{Organizations: account()}, "account credential"},
		{"sites of an account", accountSitesPath, accountToken, wide(t, "sites"), Poll{Organizations: account()}, "account credential"},
		{"Explorers of an account", accountExplorersPath, accountToken, wide(t, "explorers"), Poll{Organizations: account()}, "account credential"},
	}
	for _, test := range []struct {
		name        string
		token       string // empty: the form's
		answer      answer
		unsupported bool
	}{
		{"the licence is too small", "", answer{status: 403, body: `{"error":"not allowed"}`}, true},
		{"the console does not have it", "", answer{status: 404, body: `404: Not Found`}, true},
		{"the token is of the wrong kind", "", answer{status: 401, body: wrongKind}, true},
		{"and on other consoles", "", answer{status: 400, body: wrongKind}, true},
		{"the token was revoked", "", answer{status: 401, body: `{"error":"unauthorized"}`}, false},
		{"nobody knows what kind the token is", "0123456789abcdef0123456789abcdef", answer{status: 401, body: `{"error":"unauthorized"}`}, true},
		{"the console fails", "", answer{status: 500}, false},
		{"too many requests", "", answer{status: 429}, false},
		{"the answer breaks off", "", answer{body: `{"id":"` + acmeID + `","organization_id":"` + acmeID + `","na`, cut: true}, false},
		{"a login page", "", answer{body: `<html>`}, false},
	} {
		for _, form := range forms {
			t.Run(form.name+"/"+test.name, func(t *testing.T) {
				token := form.token
				if test.token != "" {
					token = test.token
				}
				poll := form.poll
				poll.API = serve(t, token, answers{form.path: test.answer})
				s, err := try(t, form.collector, nil, poll)
				if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported {
					t.Fatalf("error is %v, want unsupported %v", err, test.unsupported)
				}
				if test.unsupported && !strings.Contains(err.Error(), form.needs) {
					t.Errorf("%v: does not say what is needed", err)
				}
				if s.Families != nil || s.Sites != nil {
					t.Error("there is a snapshot")
				}
			})
		}
	}
}

// Not every console has these exports. What refuses the token refuses it for all exports.
func TestExportsThatAreOffMayNotBeSupported(t *testing.T) {
	for name, path := range map[string]string{
		"findings": findingsPath, "wireless": wirelessPath, "directory": usersPath, "certificates": certificatesPath,
		"services": servicesPath, "software": softwarePath, "vulnerabilities": vulnerabilitiesPath,
	} {
		for _, test := range []struct {
			answer      answer
			unsupported bool
		}{
			{answer{status: 404, body: `404: Not Found`}, true},
			{answer{status: 403, body: `{"error":"not allowed"}`}, true},
			{answer{status: 401, body: `{"error":"unauthorized"}`}, false},
			{answer{status: 500}, false},
		} {
			for _, token := range []string{exportToken, "0123456789abcdef0123456789abcdef"} {
				_, err := try(t, made(t, name, defaults()), nil, Poll{API: serve(t, token, answers{path: test.answer})})
				if err == nil || errors.Is(err, ErrUnsupported) != test.unsupported || test.unsupported && !strings.Contains(err.Error(), needsExport) {
					t.Errorf("%s, %d: error is %v, want unsupported %v", name, test.answer.status, err, test.unsupported)
				}
			}
		}
	}
}

// An organization that cannot export its sites and assets has nothing to be told.
func TestExportsAreNeverUnsupported(t *testing.T) {
	for name, path := range map[string]string{"assets": assetsPath, "sites": sitesPath} {
		for _, status := range []int{400, 401, 403, 404} {
			if _, err := try(t, made(t, name, defaults()), answers{path: {status: status, body: wrongKind}}, Poll{}); err == nil || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s, %d: error is %v", name, status, err)
			}
		}
	}
}
