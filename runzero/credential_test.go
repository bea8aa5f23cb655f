package runzero_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// file writes a file and returns its name.
func file(t testing.TB, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	write(t, name, content)
	return name
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUnusableCredentialIsRefusedAtStart(t *testing.T) {
	oauth := func(o config.OAuth2) config.HTTPClientConfig { return config.HTTPClientConfig{OAuth2: &o} }
	both := withToken(exportToken)
	both.OAuth2 = &config.OAuth2{ClientID: "id", ClientSecret: "topsecret"}
	basic := withToken(exportToken)
	basic.BasicAuth = &config.BasicAuth{Username: "ann", Password: "topsecret"}
	for name, c := range map[string]struct {
		http config.HTTPClientConfig
		want string
	}{
		"none":                        {config.HTTPClientConfig{}, "RUNZERO_TOKEN"},
		"empty token":                 {withToken(" \n"), "RUNZERO_TOKEN"},
		"no such file":                {withFile(filepath.Join(t.TempDir(), "missing")), "cannot be read"},
		"file of two lines":           {withFile(file(t, "# topsecret\n"+exportToken)), "one word on one line"},
		"file of two words":           {withFile(file(t, "Bearer "+exportToken)), "one word on one line"},
		"token with a strange letter": {withToken(exportToken + "é"), "one word on one line"},
		"empty file":                  {withFile(file(t, "\ufeff\r\n")), "the token file is empty"},
		"file in quotes":              {withFile(file(t, "\"ETtopsecret\"\n")), "is in quotes, and the quotes are part of the file"},
		"file with a mark, in quotes": {withFile(file(t, "\ufeff'ETtopsecret'")), "is in quotes"},
		"token in quotes":             {withToken("“ETtopsecret”"), "is in quotes"},
		"UTF-16 file":                 {withFile(file(t, "\xff\xfeE\x00T\x00t\x00o\x00p\x00\r\x00\n\x00")), "UTF-16"},
		"UTF-16 file, big-endian":     {withFile(file(t, "\xfe\xff\x00E\x00T\x00t\x00o\x00p")), "UTF-16"},
		"UTF-16 file without a mark":  {withFile(file(t, "E\x00T\x00t\x00o\x00p\x00")), "UTF-16"},
		"runZero's export example":    {withToken("XT-YOUR-EXPORT-TOKEN-HERE"), "placeholder"},
		"runZero's scan example":      {withFile(file(t, "OT-YOUR-API-TOKEN-HERE\n")), "placeholder"},
		"OAuth2 secret in quotes":     {oauth(config.OAuth2{ClientID: "id", ClientSecretFile: file(t, "\"topsecret\"\n")}), "secret is in quotes"},
		"OAuth2 secret in UTF-16":     {oauth(config.OAuth2{ClientID: "id", ClientSecretFile: file(t, "\xff\xfet\x00o\x00p\x00")}), "UTF-16"},
		"OAuth2 secret of two lines":  {oauth(config.OAuth2{ClientID: "id", ClientSecretFile: file(t, "# client\ntopsecret\n")}), "more than a secret"},
		"OAuth2 secret file empty":    {oauth(config.OAuth2{ClientID: "id", ClientSecretFile: file(t, "\n")}), "secret file is empty"},
		"download token":              {withToken("DT00112233445566778899AABBCCDDEEFF"), "make an export token"},
		"token and OAuth2 client":     {both, "leave out one of them"},
		"basic authentication":        {basic, "not basic_auth"},
		"bearer_token":                {config.HTTPClientConfig{BearerToken: "topsecret"}, "not basic_auth or bearer_token"},
		"OAuth2 without id":           {oauth(config.OAuth2{ClientSecret: "topsecret"}), "no id"},
		"OAuth2 without secret":       {oauth(config.OAuth2{ClientID: "id"}), "no secret"},
		"OAuth2 secret file missing":  {oauth(config.OAuth2{ClientID: "id", ClientSecretFile: filepath.Join(t.TempDir(), "missing")}), "secret file cannot be read"},
		"OAuth2 secret in the clear":  {oauth(config.OAuth2{ClientID: "id", ClientSecret: "topsecret", TokenURL: "http://login.example.com/token"}), "unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runzero.New(runzero.Config{HTTP: c.http})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			for _, secret := range []string{"topsecret", "00112233"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
		})
	}
}

func TestTokensOfAnyLengthAndKindAreSentUnchanged(t *testing.T) {
	for name, http := range map[string]config.HTTPClientConfig{
		"XT-YOUR-TOKEN":   withToken("XT-YOUR-TOKEN"),
		"XT0123456789":    withFile(file(t, "\ufeffXT0123456789\n")), // as Windows' editors write it
		"ETof-variable":   withToken("\ufeff ETof-variable\r\n"),
		"ET'inside'a":     withToken("ET'inside'a"),
		exportToken:       withToken(exportToken),
		organizationToken: withToken("\t" + organizationToken + "\n"),
		"a-kind-to-come":  withFile(file(t, "\r\n a-kind-to-come \r\n")),
		"ET0123456789":    withFile(file(t, "ET0123456789")),
		"ET01":            {Authorization: &config.Authorization{Type: "Bearer", Credentials: "ET01"}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &requests{next: data(`[]`)}
			if _, err := all(serve(t, log, runzero.Config{HTTP: http}).Sites(t.Context(), organization)); err != nil {
				t.Fatal(err)
			}
			if got := log.take()[0].Header.Get("Authorization"); got != "Bearer "+name {
				t.Errorf("Authorization %q, want %q", got, "Bearer "+name)
			}
		})
	}
}

func TestTokenFileIsReadOnEachUse(t *testing.T) {
	name := file(t, exportToken)
	log := &requests{next: data(`[]`)}
	client := serve(t, log, runzero.Config{HTTP: withFile(name)})
	request := func() (authorization string, err error) {
		_, err = all(client.Sites(t.Context(), organization))
		for _, request := range log.take() {
			authorization = request.Header.Get("Authorization")
		}
		return authorization, err
	}
	if got, err := request(); err != nil || got != "Bearer "+exportToken {
		t.Fatalf("Authorization %q (%v)", got, err)
	}

	write(t, name, "ETrotated\n")
	if got, err := request(); err != nil || got != "Bearer ETrotated" {
		t.Errorf("after rotation Authorization %q (%v)", got, err)
	}

	// In the middle of a rotation, no call is spent on a token that can only be refused.
	for content, want := range map[string]string{
		"":                         "the token file is empty",
		"\"ETtopsecret\"":          "is in quotes",
		"ETtopsecret\nETtopsecret": "one word on one line",
		"DTtopsecret":              "download token",
	} {
		write(t, name, content)
		got, err := request()
		if got != "" || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("file %q: Authorization %q, error %v; want nothing sent and an error with %q", content, got, err, want)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if got, err := request(); got != "" || err == nil || !strings.Contains(err.Error(), "cannot be read") || runzero.CauseOf(err) != runzero.Unreadable {
		t.Errorf("file gone: Authorization %q, error %v; want nothing sent, and no retry", got, err)
	}

	write(t, name, exportToken)
	if got, err := request(); err != nil || got != "Bearer "+exportToken {
		t.Errorf("file back: Authorization %q (%v)", got, err)
	}
}

func TestTokenRotatedToAnotherKind(t *testing.T) {
	name := file(t, exportToken)
	log := &requests{next: data(`[]`)}
	client := serve(t, log, runzero.Config{HTTP: withFile(name)})
	for _, c := range []struct {
		token, oid string
		account    bool
	}{{exportToken, "", false}, {accountToken, organization, true}, {organizationToken, "", false}} {
		write(t, name, c.token)
		if _, err := all(client.Sites(t.Context(), organization)); err != nil {
			t.Fatal(err)
		}
		if got := log.take()[0].URL.Query().Get("_oid"); got != c.oid || client.AccountWide() != c.account {
			t.Errorf("%.2s: _oid %q, account-wide %t; want %q, %t", c.token, got, client.AccountWide(), c.oid, c.account)
		}
	}
}
