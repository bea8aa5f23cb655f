package web_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-kit/log"
	toolkit "github.com/prometheus/exporter-toolkit/web"

	"github.com/runzero-exporter/runzero_exporter/internal/web"
)

// A password in the wrong place of --web.config.file is not logged, neither at the start nor
// when the file is read again.
func TestPasswordsInTheWrongPlaceAreNotLogged(t *testing.T) {
	const password = "hunter2-PLANTED"
	for name, c := range map[string]struct{ text, want string }{
		"instead of users":                {"basic_auth_users: " + password, "invalid: line 1"},
		"as an anchor":                    {"basic_auth_users: {ann: *" + password + "}", "invalid: check"},
		"as a key, twice":                 {"basic_auth_users:\n  " + password + ": a\n  " + password + ": b", "invalid: line 3"},
		"as a header":                     {"http_server_config: {headers: {" + password + ": x}}", "invalid: check its headers"},
		"not hashed":                      {"basic_auth_users: {ann: " + password + "}", "invalid: check its headers and password hashes"},
		"a key of ours":                   {"basic_auth: {}", "line 1: field basic_auth not found"},
		"on several lines":                {"basic_auth_users: '" + password + "\n\n  " + password + "'", "invalid: line 1"},
		"a certificate that is not there": {"tls_server_config: {cert_file: no.yaml, key_file: no.key}", "no.yaml: no such file"},
		"an empty file":                   {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := web.CheckFile(path)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("the file is accepted")
			}
			var logged bytes.Buffer
			// As exporter-toolkit does for every request.
			web.Slog(log.NewLogfmtLogger(&logged)).Error("Unable to parse configuration", "err", toolkit.Validate(path).Error())
			for _, text := range []string{err.Error(), logged.String()} {
				if strings.Contains(text, password[:6]) || strings.Count(text, "\n") != strings.Count(text, "level=") {
					t.Errorf("shows %q", text)
				}
			}
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.want)) {
				t.Errorf("error %q, want %q", err, c.want)
			}
		})
	}
}

func TestAuthenticates(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                    false,
		"basic_auth_users: {ann: $2y$10$abc}": true,
		"basic_auth_users: {}":                false,
		"tls_server_config: {cert_file: a, key_file: b}":                         false,
		"tls_server_config: {client_auth_type: RequireAndVerifyClientCert}":      true,
		"tls_server_config: {client_auth_type: RequireAnyClientCert}":            false,
		"tls_server_config: {client_auth_type: VerifyClientCertIfGiven}":         false,
		"http_server_config: {headers: {X-Frame-Options: deny}}\nrate_limit: {}": false,
	} {
		path := filepath.Join(t.TempDir(), "web.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := web.Authenticates(path); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	if web.Authenticates("") {
		t.Error("without a file")
	}
}
