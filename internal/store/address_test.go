package store

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-kit/log"
	"github.com/redis/go-redis/v9"
)

func TestURLSaysWhatToConnectTo(t *testing.T) {
	for url, want := range map[string]string{
		"redis://cache":                                "one [cache:6379] db=0 user= sentinel= tls=",
		"redis://app@cache:7000/3":                     "one [cache:7000] db=3 user=app sentinel= tls=",
		"redis://cache?db=2&prefix=siem":               "one [cache:6379] db=2 user= sentinel= tls=",
		"rediss://app@cache":                           "one [cache:6379] db=0 user=app sentinel= tls=cache",
		"rediss://cache?skip_verify=true":              "one [cache:6379] db=0 user= sentinel= tls=unverified",
		"redis://[2001:db8::1]:6380":                   "one [[2001:db8::1]:6380] db=0 user= sentinel= tls=",
		"redis://app@n1:7000?addr=n2:7000&addr=n3:700": "cluster [n1:7000 n2:7000 n3:700] db=0 user=app sentinel= tls=",
		"rediss://n1?addr=n1:6379":                     "cluster [n1:6379 n1:6379] db=0 user= sentinel= tls=n1",
		"redis://watcher@s1:26379/1?master_name=main&addr=s2:26379&username=app": "sentinel main [s1:26379 s2:26379] db=1 user=app sentinel=watcher tls=",
		"rediss://s1:26379?master_name=main":                                     "sentinel main [s1:26379] db=0 user= sentinel= tls=s1",
	} {
		r := Redis{URL: url}
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		address, _, err := r.split()
		if err != nil {
			t.Fatal(err)
		}
		o, err := r.options(address)
		if err != nil {
			t.Fatal(err)
		}
		kind, secured := "one", ""
		switch {
		case o.MasterName != "":
			kind = "sentinel " + o.MasterName
		case o.IsClusterMode:
			kind = "cluster"
		}
		if o.TLSConfig != nil {
			if secured = o.TLSConfig.ServerName; o.TLSConfig.InsecureSkipVerify {
				secured = "unverified"
			}
		}
		if got := fmt.Sprintf("%s %v db=%d user=%s sentinel=%s tls=%s", kind, o.Addrs, o.DB, o.Username, o.SentinelUsername, secured); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestURLOfAClusterOrSentinelMakesItsClient(t *testing.T) {
	for url, is := range map[string]func(redis.UniversalClient) bool{
		"redis://a":             func(c redis.UniversalClient) bool { _, ok := c.(*redis.Client); return ok },
		"redis://a?addr=b:6379": func(c redis.UniversalClient) bool { _, ok := c.(*redis.ClusterClient); return ok },
		"redis://a?master_name=main": func(c redis.UniversalClient) bool {
			o := c.(*redis.Client).Options()
			return o.Addr == "FailoverClient"
		},
	} {
		client, _, err := Redis{URL: url}.connect(nil)
		if err != nil || !is(client) {
			t.Errorf("%s: %T, %v", url, client, err)
			continue
		}
		_ = client.Close()
	}
}

// Each error is one sentence about the flag, and repeats no password.
func TestURLThatIsRefused(t *testing.T) {
	const form, holds = "write redis://host:6379, or rediss://host:6379 for TLS", "--cache.password-file"
	for url, why := range map[string]string{
		"":                              form,
		"cache:6379":                    form,
		"http://cache":                  form,
		"unix:///run/redis.sock":        form,
		"redis:///0":                    form,
		"redis://app:s3cret@cache":      holds,
		"redis://:s3cret@cache":         holds,
		"redis://cache?password=s3cret": holds,
		"redis://app:s3cret#1@cache":    "it is not a URL",
		"redis://app:s3cret%zz@cache":   "it is not a URL",
		"redis://app:s3cret/x@cache":    "it is not a URL",
		"redis://app:s3 cret@cache":     "it is not a URL",
		"redis://app:12/s3cret@cache":   holds,
		"redis://app:12?s3cret@cache":   holds,
		"redis://app:12#s3cret@cache":   holds,
		"redis://cache:port":            "it is not a URL",
		"redis://cache/one":             `invalid database number: "one"`,
		"redis://cache/1/2":             "invalid URL path: /1/2",
		"redis://cache?db=x":            "invalid database number",
		"redis://cache?pool_size=9":     `unknown parameter "pool_size": there are addr, db, master_name, prefix, skip_verify, username`,
		"redis://cache?prefix=a{b":      `prefix "a{b": use at most 64 letters`,
		"redis://cache?prefix=":         `prefix "": use at most 64 letters`,
		"redis://cache?addr=n2":         "unable to parse addr param: n2",
		"redis://cache?addr=n2:1&db=1":  "unexpected option: db",
		"redis://cache?skip_verify=1":   "unexpected option: skip_verify",
		"redis://cache?username=app":    "unexpected option: username",
	} {
		err := Redis{URL: url}.Check()
		if err == nil || !strings.HasPrefix(err.Error(), "invalid --cache.url: ") || !strings.Contains(err.Error(), why) ||
			strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", url, err, why)
		}
	}
}

func TestFilesOfTheConnection(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for why, r := range map[string]Redis{
		"certificates are for rediss://":        {URL: "redis://cache", CAFile: none},
		"invalid --cache.password-file: open ":  {URL: "redis://cache", PasswordFile: none},
		"invalid TLS settings of --cache.url:":  {URL: "rediss://cache", CAFile: none},
		"invalid TLS settings of --cache.url: ": {URL: "rediss://cache", CertFile: none, KeyFile: none},
	} {
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%+v: %v, want %s", r, err, why)
		}
	}
	flags := Redis{PasswordFile: "p", CAFile: "a", CertFile: "c", KeyFile: "k"}.Files()
	if want := []string{`--cache.password-file="p"`, `--cache.ca-file="a"`, `--cache.cert-file="c"`, `--cache.key-file="k"`}; !slices.Equal(flags, want) {
		t.Errorf("%q", flags)
	}
}

// A server whose certificate a private authority has signed, and that wants one of its clients.
func TestTLSWithAPrivateAuthority(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	certificate := web.TLS.Certificates[0]
	m := miniredis.NewMiniRedis()
	if err := m.StartTLS(&tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAnyClientCert}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	file := func(kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), "file.pem")
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	r := Redis{URL: "rediss://" + m.Addr(), CAFile: file("CERTIFICATE", certificate.Certificate[0])}
	r.CertFile, r.KeyFile = r.CAFile, file("PRIVATE KEY", der)
	openShared(t, r).lead()

	for why, broken := range map[string]Redis{
		"set the CA that signed the server's certificate with --cache.ca-file": {URL: r.URL, CertFile: r.CertFile, KeyFile: r.KeyFile},
		"certificate required": {URL: r.URL, CAFile: r.CAFile},
	} {
		_, err := OpenShared(t.Context(), broken, Options{Logger: log.NewNopLogger(), Required: true})
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %s", err, why)
		}
	}
}
