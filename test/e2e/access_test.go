//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The bcrypt hash of "correct horse", of the lowest cost.
const passwordHash = "$2a$04$NMvrdwR08DOpvPCtZEk6duxt0P.C2GdKcwnZKpg7YuA0mkv.ACLQG"

func TestBasicAuthAndTLS(t *testing.T) {
	certificate, key, roots := selfSigned(t)
	config := writeFile(t, "web.yml", "tls_server_config:\n  cert_file: "+certificate+"\n  key_file: "+key+
		"\nbasic_auth_users:\n  prometheus: "+passwordHash+"\n")
	p := start(t, nil, "--demo", anyPort, "--web.config.file="+config)
	address := strings.TrimPrefix(p.url(), "http://")
	private := newClient(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})

	// net/http makes this header of a user and a password.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("prometheus", "correct horse")
	right := request.Header.Get("Authorization")
	request.SetBasicAuth("prometheus", "wrong")
	wrong := request.Header.Get("Authorization")

	for _, path := range []string{"/metrics", "/", "/-/healthy"} {
		for credential, code := range map[string]int{"": http.StatusUnauthorized, wrong: http.StatusUnauthorized, right: http.StatusOK} {
			a, err := ask(private, http.MethodGet, "https://"+address+path, "Authorization", credential)
			if err != nil || a.code != code {
				t.Errorf("GET %s with %q: %d, %v", path, credential, a.code, err)
			}
			if code != http.StatusOK && bytes.Contains(a.body, []byte("runzero_")) {
				t.Errorf("GET %s with %q gives away %q", path, credential, a.body)
			}
		}
	}
	if a, err := ask(client, http.MethodGet, "http://"+address+"/metrics"); err == nil && a.code == http.StatusOK {
		t.Error("metrics are served without TLS too")
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
	address := closedPort(t)
	p := startProgram(t, "systemd-socket-activate", nil, "--listen="+address,
		binary, "--demo", "--web.systemd-socket")
	p.find(&p.stderr, `^(Listening on .*)`)
	// The first connection starts the exporter, which must answer it.
	a := waitFor(t, p, "http://"+address+"/-/healthy", http.StatusOK)
	if !bytes.Contains(a.body, []byte("healthy")) {
		t.Errorf("the page says %q", a.body)
	}
	waitFor(t, p, "http://"+address+"/-/ready", http.StatusOK)
	if parse(t, get(t, "http://"+address+"/metrics").body)["runzero_assets"] == nil {
		t.Error("there are no assets")
	}
	ends(t, p, stopSignal)
}
