package runzero_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// newCertificate makes a self-signed certificate for these names, and its key.
func newCertificate(t testing.TB, names ...string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return certificatePEM(der), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func TestCAFileIsReadOnEachUse(t *testing.T) {
	server := quietTLS(data("[]"))
	defer server.Close()
	other, _ := newCertificate(t)
	http := withToken(exportToken)
	http.TLSConfig.CAFile = file(t, other)
	client := newClient(t, runzero.Config{URL: server.URL, HTTP: http})
	if _, err := all(client.Sites(t.Context(), "")); err == nil {
		t.Fatal("an unknown certificate was trusted")
	}
	write(t, http.TLSConfig.CAFile, certificatePEM(server.Certificate().Raw))
	if _, err := all(client.Sites(t.Context(), "")); err != nil {
		t.Error(err)
	}
}

func TestTLSSettings(t *testing.T) {
	certificate, key := newCertificate(t)
	var presented int
	server := quietTLS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented = len(r.TLS.PeerCertificates)
		_, _ = io.WriteString(w, "[]")
	}))
	defer server.Close()
	server.TLS.ClientAuth = tls.RequestClientCert
	indented := func(text string) string {
		return "|\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
	}
	ca := indented(certificatePEM(server.Certificate().Raw))
	for name, c := range map[string]struct {
		settings  string
		presented int
		fails     bool
	}{
		"an inline CA":                  {"  ca: " + ca, 0, false},
		"an inline certificate":         {"  ca: " + ca + "  cert: " + indented(certificate) + "  key: " + indented(key), 1, false},
		"a certificate, its key a file": {"  ca: " + ca + "  cert: " + indented(certificate) + "  key_file: " + file(t, key), 1, false},
		"a certificate in files":        {"  ca: " + ca + "  cert_file: " + file(t, certificate) + "\n  key_file: " + file(t, key), 1, false},
		"no verification":               {"  insecure_skip_verify: true", 0, false},
		"none":                          {"  server_name: example.com", 0, true},
		"the certificate's name":        {"  ca: " + ca + "  server_name: example.com", 0, false},
		"versions too old":              {"  insecure_skip_verify: true\n  max_version: TLS11", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			presented = 0
			settings := "authorization: {credentials: ET0}\ntls_config:\n" + c.settings
			_, err := all(newClient(t, runzero.Config{URL: server.URL, HTTP: fromYAML(t, settings)}).Sites(t.Context(), ""))
			if (err != nil) != c.fails || presented != c.presented {
				t.Errorf("error %v, %d certificates presented", err, presented)
			}
		})
	}
}
