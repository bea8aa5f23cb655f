//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// Who gives a secret where none belongs, or a file that holds something else, is told so
// without having it repeated.
func TestMistakesTellNoSecret(t *testing.T) {
	p := newPlanted()
	garbage := func(name, text string) string { return "--runzero.token-file=" + writeFile(t, name, text) }
	const code1, code2 = 1, 2
	for name, mistake := range map[string]struct {
		code int
		says string
		env  []string
		args []string
	}{
		"token for its file":     {code1, "cannot be read", nil, []string{"--runzero.token-file=" + p.secret("ET", "token for its file")}},
		"token for its variable": {code1, "cannot be read", []string{"RUNZERO_TOKEN_FILE=" + p.secret("CT", "token for its variable")}, nil},
		"token as a word":        {code2, "--help", nil, []string{p.secret("OT", "token as a word")}},
		"token as a flag":        {code2, "--help", nil, []string{"--runzero.token=" + p.secret("ET", "token as a flag")}},
		"token in a switch":      {code2, "--help", nil, []string{"--runzero.allow-http=" + p.secret("ET", "token in a switch")}},
		"secret for its file":    {code1, "cannot be read", nil, []string{"--runzero.client-id=id", "--runzero.client-secret-file=" + p.secret("", "secret for its file")}},
		"token and its file":     {code1, "remove one", []string{"RUNZERO_TOKEN=" + p.secret("ET", "token and its file")}, []string{"--runzero.token-file=/nowhere"}},
		"token and client":       {code1, "remove --runzero.token-file", []string{"RUNZERO_TOKEN=" + p.secret("ET", "token and client")}, []string{"--runzero.client-id=id"}},
		"token and a file":       {code1, "remove one", []string{"RUNZERO_TOKEN=" + p.secret("ET", "token and a file")}, []string{"--config.file=" + writeFile(t, "config.yml", "accounts: [{name: a}]")}},
		"download token":         {code1, "make an export token", []string{"RUNZERO_TOKEN=" + p.secret("DT", "download token")}, nil},
		"two words":              {code1, "one word on one line", []string{"RUNZERO_TOKEN=Bearer " + p.secret("ET", "two words")}, nil},
		"two lines":              {code1, "one word on one line", nil, []string{garbage("token", "# the token\n"+p.secret("ET", "two lines"))}},
		"a file of JSON":         {code1, "one word on one line", nil, []string{garbage("token", `{"token": "`+p.secret("ET", "a file of JSON")+`"}`)}},
		"a file of bytes":        {code1, "one word on one line", nil, []string{garbage("token", "\x00\xff"+p.secret("ET", "a file of bytes")+"\x1b")}},
		"a URL with a password":  {code1, "leave out user", nil, []string{"--runzero.url=https://ann:" + p.secret("", "a URL with a password") + "@console.example.com"}},
		"a URL with a token":     {code1, "leave out user", nil, []string{"--runzero.url=https://console.example.com/?token=" + p.secret("ET", "a URL with a token")}},
		"a URL that is none":     {code1, "write it like", nil, []string{"--runzero.url=ann:" + p.secret("", "a URL that is none") + "@console.example.com"}},
		"a password for users":   {code1, "--web.config.file", []string{"RUNZERO_TOKEN=ET0123456789"}, []string{"--web.config.file=" + writeFile(t, "web.yml", "basic_auth_users: "+p.secret("", "a password for users"))}},
		"a password not hashed":  {code1, "--web.config.file", []string{"RUNZERO_TOKEN=ET0123456789"}, []string{"--web.config.file=" + writeFile(t, "web.yml", "basic_auth_users: {ann: "+p.secret("", "a password not hashed")+"}")}},
		"a scan's secret":        {code2, "--option", []string{"RUNZERO_TOKEN=OT0123456789"}, []string{"scan", "--site=a", "--hosted-zone=auto", "--option=snmp-comms=" + p.secret("", "a scan's secret")}},
		"a scan's secret alone":  {code2, "--option", []string{"RUNZERO_TOKEN=OT0123456789"}, []string{"scan", "--site=a", "--hosted-zone=auto", "--option", p.secret("", "a scan's secret alone")}},
		"help beside a token":    {0, "--runzero.token-file", []string{"RUNZERO_TOKEN=" + p.secret("ET", "help beside a token")}, []string{"--help"}},
		"a proxy that is none":   {code1, "not everything", []string{"RUNZERO_TOKEN=ET0123456789", "HTTPS_PROXY=http://ann:" + p.secret("", "a proxy that is none") + "@127.0.0.1:1"}, []string{"once", "--runzero.url=https://console.example.com"}},
		"a proxy of garbage":     {code1, "not everything", []string{"RUNZERO_TOKEN=ET0123456789", "HTTP_PROXY=http://ann:" + p.secret("", "a proxy of garbage") + "@h:x", "HTTPS_PROXY=socks5://" + p.secret("", "a proxy of garbage, of sockets") + "@127.0.0.1:1"}, []string{"once", "--runzero.url=https://console.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := start(t, mistake.env, append([]string{anyPort, "--log.level=debug"}, mistake.args...)...)
			if code := run.exitCode(soon); code != mistake.code {
				t.Errorf("the exit code is %d, not %d", code, mistake.code)
			}
			said := run.stdout.String() + run.stderr.String()
			if !strings.Contains(said, mistake.says) {
				t.Errorf("%q does not say %q", said, mistake.says)
			}
			p.unseen(t, map[string]string{"what is said": said})
		})
	}
}
