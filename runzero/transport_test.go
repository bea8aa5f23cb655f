package runzero_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

func certificatePEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// newCertificate makes a certificate that nobody knows, for these names, and its key.
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

func TestConsoleWithAPrivateCertificate(t *testing.T) {
	log := &requests{next: zipped(func(w io.Writer) { _, _ = io.WriteString(w, `[{"id":"a"}]`) })}
	server := quietTLS(log)
	defer server.Close()
	ask := func(t *testing.T, settings config.TLSConfig) error {
		t.Helper()
		http := withToken(exportToken)
		http.TLSConfig = settings
		_, err := all(newClient(t, runzero.Config{URL: server.URL, HTTP: http}).Sites(t.Context(), ""))
		return err
	}
	t.Run("known", func(t *testing.T) {
		if err := ask(t, config.TLSConfig{CAFile: file(t, certificatePEM(server.Certificate().Raw))}); err != nil {
			t.Error(err)
		}
		if asked := log.take(); len(asked) != 1 || asked[0].ProtoMajor != 2 {
			t.Errorf("asked %d times, want once, by HTTP/2", len(asked))
		}
	})
	t.Run("not known", func(t *testing.T) {
		err := ask(t, config.TLSConfig{})
		if certificate := (*tls.CertificateVerificationError)(nil); !errors.As(err, &certificate) || !strings.HasPrefix(err.Error(), sites) {
			t.Errorf("error %v, want a certificate error", err)
		}
	})
	t.Run("for another name", func(t *testing.T) {
		err := ask(t, config.TLSConfig{CAFile: file(t, certificatePEM(server.Certificate().Raw)), ServerName: "runzero.example.org"})
		if certificate := (*tls.CertificateVerificationError)(nil); !errors.As(err, &certificate) {
			t.Errorf("error %v, want a certificate error", err)
		}
	})
	t.Run("file without one", func(t *testing.T) {
		http := withToken(exportToken)
		http.TLSConfig.CAFile = file(t, "not a certificate")
		if _, err := runzero.New(runzero.Config{URL: server.URL, HTTP: http}); err == nil || !strings.Contains(err.Error(), "TLS settings") {
			t.Errorf("error %v, want one that speaks of TLS settings", err)
		}
	})
}

func TestCertificateFileIsReadAtEachUse(t *testing.T) {
	server := quietTLS(data("[]"))
	defer server.Close()
	other, _ := newCertificate(t)
	http := withToken(exportToken)
	http.TLSConfig.CAFile = file(t, other)
	client := newClient(t, runzero.Config{URL: server.URL, HTTP: http})
	if _, err := all(client.Sites(t.Context(), "")); err == nil {
		t.Fatal("a certificate was trusted that nobody vouches for")
	}
	write(t, http.TLSConfig.CAFile, certificatePEM(server.Certificate().Raw))
	if _, err := all(client.Sites(t.Context(), "")); err != nil {
		t.Error(err)
	}
}

func TestProxyIsUsed(t *testing.T) {
	log := &requests{next: data(`[{"id":"a"}]`)}
	proxy := httptest.NewServer(log)
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	http := withToken(exportToken)
	http.ProxyURL = config.URL{URL: address}
	client := newClient(t, runzero.Config{URL: "http://console.example.com", AllowHTTP: true, HTTP: http})
	if _, err := all(client.Sites(t.Context(), "")); err != nil {
		t.Fatal(err)
	}
	if asked := log.take(); len(asked) != 1 || asked[0].URL.Host != "console.example.com" {
		t.Errorf("the proxy was asked %d times, want once for console.example.com", len(asked))
	}
}

func TestProxyThatIsNotThereIsAnError(t *testing.T) {
	gone := httptest.NewServer(data(""))
	gone.Close()
	http := withToken(exportToken)
	http.ProxyURL = config.URL{URL: &url.URL{Scheme: "http", Host: gone.Listener.Addr().String(), User: url.UserPassword("ann", "topsecret")}}
	client := newClient(t, runzero.Config{URL: "https://console.example.com", HTTP: http})
	if _, err := all(client.Sites(t.Context(), "")); err == nil || strings.Contains(err.Error(), "topsecret") || !runzero.Retryable(err) {
		t.Errorf("error %v, want one without the proxy's password", err)
	}
}
