//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

// Whatever the credential, neither it nor what the console plants in its answers
// (names of people, addresses, other tokens) is shown anywhere.
func TestSecretsStayHidden(t *testing.T) {
	console := startConsole(t)
	seen := startProxy(t, console.url)
	id, clientSecret := console.twin.Client()
	token := console.twin.AccountToken()
	for name, use := range map[string]struct{ env, args []string }{
		"token in the environment": {[]string{"RUNZERO_TOKEN=" + token}, nil},
		"token file":               {nil, []string{"--runzero.token-file=" + writeFile(t, "token", token+"\n")}},
		"organization token":       {[]string{"RUNZERO_TOKEN=" + console.twin.OrganizationToken(0)}, nil},
		"export token":             {[]string{"RUNZERO_TOKEN=" + console.twin.ExportToken(0)}, nil},
		"OAuth2 client":            {nil, []string{"--runzero.client-id=" + id, "--runzero.client-secret-file=" + writeFile(t, "secret", clientSecret+"\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			secrets := map[string]string{
				"the account token": token, "the organization token": console.twin.OrganizationToken(0),
				"the export token": console.twin.ExportToken(0), "the client's secret": clientSecret,
				"what was planted": "PLANTED", "a planted address": "10.66.6.66",
			}
			cache := t.TempDir()
			args := slices.Concat([]string{"--log.level=debug", "--cache.dir=" + cache, "--runzero.url=" + seen.URL}, everything(), use.args)
			p, base := startReady(t, use.env, args...)
			texts := map[string]string{
				"/metrics": string(get(t, base+"/metrics").body),
				"/":        string(get(t, base+"/").body),
				"/config":  string(get(t, base+"/config").body),
			}
			ends(t, p, stopSignal)
			files, err := filepath.Glob(filepath.Join(cache, "*"))
			if err != nil || len(files) < 5 {
				t.Fatalf("files %v, %v", files, err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				texts[filepath.Base(file)] = string(text)
			}
			texts["the log"] = p.stderr.String() + p.stdout.String()
			once := start(t, use.env, append([]string{"once"}, args...)...)
			if code := once.exitCode(soon); code != 0 {
				t.Errorf("once: the exit code is %d", code)
			}
			texts["what once prints"], texts["what once logs"] = once.stdout.String(), "log: "+once.stderr.String()
			hidden(t, secrets, texts)
		})
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
