package config_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

func TestWarnsOfSettingsWithoutEffect(t *testing.T) {
	token := func(f *config.Flags) { f.Token = "ET1" }
	set := func(flags ...string) func(*config.Flags) {
		return func(f *config.Flags) {
			for _, flag := range flags {
				f.Set[flag] = true
			}
		}
	}
	const advice = "enable it with enabled: true, or remove its settings"
	for _, c := range []struct {
		name, text string
		set        func(*config.Flags)
		want       string
	}{
		{"nothing", "", set(), ""},
		{"interval of the file", "collectors:\n  services: {interval: 6h}", set(), "config.yml:2: the collector services is configured but off: " + advice},
		{"name in the file", "collectors:\n  software:\n", set(), "config.yml: the collector software is configured but off: " + advice},
		{"disabled in the file", "collectors:\n  services: {interval: 6h, enabled: false}", set(), ""},
		{"enabled by the flag", "collectors:\n  services: {interval: 6h}", func(f *config.Flags) {
			f.Collectors["services"], f.Set["collector.services"] = config.CollectorFlags{Enabled: true}, true
		}, ""},
		{"disabled by the flag", "collectors:\n  services: {interval: 6h}", set("collector.services"), ""},
		{"interval of the flag", "", set("collector.services.interval"),
			"--collector.services.interval (or its environment variable) is set, but the collector is off: enable it with --collector.services, or remove this setting"},
		{"on by default", "collectors:\n  sites: {interval: 6h}", set("collector.tasks.scan-max-age"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := load(t, c.text, token, c.set)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(loaded.Warnings, "\n"); got != c.want {
				t.Errorf("warnings %q, want %q", got, c.want)
			}
		})
	}
}

// Labels of organizations are on a metric that export tokens do not reach.
func TestWarnsOfLabelsThatAreNotExported(t *testing.T) {
	file := func(tokens ...string) string {
		text := "accounts:\n- name: a\n  organizations:\n    labels:\n    - {organization: North, labels: {customer: N}}\n  credentials:\n"
		for i, token := range tokens {
			text += fmt.Sprintf("  - {name: c%d, authorization: {credentials: %s}}\n", i, token)
		}
		return text
	}
	const exportOnly = "config.yml:5: labels of organizations are not exported, because account a has export tokens only: add an organization token or an account credential, or remove the labels"
	off := func(f *config.Flags) { f.Collectors["organizations"] = config.CollectorFlags{} }
	for _, c := range []struct {
		name, text string
		set        func(*config.Flags)
		want       string
	}{
		{"export tokens", file("ET1", "XT2"), nil, exportOnly},
		{"an organization token besides", file("ET1", "OT2"), nil, ""},
		{"an account token", file("CT1"), nil, ""},
		{"a token of an unknown kind", file("1"), nil, ""},
		{"export tokens that are not read", file("ET1"), func(f *config.Flags) { f.Offline = true }, ""},
		{"no labels", strings.ReplaceAll(file("ET1"), "    - {organization: North, labels: {customer: N}}\n", ""), nil, ""},
		{"the collector is off", file("CT1"), off, "config.yml:5: labels of organizations are not exported, because the collector organizations is off: enable it with --collector.organizations, or remove the labels"},
	} {
		loaded, err := load(t, c.text, func(f *config.Flags) {
			if c.set != nil {
				c.set(f)
			}
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := strings.Join(loaded.Warnings, "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWarnsOfSecretsThatEveryUserCanRead(t *testing.T) {
	withFiles := "accounts:\n- name: a\n  credentials:\n  - authorization: {credentials_file: et}\n    http_headers: {X-Gate: {files: [gate]}}\n" +
		"  - oauth2: {client_id: id, client_secret_file: client}\n"
	inline := "accounts:\n- name: a\n  credentials:\n  - authorization: {credentials: ETsecret}\n"
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       []string // the files
	}{
		{"own", withFiles, 0o600, nil},
		{"group", withFiles, 0o440, nil}, // as Kubernetes mounts secrets
		{"all can read", withFiles, 0o644, []string{"token file et is", "header's file gate is", "secret file client is"}},
		{"all can change", withFiles, 0o602, []string{"token file et is", "header's file gate is", "secret file client is"}},
		{"inline secret", inline, 0o644, []string{"configuration file holds secrets: config.yml is"}},
		{"no secret", "collectors: {}", 0o644, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := load(t, c.text, func(f *config.Flags) {
				f.Token = map[bool]string{true: "ET1"}[!strings.HasPrefix(c.text, "accounts")]
				write(t, "", "gate", "gatesecret")
				for _, name := range []string{"et", "client", "gate", "config.yml"} {
					if err := os.Chmod(name, c.mode); err != nil {
						t.Fatal(err)
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, warning := range loaded.Warnings {
				_, file, _ := strings.Cut(warning, "the ")
				file, _, _ = strings.Cut(file, " open to every user of this machine")
				got = append(got, strings.TrimPrefix(file, "OAuth2 client's "))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("warnings %q", loaded.Warnings)
			}
		})
	}
}

func TestTokenFromTheEnvironment(t *testing.T) {
	const file = "accounts:\n- name: a\n  credentials: [{authorization: {credentials_file: et}}]\n"
	for _, c := range []struct {
		name        string
		environment map[string]string
		text        string
		set         func(*config.Flags)
		token, err  string
	}{
		{"of runZero's export examples", map[string]string{"RUNZERO_EXPORT_TOKEN": " XT1\n"}, "", nil, "XT1", ""},
		{"of runZero's scan examples", map[string]string{"RUNZERO_ORG_TOKEN": "OT1"}, "", nil, "OT1", ""},
		{"one token twice", map[string]string{"RUNZERO_TOKEN": "ET1", "RUNZERO_EXPORT_TOKEN": "ET1", "RUNZERO_ORG_TOKEN": " "}, "", nil, "ET1", ""},
		{"different tokens", map[string]string{"RUNZERO_EXPORT_TOKEN": "ETsecret", "RUNZERO_ORG_TOKEN": "OTsecret"}, "", nil, "",
			"RUNZERO_EXPORT_TOKEN and RUNZERO_ORG_TOKEN are set to different tokens: remove all but one, or use --config.file for several credentials"},
		{"different tokens and the demo", map[string]string{"RUNZERO_TOKEN": "ET1", "RUNZERO_ORG_TOKEN": "OT1"}, "",
			func(f *config.Flags) { f.Demo, f.Token = true, "CTdemo" }, "CTdemo", ""},
		{"token and its file", map[string]string{"RUNZERO_ORG_TOKEN": "OTsecret"}, "", func(f *config.Flags) { f.TokenFile = "et" }, "",
			"both --runzero.token-file and RUNZERO_ORG_TOKEN are set: remove one"},
		{"token and client", map[string]string{"RUNZERO_EXPORT_TOKEN": "ETsecret"}, "", func(f *config.Flags) { f.ClientID = "id" }, "",
			"both a token and an OAuth2 client are set: remove --runzero.token-file (and RUNZERO_EXPORT_TOKEN), or --runzero.client-id and --runzero.client-secret-file"},
		{"token and accounts", map[string]string{"RUNZERO_ORG_TOKEN": "OTsecret"}, file, nil, "", "config.yml:2: accounts and RUNZERO_ORG_TOKEN are both set: remove one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := load(t, c.text, func(f *config.Flags) {
				f.TakeToken(func(name string) string { return c.environment[name] })
				if c.set != nil {
					c.set(f)
				}
			})
			switch {
			case c.err != "":
				if err == nil || err.Error() != c.err {
					t.Errorf("error %v, want %s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			default:
				if got := loaded.Accounts[0].Credentials[0].Runzero.HTTP.Authorization.Credentials; string(got) != c.token {
					t.Errorf("token %q, want %q", got, c.token)
				}
			}
		})
	}
}

func TestNoMistakeHidesBehindAMissingToken(t *testing.T) {
	for text, want := range map[string]string{
		"collectors: {asets: {}}":            "unknown collector",
		"collectors: {assets: {top: 0}}":     "top must be",
		"queries:\n- {name: a, of: nothing}": "of must be one of",
	} {
		for _, account := range []string{"", "accounts: [{name: a, credentials: [{authorization: {credentials_file: empty}}]}]\n"} {
			if _, err := load(t, account+text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", text, err, want)
			}
		}
	}
	if _, err := load(t, "", func(f *config.Flags) { f.CAFile = "none" }); err == nil || !strings.Contains(err.Error(), "TLS settings") {
		t.Errorf("error %v, want that the CA file is missing", err)
	}
}
