//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestScrapesMakeNoRequest(t *testing.T) {
	t.Parallel()
	console, address, env := serveConsole(t)
	_, base := startReady(t, env, "--runzero.url="+address)
	before := console.Count()
	for range 200 {
		get(t, base+"/metrics")
	}
	get(t, base+"/")
	if after := console.Count(); after != before {
		t.Errorf("200 scrapes and a page made %d requests", after-before)
	}
	const firstRound = 40 // for three organizations, generously
	if before == 0 || before > firstRound {
		t.Errorf("the first round made %d requests", before)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	_, base := startReady(t, []string{"RUNZERO_WEB_TELEMETRY_PATH=/m"}, "--demo", "--web.disable-exporter-metrics")
	text := get(t, base+"/m").body
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("promtool check metrics: %v: %s", err, output)
	}
	for name, want := range map[string]bool{"\nrunzero_assets{": true, "\ngo_": false, "\npromhttp_": false} {
		if bytes.Contains(text, []byte(name)) != want {
			t.Errorf("%q is exposed: %t", name, !want)
		}
	}
	page := get(t, base+"/").body
	for _, part := range []string{"Demo:", `href="/m"`, "runzero_exporter 0.0.0-e2e", "Halvorsen Logistics"} {
		if !bytes.Contains(page, []byte(part)) {
			t.Errorf("the status page lacks %q", part)
		}
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	p, _ := startReady(t, nil, "--demo", "--log.level=debug", "--log.format=json")
	p.stop(syscall.SIGTERM)
	levels := map[string]int{}
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct{ TS, Level, Msg string }
		decode(t, []byte(line), &entry)
		if _, err := time.Parse(time.RFC3339Nano, entry.TS); err != nil || entry.Msg == "" {
			t.Errorf("%v: %s", err, line)
		}
		levels[entry.Level]++
	}
	if levels["debug"] == 0 || levels["info"] == 0 || levels["error"] > 0 || levels[""] > 0 {
		t.Errorf("lines by level: %v", levels)
	}

	address := closedPort(t) // at this level the log does not say where the exporter listens
	quiet := start(t, nil, "--demo", "--log.level=error", "--web.listen-address="+address)
	waitForOK(t, quiet, "http://"+address+"/-/ready")
	if text := quiet.stderr.String(); text != "" {
		t.Errorf("at level error, without an error, the log is %q", text)
	}
}

// The bcrypt hash of "correct horse", of the lowest cost.
const passwordHash = "$2a$04$NMvrdwR08DOpvPCtZEk6duxt0P.C2GdKcwnZKpg7YuA0mkv.ACLQG"

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestTLSAndBasicAuth(t *testing.T) {
	t.Parallel()
	certificate, key, roots := selfSigned(t)
	config := writeFile(t, "web.yml", "tls_server_config:\n  cert_file: "+certificate+"\n  key_file: "+key+
		"\nbasic_auth_users:\n  prometheus: "+passwordHash+"\n")
	p := start(t, nil, "--demo", anyPort, "--web.config.file="+config, "--log.format=json")
	address := strings.TrimPrefix(p.url(), "http://")
	p.waitForLine(&p.stderr, `"url":"(https://127\.0\.0\.1:[1-9]\d*/)"`)
	private := newClient(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	for _, path := range []string{"/metrics", "/", "/-/healthy"} {
		for credential, code := range map[string]int{
			"": http.StatusUnauthorized, basic("prometheus", "wrong"): http.StatusUnauthorized, basic("prometheus", "correct horse"): http.StatusOK,
		} {
			r, err := send(private, http.MethodGet, "https://"+address+path, "Authorization", credential)
			if err != nil || r.code != code {
				t.Errorf("GET %s with %q: %d, %v", path, credential, r.code, err)
			}
			if code != http.StatusOK && bytes.Contains(r.body, []byte("runzero_")) {
				t.Errorf("GET %s with %q reveals %q", path, credential, r.body)
			}
		}
	}

	// What does not speak TLS is served nothing, and is logged in the log's format.
	plain, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if _, err := io.WriteString(plain, "\x00\"GET /metrics HTTP/1.1\"\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(plain); bytes.Contains(text, []byte("runzero_")) {
		t.Errorf("without TLS, %q is served", text)
	}
	p.waitForLine(&p.stderr, `^(.*TLS handshake error.*)$`)
	for line := range strings.Lines(p.stderr.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("the log holds %q", line)
		}
	}
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t *testing.T) (certificateFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return writeFile(t, "cert.pem", string(text)),
		writeFile(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))), roots
}

func TestSocketActivation(t *testing.T) {
	t.Parallel()
	address := closedPort(t)
	p := startProgram(t, "systemd-socket-activate", nil, "--listen="+address, binary, "--demo", "--web.systemd-socket")
	p.waitForLine(&p.stderr, `^(Listening on .*)`)
	// The first connection starts the exporter, which must serve it.
	waitForOK(t, p, "http://"+address+"/-/healthy")
	waitForOK(t, p, "http://"+address+"/-/ready")
	if scrape(t, "http://"+address)["runzero_assets"] == nil {
		t.Error("there are no assets")
	}
	p.stop(syscall.SIGTERM)
}
