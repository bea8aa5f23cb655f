//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// faults are what consoles, and what stands before them, answer with when they echo what
// they were sent. What they write is all of the answer.
var faults = map[string]func(w io.Writer, echo string){
	"text400":  status(http.StatusBadRequest, "text/plain", asText),
	"text401":  status(http.StatusUnauthorized, "text/plain", asText),
	"json403":  status(http.StatusForbidden, "application/json", asError),
	"json404":  status(http.StatusNotFound, "application/json", asError),
	"text407":  status(http.StatusProxyAuthRequired, "text/plain", asText),
	"json422":  status(http.StatusUnprocessableEntity, "application/problem+json", asProblem),
	"json429":  status(http.StatusTooManyRequests, "application/json", asError),
	"html500":  status(http.StatusInternalServerError, "text/html", asPage),
	"json502":  status(http.StatusBadGateway, "application/json", asProblem),
	"text503":  status(http.StatusServiceUnavailable, "text/plain", asText),
	"html200":  status(http.StatusOK, "text/html", asPage),
	"text200":  status(http.StatusOK, "application/json", asText),
	"list200":  status(http.StatusOK, "application/json", func(echo string) string { return "[" + asError(echo) + "]" }),
	"half200":  verbatim("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[{\"id\":\"a\",\"name\":\"%s"),
	"gone":     verbatim(""),
	"all":      verbatim("%s"),
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
	"round":    verbatim("HTTP/1.1 302 Found\r\nLocation: %%5Bround?%s\r\n\r\n"),
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

// startHostile serves a console that has the fault that its path begins with, and says
// what it was sent.
func startHostile(t *testing.T) (address string) {
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
				hostile(connection)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func hostile(connection net.Conn) {
	request, err := http.ReadRequest(bufio.NewReader(connection))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(request.Body) // what there is
	form, _ := url.ParseQuery(string(body))
	var said []string
	for _, name := range []string{"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Referer", "User-Agent"} {
		request.Header.Del(name)
	}
	for _, values := range slices.Concat(slices.Collect(maps.Values(request.Header)), [][]string{form["client_secret"], form["resource"]}) {
		for _, value := range values {
			said = append(said, spelled(value[strings.Index(value, " ")+1:])...)
		}
	}
	// The shortest come first: a message is cut off somewhere.
	slices.SortFunc(said, func(a, b string) int { return len(a) - len(b) })
	fault, token := strings.Split(request.URL.Path, "/")[1], strings.HasSuffix(request.URL.Path, "/account/api/token")
	if granted, ok := strings.CutPrefix(fault, "granted-"); ok {
		if fault = granted; token {
			status(http.StatusOK, "application/json", func(string) string { return `{"access_token":"` + form.Get("resource") + `","expires_in":3600}` })(connection, "")
			return
		}
	}
	faults[fault](connection, strings.NewReplacer("\r", " ", "\n", " ").Replace(strings.Join(said, " ; ")))
}

// holders are the credentials that the faults are tried with, each with secrets of its
// own, and the beginning of their consoles' paths.
func holders(t *testing.T, p *planted, account string) map[string]struct{ prefix, credential string } {
	t.Helper()
	secret := func(beginning, place string) string { return p.secret(beginning, account+" "+place) }
	return map[string]struct{ prefix, credential string }{
		"token": {"", fmt.Sprintf("authorization: {credentials: %s}", secret("ET", "token"))},
		"headers": {"", fmt.Sprintf("authorization: {type: Token, credentials_file: %s}\n    http_headers: {X-Gate: {secrets: [%s]}, X-File: {files: [%s]}}",
			writeFile(t, "token", secret("CT", "token in a file")), secret("", "header"), writeFile(t, "header", secret("", "header in a file")))},
		"client": {"", fmt.Sprintf("oauth2: {client_id: id, client_secret: %s, endpoint_params: {resource: %s}}", secret("", "client secret"), secret("", "parameter"))},
		"granted": {"granted-", fmt.Sprintf("oauth2: {client_id: id, client_secret_file: %s, endpoint_params: {resource: %s}}",
			writeFile(t, "secret", secret("", "client secret in a file")), secret("", "access token"))},
	}
}

// Whatever goes wrong, and whoever says what he was sent, no secret is told.
func TestFaultsTellNoSecret(t *testing.T) {
	p := newPlanted()
	var text strings.Builder
	text.WriteString("accounts:\n")
	var accounts []string
	for fault := range faults {
		for who, h := range holders(t, p, fault) {
			accounts = append(accounts, fault+"-"+who)
			// A console of its own: the burst limit, and the pause after a 429, are for all who ask one.
			fmt.Fprintf(&text, "- name: %s-%s\n  url: %s/%s%s\n  credentials:\n  - name: only\n    %s\n", fault, who, startHostile(t), h.prefix, fault, h.credential)
		}
	}
	file := writeFile(t, "config.yml", text.String())
	flags := []string{"--config.file=" + file, "--log.level=debug"}
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		once := start(t, nil, append([]string{"once", "--log.format=json"}, flags...)...)
		if code := once.exitCode(soon); code != 1 {
			t.Errorf("the exit code is %d", code)
		}
		// Every account has failed, which is what the secrets could be told with.
		for _, account := range accounts {
			if !strings.Contains(once.stderr.String(), `"account_name":"`+account+`"`) {
				t.Errorf("the log says nothing of %s", account)
			}
		}
		p.unseen(t, map[string]string{"what once prints": once.stdout.String(), "what once logs": once.stderr.String()})
	})
	t.Run("check", func(t *testing.T) {
		t.Parallel()
		check := start(t, nil, append([]string{"check", "--show-config"}, flags...)...)
		if code := check.exitCode(soon); code != 1 {
			t.Errorf("the exit code is %d", code)
		}
		for _, account := range accounts {
			if !regexp.MustCompile(`(?m)^(error|warning) +` + account + "/only console ").MatchString(check.stdout.String()) {
				t.Errorf("nothing is said of the console of %s", account)
			}
		}
		p.unseen(t, map[string]string{"what check prints": check.stdout.String() + check.stderr.String()})
	})
	t.Run("scan", func(t *testing.T) {
		t.Parallel()
		for _, account := range []string{"json403-client", "text503-granted", "reason-client", "header-granted", "away-granted", "nowhere-client", "trailer-granted"} {
			scan := start(t, nil, append([]string{"scan", "--account=" + account, "--site=a", "--hosted-zone=auto"}, flags...)...)
			if code := scan.exitCode(soon); code != 1 {
				t.Errorf("%s: the exit code is %d", account, code)
			}
			p.unseen(t, map[string]string{"scan of " + account: scan.stdout.String() + scan.stderr.String()})
		}
	})
	t.Run("serve", func(t *testing.T) {
		t.Parallel()
		serve := start(t, nil, append([]string{anyPort, "--web.enable-pprof"}, flags...)...)
		base := serve.url()
		eventually(t, func() error {
			for fault := range faults {
				if !strings.Contains(serve.stderr.String(), "account_name="+fault+"-granted") {
					return fmt.Errorf("nothing is said of %s", fault)
				}
			}
			return nil
		})
		texts := pages(t, base)
		serve.signal(syscall.SIGQUIT)
		serve.exitCode(soon)
		texts["the log and the stacks"] = serve.stderr.String() + serve.stdout.String()
		if !strings.Contains(texts["the log and the stacks"], "goroutine ") {
			t.Error("there are no stacks")
		}
		p.unseen(t, texts)
	})
}
