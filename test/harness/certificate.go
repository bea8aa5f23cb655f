package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// authority is a certificate authority.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := &authority{certificate: template}
	var der []byte
	der, a.key = a.sign(t, template)
	var err error
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a certificate and its key. The authority's own, which comes first, is signed with the key it is for.
func (a *authority) sign(t testing.TB, template *x509.Certificate) (der []byte, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	if der, err = x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), signer); err != nil {
		t.Fatal(err)
	}
	return der, key
}

// issue makes the certificate of a server.
func (a *authority) issue(t testing.TB, host string, notAfter time.Time) tls.Certificate {
	t.Helper()
	der, key := a.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotAfter: notAfter})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// pem is the content of a CA file.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}
