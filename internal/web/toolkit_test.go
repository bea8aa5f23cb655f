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

// A password in the wrong place of the file of --web.config.file is not told, neither at
// the start nor when the file is read again.
func TestPasswordsInTheWrongPlaceAreNotTold(t *testing.T) {
	const password = "hunter2-PLANTED"
	for name, c := range map[string]struct{ text, says string }{
		"for all":                 {"basic_auth_users: " + password, "line 1: cannot unmarshal !!str <secret> into"},
		"as a whole":              {password, "line 1: cannot unmarshal !!str <secret> into"},
		"as an anchor":            {"basic_auth_users: {ann: *" + password + "}", "unknown <secret> referenced"},
		"as a key":                {password + ": ann", "line 1: field <secret> not found"},
		"as a key, twice":         {"basic_auth_users:\n  " + password + ": a\n  " + password + ": b", "line 3: key <secret> already set"},
		"as an interval":          {"rate_limit: {interval: " + password + "}", "line 1: cannot unmarshal !!str <secret> into"},
		"as a header":             {"http_server_config: {headers: {" + password + ": x}}", "header <secret> can not be configured"},
		"not hashed":              {"basic_auth_users: {ann: " + password + "}", "hashedSecret too short"},
		"not hashed, and long":    {"basic_auth_users: {ann: " + strings.Repeat(password, 5) + "}", "hashes must start with '$', but hashedSecret <secret>"},
		"a key of ours":           {"basic_auth: {}", "line 1: field basic_auth not found"},
		"a header by its name":    {"http_server_config: {headers: {X-Other: x}}", `header "X-Other" can not be configured`},
		"on several lines":        {"basic_auth_users: '" + password + "\n\n  " + password + "'", "line 1: cannot unmarshal !!str <secret> into"},
		"none of it, in the file": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := web.CheckFile(path)
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("the file is taken")
			}
			var said bytes.Buffer
			// As exporter-toolkit does for every request.
			web.Slog(log.NewLogfmtLogger(&said)).Error("Unable to parse configuration", "err", toolkit.Validate(path).Error())
			for _, text := range []string{err.Error(), said.String()} {
				if strings.Contains(text, password[:6]) || strings.Count(text, "\n") != strings.Count(text, "level=") {
					t.Errorf("it says %q", text)
				}
			}
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.says)) {
				t.Errorf("it says %q, want %q", err, c.says)
			}
		})
	}
}
