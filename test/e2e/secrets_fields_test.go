//go:build e2e

package e2e

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// way is a way to give a credential, and what else may be secret beside it.
type way struct {
	env, args []string
	// web is what --web.config.file holds, and header what to ask with then.
	web    string
	header []string
	// file is what --config.file holds, and scan what scan takes beside.
	file string
	scan []string
	sent []string // secrets that must have come to the console or the proxy
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// ways are all there are.
func ways(t *testing.T, p *planted, g *gate) map[string]way {
	t.Helper()
	account := func(place string) string { return g.token(p.secret("CT", place), g.console.AccountToken()) }
	client := func(place string) string {
		secret := p.secret("", "client secret "+place)
		g.access[secret] = account("access token " + place)
		return secret
	}
	all := map[string]way{}
	for kind, simulated := range map[string]string{"ET": g.console.ExportToken(0), "OT": g.console.OrganizationToken(0), "CT": g.console.AccountToken()} {
		token := g.token(p.secret(kind, "environment "+kind), simulated)
		all["RUNZERO_TOKEN "+kind] = way{env: []string{"RUNZERO_TOKEN=" + token}, sent: []string{token}}
	}
	token := account("file of --runzero.token-file")
	all["--runzero.token-file"] = way{args: []string{"--runzero.token-file=" + writeFile(t, "token", token+"\n")}, sent: []string{token}}
	secret := client("in the file of --runzero.client-secret-file")
	all["--runzero.client-secret-file"] = way{
		args: []string{"--runzero.client-id=id", "--runzero.client-secret-file=" + writeFile(t, "secret", secret+"\n")},
		sent: []string{secret, g.access[secret]},
	}
	file := fileWay(t, p, g, account, client)
	file.web = "basic_auth_users:\n  prometheus: " + p.add("basic_auth_users", passwordHash) + "\n"
	file.header = []string{"Authorization", basic("prometheus", p.add("password", "correct horse"))}
	all["--config.file"] = file
	return all
}

// fileWay is the file with every key that a secret may stand in.
func fileWay(t *testing.T, p *planted, g *gate, account, client func(string) string) way {
	t.Helper()
	tunnel := startTunnel(t, g)
	certificate, keyFile, _ := selfSigned(t)
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	p.add("tls_config.key", strings.Join(strings.Split(string(key), "\n")[1:3], ""))
	block := "|\n        " + strings.ReplaceAll(strings.TrimSpace(string(key)), "\n", "\n        ")
	inline, filed := account("credentials"), account("credentials_file")
	clientInline, clientFiled := client("inline"), client("filed")
	param := p.secret("", "endpoint_params")
	header, headerFile, login, login2, tunnelHeader := p.secret("", "http_headers secrets"), p.secret("", "http_headers files"), p.secret("", "proxy_url password"), p.secret("", "proxy_url user"), p.secret("", "proxy_connect_header")
	environment := p.secret("", "HTTPS_PROXY")
	w := way{
		env:  []string{"HTTPS_PROXY=http://ann:" + environment + "@" + tunnel},
		scan: []string{"--account=inline"},
		sent: []string{
			inline, filed, clientInline, clientFiled, g.access[clientInline], g.access[clientFiled], param, header, headerFile, tunnelHeader, "a certificate",
			"proxy " + basic("ann", login), "proxy " + basic(login2, ""), "proxy " + basic("ann", environment),
		},
	}
	behind := "\n    tls_config: {ca_file: " + g.ca + "}"
	var text strings.Builder
	text.WriteString("queries: [{name: servers, of: assets, search: 'type:server'}]\naccounts:\n")
	for name, c := range map[string]struct{ url, credential string }{
		"inline":       {g.url, "authorization: {credentials: " + inline + "}"},
		"filed":        {g.url, "authorization: {credentials_file: " + writeFile(t, "token", filed) + "}"},
		"client":       {g.url, "oauth2: {client_id: id, client_secret: " + clientInline + ", endpoint_params: {resource: " + param + "}}"},
		"client-filed": {g.url, "oauth2: {client_id: id, client_secret_file: " + writeFile(t, "secret", clientFiled) + "}"},
		"headers":      {g.url, "authorization: {credentials: " + account("headers") + "}\n    http_headers: {X-Gate: {secrets: [" + header + "]}, X-File: {files: [" + writeFile(t, "header", headerFile) + "]}}"},
		"proxy": {"https://example.com", "authorization: {credentials: " + account("proxy") + "}\n    proxy_url: http://ann:" + login + "@" + tunnel +
			"\n    proxy_connect_header: {X-Tunnel: [" + tunnelHeader + "]}" + behind},
		"proxy-user":  {"https://example.com", "authorization: {credentials: " + account("proxy-user") + "}\n    proxy_url: http://" + login2 + "@" + tunnel + behind},
		"environment": {"https://example.com", "authorization: {credentials: " + account("environment") + "}" + behind},
		"certificate": {"https://" + g.secured, "authorization: {credentials: " + account("certificate") + "}\n    tls_config:\n      ca_file: " + g.ca + "\n      cert_file: " + certificate + "\n      key: " + block},
	} {
		fmt.Fprintf(&text, "- name: %s\n  url: %s\n  credentials:\n  - name: only\n    %s\n", name, c.url, c.credential)
	}
	w.file = text.String()
	return w
}

// Whichever way a credential is given, nothing that the program writes or answers tells
// it, nor what the console plants in its answers: names of people, addresses, other
// tokens.
func TestNoFieldTellsItsSecret(t *testing.T) {
	p, g := newPlanted(), startGate(t)
	for name, w := range ways(t, p, g) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := filepath.Join(t.TempDir(), "cache")
			args := append([]string{"--log.level=debug"}, w.args...)
			args = append(args, everything()...)
			if w.file == "" {
				args = append(args, "--runzero.url="+g.url)
			} else {
				args = append(args, "--config.file="+writeFile(t, "config.yml", w.file))
			}
			if w.web != "" {
				args = append(args, "--web.config.file="+writeFile(t, "web.yml", w.web))
			}
			texts := served(t, w, g, append([]string{anyPort, "--cache.dir=" + cache, "--cache.interval=2s", "--web.enable-pprof", "--web.enable-lifecycle"}, args...))
			maps.Copy(texts, kept(t, cache))
			maps.Copy(texts, commands(t, w, args))
			for _, secret := range w.sent {
				if !g.came(secret) {
					t.Errorf("%.12s… was never sent, which proves nothing", secret)
				}
			}
			p.unseen(t, texts)
			hidden(t, map[string]string{"what was planted": "PLANTED", "a planted address": "10.66.6.66"}, texts)
		})
	}
}

// served is what the exporter tells while it serves, reloads and crashes in the middle of
// its polls.
func served(t *testing.T, w way, g *gate, args []string) map[string]string {
	t.Helper()
	serve := start(t, append([]string{"GOTRACEBACK=all"}, w.env...), args...)
	base := serve.url()
	eventually(t, func() error {
		a, err := ask(client, http.MethodGet, base+"/-/ready", w.header...)
		if err == nil && a.code != http.StatusOK {
			err = fmt.Errorf("%d: %s", a.code, tail(serve.stderr.String()))
		}
		return errors.Join(err, serve.running())
	})
	texts := pages(t, base, w.header...)
	reload := func(code int) {
		t.Helper()
		a, err := ask(client, http.MethodPost, base+"/-/reload", w.header...)
		if err != nil || a.code != code {
			t.Errorf("reloading: %d, %v: %s", a.code, err, a.body)
		}
		texts["/-/reload"] += string(a.body)
	}
	reload(http.StatusOK)
	if w.file != "" {
		breakFiles(t, w, args, reload)
		a, err := ask(client, http.MethodGet, base+"/config", "Authorization", strings.Replace(w.header[1], "Basic ", "Basic x", 1))
		if err != nil || a.code != http.StatusUnauthorized {
			t.Errorf("a wrong password: %d, %v", a.code, err)
		}
		texts["the page for a wrong password"] = string(a.body)
	}
	// In the middle of a poll the token is in some goroutine's hands.
	g.stall(true, w.sent...)
	defer g.stall(false, w.sent...)
	eventually(t, func() error {
		if !slices.ContainsFunc(w.sent, func(token string) bool { return g.came("stalled " + token) }) {
			return errors.New("no poll is under way")
		}
		return nil
	})
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", serve.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	texts["the command line"] = string(commandLine)
	serve.signal(syscall.SIGQUIT)
	serve.exitCode(soon)
	texts["the log and the stacks"] = serve.stderr.String() + serve.stdout.String()
	if n := strings.Count(texts["the log and the stacks"], "\ngoroutine "); n < 5 {
		t.Errorf("there are stacks of %d goroutines", n)
	}
	return texts
}

// breakFiles puts secrets into wrong places of the files while they are in use.
func breakFiles(t *testing.T, w way, args []string, reload func(code int)) {
	t.Helper()
	find := func(flag string) string {
		i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, flag) })
		return strings.TrimPrefix(args[i], flag)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := find("--config.file=")
	token := w.sent[0]
	for _, text := range []string{
		token, token + ": {}", "- " + token, "accounts: " + token, "accounts: *" + token, "accounts: !" + token + " a", "accounts: [" + token, "accounts:\n\t" + token,
		"accounts:\n- name: " + token + " " + token, "accounts:\n- name: a\n  url: https://ann:" + token + "@console.example.com\n  credentials: []",
		"accounts:\n- name: a\n  credentials:\n  - authorization: {credentials: '" + token + " " + token + "'}",
		"accounts:\n- name: a\n  credentials:\n  - authorization: {credentials_file: " + token + "}",
		"accounts:\n- name: a\n  credentials:\n  - oauth2: {client_id: id, client_secret_file: " + w.sent[2] + "}",
		"accounts:\n- name: a\n  credentials:\n  - authorization: [" + token + "]", "accounts:\n- name: a\n  credentials:\n  - proxy_url: 'http://ann:" + token + "@h:x'",
	} {
		write(path, text)
		reload(http.StatusInternalServerError)
	}
	write(path, w.file)
	reload(http.StatusOK)

	web := find("--web.config.file=")
	for _, text := range []string{"basic_auth_users: '" + passwordHash + "'", passwordHash + ": a", "basic_auth_users: {a: *" + strings.Trim(passwordHash, "$") + "}"} {
		write(web, text)
		reload(http.StatusInternalServerError)
	}
	write(web, w.web)
	reload(http.StatusOK)
}

// commands is what the other commands tell.
func commands(t *testing.T, w way, args []string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	scan := append([]string{"scan", "--runzero.organization=Brightwater Clinics", "--site=Headquarters", "--hosted-zone=auto"}, w.scan...)
	for _, command := range [][]string{
		{"once", "--log.format=json"}, {"plan", "--limit=100"}, {"plan"}, {"check"}, {"check", "--show-config"}, append(slices.Clone(scan), "--dry-run"), scan,
	} {
		p := start(t, w.env, append(slices.Clone(command), args...)...)
		if code := p.exitCode(soon); code != 0 && code != 1 {
			t.Errorf("%s: the exit code is %d", command, code)
		}
		texts[strings.Join(command, " ")] = p.stdout.String() + p.stderr.String()
	}
	return texts
}
