//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/runzero/simulator"
)

// gate is a simulated console that accepts credentials of the test, and records what it receives.
type gate struct {
	console *simulator.Console
	url     string
	secured string // host and port for TLS
	caFile  string

	tokens map[string]string // the simulator's token, by what is sent instead
	access map[string]string // access tokens, by the secret of the client

	mu      sync.Mutex
	got     map[string]bool
	hangFor map[string]chan struct{} // exports of assets with these tokens get no response
}

func startGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{
		console: simulator.New(simulator.Options{Seed: 7, Organizations: 1, Assets: 200, Limit: unlimited, Burst: unlimited}),
		tokens:  map[string]string{}, access: map[string]string{}, got: map[string]bool{}, hangFor: map[string]chan struct{}{},
	}
	plain, secured := httptest.NewServer(g), httptest.NewUnstartedServer(g)
	secured.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	secured.Config.ErrorLog = log.New(io.Discard, "", 0) // of exporters that crash
	secured.StartTLS()
	t.Cleanup(func() {
		plain.Close()
		secured.Close()
	})
	g.url, g.secured = plain.URL, secured.Listener.Addr().String()
	g.caFile = writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secured.Certificate().Raw})))
	return g
}

// accept makes a token stand for one of the simulator's.
func (g *gate) accept(token, simulated string) string {
	g.tokens[token] = simulated
	return token
}

// acceptClient makes the secret of an OAuth2 client, which gets an account token.
func (g *gate) acceptClient(s secrets, place string) string {
	secret := s.plant("", place)
	g.access[secret] = g.accept(s.plant("CT", "access token of "+place), g.console.AccountToken())
	return secret
}

func (g *gate) record(sent ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, each := range sent {
		g.got[each] = true
	}
}

func (g *gate) received(secret string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got[secret]
}

// hang gives exports of assets with these tokens no response until resume is called. The
// channel holds something when one hangs.
func (g *gate) hang(tokens []string) (hanging <-chan struct{}, resume func()) {
	c := make(chan struct{}, 1)
	set := func(c chan struct{}) {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, token := range tokens {
			g.hangFor[token] = c
		}
	}
	set(c)
	return c, func() { set(nil) }
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	g.record(token, r.Header.Get("X-Gate"), r.Header.Get("X-File"), r.FormValue("resource"))
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		g.record("a certificate")
	}
	if strings.HasSuffix(r.URL.Path, "/account/api/token") {
		g.record(r.FormValue("client_secret"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"`+g.access[r.FormValue("client_secret")]+`","expires_in":3600}`)
		return
	}
	g.mu.Lock()
	hanging := g.hangFor[token]
	g.mu.Unlock()
	if hanging != nil && strings.HasSuffix(r.URL.Path, "/assets.jsonl") {
		select {
		case hanging <- struct{}{}:
		default:
		}
		<-r.Context().Done()
		return
	}
	if known := g.tokens[token]; known != "" {
		r.Header.Set("Authorization", "Bearer "+known)
	}
	g.console.ServeHTTP(w, r)
}

// startTunnel serves a proxy that connects every client to the gate over TLS.
func startTunnel(t *testing.T, g *gate) (address string) {
	t.Helper()
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.record("proxy "+r.Header.Get("Proxy-Authorization"), r.Header.Get("X-Tunnel"))
		there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", g.secured)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.Start()
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

// echoes are the responses of consoles, and of what stands before them, that repeat what they were sent.
var echoes = map[string]func(w io.Writer, echo string){
	"text400":  status(http.StatusBadRequest, "text/plain", asText),
	"text401":  status(http.StatusUnauthorized, "text/plain", asText),
	"json403":  status(http.StatusForbidden, "application/json", asError),
	"json404":  status(http.StatusNotFound, "application/json", asError),
	"text407":  status(http.StatusProxyAuthRequired, "text/plain", asText),
	"json422":  status(http.StatusUnprocessableEntity, "application/problem+json", asProblem),
	"json429":  status(http.StatusTooManyRequests, "application/json", asError),
	"html500":  status(http.StatusInternalServerError, "text/html", asPage),
	"text503":  status(http.StatusServiceUnavailable, "text/plain", asText),
	"html200":  status(http.StatusOK, "text/html", asPage),
	"text200":  status(http.StatusOK, "application/json", asText),
	"list200":  status(http.StatusOK, "application/json", func(echo string) string { return "[" + asError(echo) + "]" }),
	"half200":  verbatim("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[{\"id\":\"a\",\"name\":\"%s"),
	"closed":   verbatim(""),
	"only":     verbatim("%s"),
	"protocol": verbatim("%s 200 OK\r\n\r\n"),
	"code":     verbatim("HTTP/1.1 %s\r\n\r\n"),
	"reason":   verbatim("HTTP/1.1 403 %s\r\nContent-Length: 0\r\n\r\n"),
	"header":   verbatim("HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
	"length":   verbatim("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
	"chunk":    verbatim("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n"),
	"trailer":  verbatim("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n2\r\n[]\r\n0\r\n%s\r\n\r\n"),
	"upgrade":  verbatim("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n"),
	"away":     verbatim("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example.com/%s\r\n\r\n"),
	"nowhere":  verbatim("HTTP/1.1 302 Found\r\nLocation: http://[%s\r\n\r\n"),
	"loop":     verbatim("HTTP/1.1 302 Found\r\nLocation: %%5Bloop?%s\r\n\r\n"),
}

func asText(echo string) string  { return "no such credential: " + echo }
func asPage(echo string) string  { return "<html><body>" + echo + "</body></html>" }
func asError(echo string) string { return asJSON(map[string]any{"error": echo}) }
func asProblem(echo string) string {
	return asJSON(map[string]any{"title": "no", "status": "error", "detail": asError(echo)})
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func status(code int, contentType string, body func(string) string) func(io.Writer, string) {
	return func(w io.Writer, echo string) {
		text := body(echo)
		_, _ = fmt.Fprintf(w, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", code, http.StatusText(code), contentType, len(text), text)
	}
}

func verbatim(form string) func(io.Writer, string) {
	return func(w io.Writer, echo string) { _, _ = fmt.Fprintf(w, strings.ReplaceAll(form, "%s", "%[1]s"), echo) }
}

// startEchoingConsole serves a console that responds with the echo that the path begins with.
func startEchoingConsole(t *testing.T) (address string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }()
				echo(connection)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func echo(connection net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(connection))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(request.Body) // what there is
	form, _ := url.ParseQuery(string(body))
	var repeated []string
	for _, name := range []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Referer", "User-Agent"} {
		request.Header.Del(name)
	}
	for _, values := range slices.Concat(slices.Collect(maps.Values(request.Header)), [][]string{form["client_secret"], form["resource"]}) {
		for _, value := range values {
			repeated = append(repeated, spellings(value[strings.Index(value, " ")+1:])...)
		}
	}
	// The shortest come first, because messages are cut.
	slices.SortFunc(repeated, func(a, b string) int { return len(a) - len(b) })
	kind, isToken := strings.Split(request.URL.Path, "/")[1], strings.HasSuffix(request.URL.Path, "/account/api/token")
	if granted, ok := strings.CutPrefix(kind, "granted-"); ok {
		if kind = granted; isToken {
			status(http.StatusOK, "application/json", func(string) string { return `{"access_token":"` + form.Get("resource") + `","expires_in":3600}` })(connection, "")
			return
		}
	}
	echoes[kind](connection, strings.NewReplacer("\r", " ", "\n", " ").Replace(strings.Join(repeated, " ; ")))
}

// Whatever a console repeats of a request, no secret is revealed.
func TestEchoedSecretsAreNotRevealed(t *testing.T) {
	s := secrets{}
	text := "accounts:\n"
	var accounts []string
	for kind := range echoes {
		plant := func(prefix, place string) string { return s.plant(prefix, kind+" "+place) }
		for _, c := range []struct{ name, pathPrefix, credential string }{
			{"token", "", "authorization: {credentials: " + plant("ET", "token") + "}"},
			{"headers", "", fmt.Sprintf("authorization: {type: Token, credentials_file: %s}\n    http_headers: {X-Gate: {secrets: [%s]}, X-File: {files: [%s]}}",
				writeFile(t, "token", plant("CT", "token in a file")), plant("", "header"), writeFile(t, "header", plant("", "header in a file")))},
			{"client", "", fmt.Sprintf("oauth2: {client_id: id, client_secret: %s, endpoint_params: {resource: %s}}", plant("", "client secret"), plant("", "parameter"))},
			{"granted", "granted-", fmt.Sprintf("oauth2: {client_id: id, client_secret_file: %s, endpoint_params: {resource: %s}}",
				writeFile(t, "secret", plant("", "client secret in a file")), plant("", "access token"))},
		} {
			accounts = append(accounts, kind+"-"+c.name)
			// Each has a console of its own, because a 429 pauses all requests of a console.
			text += fmt.Sprintf("- name: %s-%s\n  url: %s/%s%s\n  credentials:\n  - name: only\n    %s\n", kind, c.name, startEchoingConsole(t), c.pathPrefix, kind, c.credential)
		}
	}
	flags := []string{"--config.file=" + writeFile(t, "config.yml", text), "--log.level=debug"}
	runAndCheck := func(t *testing.T, args ...string) (output string) {
		t.Helper()
		p := start(t, nil, append(args, flags...)...)
		if code := p.exitCode(); code != 1 {
			t.Errorf("%s: the exit code is %d", args, code)
		}
		output = p.stdout.String() + p.stderr.String()
		s.requireHidden(t, map[string]string{strings.Join(args, " "): output})
		return output
	}
	for _, command := range []string{"once", "check"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			output := runAndCheck(t, command)
			for _, account := range accounts {
				if !strings.Contains(output, account) {
					t.Errorf("%s reports nothing of %s", command, account)
				}
			}
		})
	}
	t.Run("scan", func(t *testing.T) {
		t.Parallel()
		for _, account := range []string{"json403-client", "text503-granted", "reason-client", "header-granted", "away-granted", "nowhere-client", "trailer-granted"} {
			runAndCheck(t, "scan", "--account="+account, "--site=a", "--hosted-zone=auto", "--targets=example.com")
		}
	})
	t.Run("serve", func(t *testing.T) {
		t.Parallel()
		p := start(t, nil, append([]string{anyPort, "--web.enable-pprof"}, flags...)...)
		base := p.url()
		eventually(t, func() error {
			for kind := range echoes {
				if !strings.Contains(p.stderr.String(), "account_name="+kind+"-granted") {
					return fmt.Errorf("no result of %s is logged", kind)
				}
			}
			return p.alive()
		})
		texts := pages(t, base)
		p.signal(syscall.SIGQUIT)
		p.exitCode()
		texts["the log and the stacks"] = p.stderr.String() + p.stdout.String()
		s.requireHidden(t, texts)
	})
}

// A secret in a place where none belongs is not repeated in the error.
func TestMisplacedSecretsAreNotRevealed(t *testing.T) {
	s := secrets{}
	web := func(text string) []string {
		return []string{"--demo", "--web.config.file=" + writeFile(t, "web.yml", text)}
	}
	tokenFile := func(text string) []string { return []string{"--runzero.token-file=" + writeFile(t, "token", text)} }
	token, plain := s.plant("ET", "token"), s.plant("", "secret")
	const elsewhere = "--runzero.url=https://console.example.com"
	for name, c := range map[string]struct {
		code int
		part string
		env  []string
		args []string
	}{
		"token for its file":     {1, "cannot be read", nil, []string{"--runzero.token-file=" + token}},
		"token for its variable": {1, "cannot be read", []string{"RUNZERO_TOKEN_FILE=" + token}, nil},
		"token as a word":        {2, "--help", nil, []string{token}},
		"token as a flag":        {2, "--help", nil, []string{"--runzero.token=" + token}},
		"token in a switch":      {2, "--help", nil, []string{"--runzero.allow-http=" + token}},
		"secret for its file":    {1, "cannot be read", nil, []string{"--runzero.client-id=id", "--runzero.client-secret-file=" + plain}},
		"token and its file":     {1, "--runzero.token-file", []string{"RUNZERO_TOKEN=" + token}, []string{"--runzero.token-file=/nowhere"}},
		"download token":         {1, "make an export token", []string{"RUNZERO_TOKEN=" + s.plant("DT", "download token")}, nil},
		"two words":              {1, "one line", []string{"RUNZERO_TOKEN=Bearer " + token}, nil},
		"two lines":              {1, "one line", nil, tokenFile("# the token\n" + token)},
		"JSON":                   {1, "one line", nil, tokenFile(`{"token": "` + token + `"}`)},
		"bytes":                  {1, "one line", nil, tokenFile("\x00\xff" + token + "\x1b")},
		"password in a URL":      {1, "URL", []string{"RUNZERO_TOKEN=" + token}, []string{"--runzero.url=https://ann:" + plain + "@console.example.com"}},
		"token in a URL":         {1, "URL", []string{"RUNZERO_TOKEN=" + token}, []string{"--runzero.url=https://console.example.com/?token=" + token}},
		"invalid URL":            {1, "URL", []string{"RUNZERO_TOKEN=" + token}, []string{"--runzero.url=ann:" + plain + "@console.example.com"}},
		"password for users":     {1, "--web.config.file", nil, web("basic_auth_users: " + plain)},
		"password without hash":  {1, "--web.config.file", nil, web("basic_auth_users: {ann: " + plain + "}")},
		"option of a scan":       {2, "--option", []string{"RUNZERO_TOKEN=" + token}, []string{"scan", "--site=a", "--hosted-zone=auto", "--option=snmp-comms=" + plain}},
		"help beside a token":    {0, "--runzero.token-file", []string{"RUNZERO_TOKEN=" + token}, []string{"--help"}},
		"closed proxy":           {1, "error", []string{"RUNZERO_TOKEN=" + token, "HTTPS_PROXY=http://ann:" + plain + "@127.0.0.1:1"}, []string{"once", elsewhere}},
		"invalid proxies": {1, "error", []string{"RUNZERO_TOKEN=" + token, "HTTP_PROXY=http://ann:" + plain + "@h:x", "HTTPS_PROXY=socks5://" + plain + "@127.0.0.1:1"},
			[]string{"once", elsewhere}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, c.env, append([]string{anyPort, "--log.level=debug"}, c.args...)...)
			if code := p.exitCode(); code != c.code {
				t.Errorf("the exit code is %d, want %d", code, c.code)
			}
			output := p.stdout.String() + p.stderr.String()
			if !strings.Contains(output, c.part) {
				t.Errorf("%q lacks %q", output, c.part)
			}
			s.requireHidden(t, map[string]string{"the output": output})
		})
	}
}
