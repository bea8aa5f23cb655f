//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero"
	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// hidden insists that none of the texts holds one of the secrets.
func hidden(t *testing.T, secrets, texts map[string]string) {
	t.Helper()
	for what, text := range texts {
		if text == "" {
			t.Errorf("%s is empty, which proves nothing", what)
		}
		for name, secret := range secrets {
			at := strings.Index(text, secret)
			if at < 0 {
				continue
			}
			line := text[strings.LastIndexByte(text[:at], '\n')+1:]
			line, _, _ = strings.Cut(line, "\n")
			t.Errorf("%s holds %s: %s", what, name, strings.ReplaceAll(line, secret, "[...]"))
		}
	}
}

// A server that repeats the credential in its errors does not get it shown.
func TestEchoedSecretsStayHidden(t *testing.T) {
	console, address, _ := serveConsole(t)
	id, clientSecret := console.Client()
	const foreign = "OT0123456789ABCDEF0123456789ABCDEF"
	for name, use := range map[string]struct {
		secret, path string
		env, args    []string
	}{
		"token":         {console.AccountToken(), "/account/orgs", []string{"RUNZERO_TOKEN=" + console.AccountToken()}, nil},
		"OAuth2 client": {clientSecret, runzero.TokenEndpoint, nil, []string{"--runzero.client-id=" + id, "--runzero.client-secret-file=" + writeFile(t, "secret", clientSecret)}},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"error":"bad credential %s, try %s","detail":"Authorization: Bearer %s"}`, use.secret, foreign, use.secret)
			defer console.Inject(simulator.Fault{Path: use.path, Status: http.StatusUnauthorized, Body: &body})()
			p := start(t, use.env, append([]string{anyPort, "--log.level=debug", "--runzero.url=" + address}, use.args...)...)
			base := p.url()
			p.find(&p.stderr, `^(.*level=error.*collector=discovery.*)$`)
			page := get(t, base+"/").body
			if !bytes.Contains(page, []byte("bad credential")) {
				t.Errorf("the page does not show what the console said: %s", tail(string(page)))
			}
			hidden(t, map[string]string{"the secret": use.secret, "another token": foreign},
				map[string]string{"the log": p.stderr.String(), "/metrics": string(get(t, base+"/metrics").body), "/": string(page)})
		})
	}
}
