package store

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-kit/log/level"
)

// note records whether the server could be asked, or written to. It logs when it fails and when it works again.
func (s *Shared) note(what int, err error) {
	s.status.Lock()
	s.broken[what] = err
	down := s.broken[asking] != nil || s.broken[writing] != nil
	changed := down != s.down
	s.down = down
	s.status.Unlock()
	if what == asking && s.failing.Load() {
		signal(s.again)
	}
	if !changed {
		return
	}
	signal(s.changed)
	if down {
		level.Warn(s.Logger).Log("msg", "the cache that replicas share cannot be used; what is known is served, and nothing is polled until it can be used again", "err", err, "do", remedy(err))
		return
	}
	level.Info(s.Logger).Log("msg", "the cache that replicas share can be used again")
}

// withRemedy adds to an error of the server what a user can do about it.
func withRemedy(err error) error {
	return fmt.Errorf("%s: %s", strings.TrimSuffix(err.Error(), "."), remedy(err))
}

// remedy is what a user can do about an error of the server.
func remedy(err error) string {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return "set the CA that signed the server's certificate with --cache.ca-file"
	}
	for _, known := range []struct {
		words string // that the error has one of, separated by commas
		do    string
	}{
		{"WRONGPASS ,NOAUTH ,ERR AUTH ,invalid password", "check the user in --cache.url and the password in --cache.password-file"},
		{"NOPERM ,can't run this command,can't access", "allow the user what docs/replicas.md lists"},
		{"READONLY ", "this is a read-only replica of the server: name the primary, or the Sentinels and their master_name, in --cache.url"},
		{"OOM ", "the server's memory is full: raise its maxmemory"},
		{"MISCONF ", "the server cannot save to its disk: look at its log"},
		{"LOADING ,BUSY ,CLUSTERDOWN ,TRYAGAIN ,MASTERDOWN ,NOREPLICAS ", "wait until the server is ready"},
		{"MOVED ,ASK ", "this is a cluster: name a node of it with addr=HOST:PORT in --cache.url"},
		{"tls: certificate required,tls: bad certificate", "the server asks for a client certificate: set --cache.cert-file and --cache.key-file"},
		{"EOF", "the server closes the connection: check whether it speaks TLS, which takes rediss:// in --cache.url"},
		{"first record does not look like a TLS", "the server does not speak TLS: write redis:// in --cache.url"},
	} {
		if slices.ContainsFunc(strings.Split(known.words, ","), func(word string) bool { return strings.Contains(err.Error(), word) }) {
			return known.do
		}
	}
	return "check --cache.url, the network, and that the server runs"
}
