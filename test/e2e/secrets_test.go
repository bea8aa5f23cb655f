//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// row is how many letters and digits of a secret in a row reveal too much.
const row = 12

// secrets are all different, so that one that is revealed shows where it comes from.
type secrets map[string]string // the place of a secret, by each row of its spellings

// plant makes the secret of a place.
func (s secrets) plant(prefix, place string) string {
	sum := sha256.Sum256([]byte(place))
	return s.add(place, prefix+base32.StdEncoding.EncodeToString(sum[:20]))
}

func (s secrets) add(place, secret string) string {
	for _, spelling := range spellings(secret) {
		letters := lettersAndDigits(spelling)
		for i := 0; i+row <= len(letters); i++ {
			s[letters[i:i+row]] = place
		}
	}
	return secret
}

// requireHidden requires that no text shows a secret in any spelling, or what the simulated
// console plants in its responses: names of people, addresses, other tokens. The cached file of a discovery has addresses.
func (s secrets) requireHidden(t *testing.T, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		if text == "" {
			t.Errorf("%s is empty, which proves nothing", name)
		}
		reported, letters := map[string]bool{}, lettersAndDigits(text)
		for i := 0; i+row <= len(letters); i++ {
			if place, found := s[letters[i:i+row]]; found && !reported[place] {
				reported[place] = true
				t.Errorf("%s shows the secret of %s: %s", name, place, letters[i:i+row])
			}
		}
		if planted := simulator.Planted(text); planted != "" && !strings.Contains(name, "-discovery-servers-") {
			_, after, _ := strings.Cut(text, planted)
			t.Errorf("%s shows %s%.40s", name, planted, after)
		}
	}
}

func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// spellings are the ways in which a server may repeat what it was sent.
func spellings(s string) []string {
	all := []string{s, strings.ToLower(s), fmt.Sprintf("%q", s), s[:len(s)/2] + " … ", " … " + s[len(s)/2:], hex.EncodeToString([]byte(s))}
	for _, each := range []string{"%%%02X", "%%25%02x", `\u%04x`, `\\u%04X`, "&#%d;", "&#x%x;"} {
		var text strings.Builder
		for _, b := range []byte(s) {
			fmt.Fprintf(&text, each, b)
		}
		all = append(all, text.String())
	}
	for _, before := range []string{"", "a", "ab"} {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(before+s)))
	}
	for _, size := range []int{1, 4} {
		var pieces []string
		for piece := range slices.Chunk([]byte(s), size) {
			pieces = append(pieces, string(piece))
		}
		all = append(all, strings.Join(pieces, " "), strings.Join(pieces, "\t"))
	}
	return all
}

// The page of a web server that asks for this password.
const password = "correct horse"

// setting is a way to configure the exporter with secrets.
type setting struct {
	env, args []string
	header    []string // for requests of the exporter's pages
	sent      []string // secrets that must have reached the console, or a proxy
	files     map[string]string
}

// flagSettings are those without a file.
func flagSettings(t *testing.T, s secrets, g *gate) map[string]setting {
	t.Helper()
	environment := g.accept(s.plant("CT", "RUNZERO_TOKEN"), g.console.AccountToken())
	file := g.accept(s.plant("ET", "--runzero.token-file"), g.console.ExportToken(0))
	client := g.acceptClient(s, "--runzero.client-secret-file")
	url := "--runzero.url=" + g.url
	return map[string]setting{
		"RUNZERO_TOKEN":        {env: []string{"RUNZERO_TOKEN=" + environment}, args: []string{url}, sent: []string{environment}},
		"--runzero.token-file": {args: []string{url, "--runzero.token-file=" + writeFile(t, "token", file+"\n")}, sent: []string{file}},
		"--runzero.client-secret-file": {
			args: []string{url, "--runzero.client-id=id", "--runzero.client-secret-file=" + writeFile(t, "secret", client+"\n")}, sent: []string{client, g.access[client]},
		},
	}
}

// configFile is a file with every key that may hold a secret.
func configFile(t *testing.T, s secrets, g *gate) setting {
	t.Helper()
	certificate, keyFile, _ := selfSigned(t)
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	s.add("tls_config.key", strings.Join(strings.Split(string(key), "\n")[1:3], ""))
	s.add("basic_auth_users", passwordHash)
	s.add("the password of the pages", password)
	tunnel, caFile := startTunnel(t, g), "\n    tls_config: {ca_file: "+g.caFile+"}"
	account := func(place string) string { return g.accept(s.plant("CT", place), g.console.AccountToken()) }
	inline, filed, organization := account("credentials"), account("credentials_file"), g.accept(s.plant("OT", "organization token"), g.console.OrganizationToken(0))
	client, clientFiled := g.acceptClient(s, "client_secret"), g.acceptClient(s, "client_secret_file")
	parameter, header, headerFile := s.plant("", "endpoint_params"), s.plant("", "http_headers secrets"), s.plant("", "http_headers files")
	proxyPassword, proxyUser, proxyHeader := s.plant("", "proxy_url password"), s.plant("", "proxy_url user"), s.plant("", "proxy_connect_header")
	environment := s.plant("", "HTTPS_PROXY")
	text := "queries: [{name: servers, of: assets, search: 'type:server'}]\ndiscovery: [{name: servers, search: 'type:server'}]\naccounts:\n"
	for _, c := range []struct{ name, url, credential string }{
		{"inline", g.url, "authorization: {credentials: " + inline + "}"},
		{"filed", g.url, "authorization: {credentials_file: " + writeFile(t, "token", filed) + "}"},
		{"organization", g.url, "authorization: {credentials: " + organization + "}"},
		{"client", g.url, "oauth2: {client_id: id, client_secret: " + client + ", endpoint_params: {resource: " + parameter + "}}"},
		{"client-filed", g.url, "oauth2: {client_id: id, client_secret_file: " + writeFile(t, "secret", clientFiled) + "}"},
		{"headers", g.url, "authorization: {credentials: " + account("headers") + "}\n    http_headers: {X-Gate: {secrets: [" + header + "]}, X-File: {files: [" + writeFile(t, "header", headerFile) + "]}}"},
		{"proxy", "https://example.com", "authorization: {credentials: " + account("proxy") + "}\n    proxy_url: http://ann:" + proxyPassword + "@" + tunnel +
			"\n    proxy_connect_header: {X-Tunnel: [" + proxyHeader + "]}" + caFile},
		{"proxy-user", "https://example.com", "authorization: {credentials: " + account("proxy-user") + "}\n    proxy_url: http://" + proxyUser + "@" + tunnel + caFile},
		{"environment", "https://example.com", "authorization: {credentials: " + account("environment") + "}" + caFile},
		{"certificate", "https://" + g.secured, "authorization: {credentials: " + account("certificate") + "}\n    tls_config:\n      ca_file: " + g.caFile +
			"\n      cert_file: " + certificate + "\n      key: |\n        " + strings.ReplaceAll(strings.TrimSpace(string(key)), "\n", "\n        ")},
	} {
		text += fmt.Sprintf("- name: %s\n  url: %s\n  credentials:\n  - name: only\n    %s\n", c.name, c.url, c.credential)
	}
	web := "basic_auth_users:\n  prometheus: " + passwordHash + "\n"
	config, webConfig := writeFile(t, "config.yml", text), writeFile(t, "web.yml", web)
	return setting{
		env: []string{"HTTPS_PROXY=http://ann:" + environment + "@" + tunnel}, args: []string{"--config.file=" + config, "--web.config.file=" + webConfig},
		header: []string{"Authorization", basic("prometheus", password)},
		sent: []string{
			inline, filed, organization, client, clientFiled, g.access[client], g.access[clientFiled], parameter, header, headerFile, proxyHeader, "a certificate",
			"proxy " + basic("ann", proxyPassword), "proxy " + basic(proxyUser, ""), "proxy " + basic("ann", environment),
		},
		files: map[string]string{config: text, webConfig: web},
	}
}

// However a secret is configured, nothing that the program writes or serves shows it.
func TestSecretsAreNotRevealed(t *testing.T) {
	t.Parallel()
	s, g := secrets{}, startGate(t)
	all := flagSettings(t, s, g)
	all["--config.file"] = configFile(t, s, g)
	for name, w := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := filepath.Join(t.TempDir(), "cache")
			args := append([]string{"--log.level=debug"}, w.args...)
			if len(w.files) == 0 { // so many accounts would reach the burst limit of a console
				args = append(args, everything()...)
			}
			texts := serveAndCrash(t, w, g, append([]string{anyPort, "--cache.dir=" + cache, "--cache.interval=2s", "--web.enable-pprof", "--web.enable-lifecycle"}, args...))
			maps.Copy(texts, privateFiles(t, cache))
			for _, command := range [][]string{
				{"once", "--log.format=json"}, {"plan", "--limit=100"}, {"check"}, {"check", "--show-config"},
				{"scan", "--dry-run", "--runzero.organization=Halvorsen Logistics", "--site=Headquarters", "--hosted-zone=auto", "--targets=example.com"},
			} {
				if command[0] == "scan" && name == "--config.file" {
					command = append(command, "--account=inline")
				}
				p := start(t, w.env, append(slices.Clone(command), args...)...)
				if code := p.exitCode(); code != 0 && code != 1 {
					t.Errorf("%s: the exit code is %d", command, code)
				}
				texts[strings.Join(command, " ")] = p.stdout.String() + p.stderr.String()
			}
			for _, secret := range w.sent {
				if !g.received(secret) {
					t.Errorf("%.12s… was never sent, which proves nothing", secret)
				}
			}
			s.requireHidden(t, texts)
		})
	}
}

// serveAndCrash returns what the exporter writes and serves until it crashes in the middle of a poll.
func serveAndCrash(t *testing.T, w setting, g *gate, args []string) map[string]string {
	t.Helper()
	p := start(t, append([]string{"GOTRACEBACK=all"}, w.env...), args...)
	base := p.url()
	waitForOK(t, p, base+"/-/ready", w.header...)
	texts := pages(t, base, w.header...)
	reload := func(code int) {
		t.Helper()
		r, err := send(client, http.MethodPost, base+"/-/reload", w.header...)
		if err != nil || r.code != code {
			t.Errorf("reload: %d, %v: %s", r.code, err, r.body)
		}
		texts["/-/reload"] += string(r.body)
	}
	reload(http.StatusOK)
	for path, text := range w.files {
		for _, mistake := range misplaced(filepath.Base(path), w.sent[0]) {
			overwrite(t, path, mistake)
			reload(http.StatusInternalServerError)
		}
		overwrite(t, path, text)
		reload(http.StatusOK)
	}
	hanging, resume := g.hang(w.sent)
	defer resume()
	eventually(t, func() error { return errors.Join(p.alive(), closed(hanging)()) })
	commandLine, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGQUIT)
	p.exitCode()
	texts["the command line"], texts["the log and the stacks"] = string(commandLine), p.stderr.String()+p.stdout.String()
	if n := strings.Count(texts["the log and the stacks"], "\ngoroutine "); n < 5 {
		t.Errorf("there are stacks of %d goroutines", n)
	}
	return texts
}

// misplaced are files with a secret in a wrong place.
func misplaced(file, token string) []string {
	if file == "web.yml" {
		return []string{"basic_auth_users: '" + passwordHash + "'", passwordHash + ": a", "basic_auth_users: {a: *" + strings.Trim(passwordHash, "$") + "}"}
	}
	return []string{
		token, token + ": {}", "- " + token, "accounts: " + token, "accounts: *" + token, "accounts: !" + token + " a", "accounts: [" + token, "accounts:\n\t" + token,
		"accounts:\n- name: " + token + " " + token, "accounts:\n- name: a\n  url: https://ann:" + token + "@console.example.com\n  credentials: []",
		"accounts:\n- name: a\n  credentials:\n  - authorization: {credentials: '" + token + " " + token + "'}",
		"accounts:\n- name: a\n  credentials:\n  - authorization: {credentials_file: " + token + "}",
		"accounts:\n- name: a\n  credentials:\n  - oauth2: {client_id: id, client_secret_file: " + token + "}",
		"accounts:\n- name: a\n  credentials:\n  - authorization: [" + token + "]", "accounts:\n- name: a\n  credentials:\n  - proxy_url: 'http://ann:" + token + "@h:x'",
	}
}

// pages is everything that an exporter serves, profiles included.
func pages(t *testing.T, base string, header ...string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	add := func(name, path string, header ...string) {
		t.Helper()
		r, err := send(client, http.MethodGet, base+path, header...)
		if err != nil {
			t.Fatal(err)
		}
		if r.code != http.StatusOK && path != "/-/ready" {
			t.Errorf("%s: %d: %s", path, r.code, tail(string(r.body)))
		}
		if unzipped, err := gzip.NewReader(bytes.NewReader(r.body)); err == nil {
			if r.body, err = io.ReadAll(unzipped); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		texts[name] = string(r.body) + fmt.Sprint(r.header)
	}
	for _, path := range []string{
		"/", "/config", "/sd/organizations", "/-/ready", "/-/healthy", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/symbol?0x1", "/debug/pprof/heap", "/debug/pprof/heap?debug=1",
		"/debug/pprof/allocs?debug=1", "/debug/pprof/goroutine", "/debug/pprof/goroutine?debug=1", "/debug/pprof/goroutine?debug=2", "/debug/pprof/block?debug=1",
		"/debug/pprof/mutex?debug=1", "/debug/pprof/threadcreate?debug=1", "/debug/pprof/profile?seconds=1", "/debug/pprof/trace?seconds=1",
	} {
		add(path, path, header...)
	}
	for _, format := range []string{
		"text/plain;version=0.0.4", "text/plain;version=1.0.0;escaping=allow-utf-8", "application/openmetrics-text;version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		add("/metrics as "+format, "/metrics", append([]string{"Accept", format}, header...)...)
	}
	return texts
}

// privateFiles are the files of a folder, which only their user may read.
func privateFiles(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can read %s: %s", path, info.Mode())
		}
		if entry.IsDir() {
			return nil
		}
		text, err := root.ReadFile(path)
		if len(text) > 0 { // a crash may leave a file that was just created
			texts[path] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
