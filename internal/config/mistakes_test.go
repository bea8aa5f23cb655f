package config_test

import (
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

func TestMistakesInTheFileAreNamedWithTheirLine(t *testing.T) {
	// An account begins in line 2, and its only credential in line 4.
	first := func(lines ...string) string {
		return "accounts:\n- name: a\n  credentials:\n  - authorization: {credentials_file: et}\n" + strings.Join(lines, "\n")
	}
	credential := func(lines ...string) string {
		return "accounts:\n- name: a\n  credentials:\n  - " + strings.Join(lines, "\n    ")
	}
	for _, c := range []struct{ what, text, wants string }{
		// What is no YAML, or not the YAML of a configuration.
		{"a tab", "a:\n\tb: 1", "config.yml:2: this is no YAML: found character that cannot start any token"},
		{"bad indentation", "accounts:\n  - name: a\n url: b", "config.yml:3: this is no YAML: did not find expected key"},
		{"an open bracket", "accounts:\n- name: [a\n", "config.yml:2: this is no YAML: did not find expected ',' or ']'"},
		{"an open quote", "accounts:\n- name: 'a\n", "config.yml:2: this is no YAML: found unexpected end of stream"},
		{"a colon in a value", "queries:\n- search: a: b\n", "config.yml:2: this is no YAML: mapping values are not allowed in this context"},
		{"two in one line at the start", "a: b: c", "config.yml:1: this is no YAML: mapping values are not allowed in this context"},
		{"a list that goes on as a mapping", "accounts:\n- name: a\n  url: b\nname: c\n- d", "config.yml:5: this is no YAML: did not find expected key"},
		{"an anchor that is not there", "accounts:\n- name: *Tsecret", "config.yml:2: this is no YAML: this refers to an anchor that is not there; put a value that begins with * in quotes"},
		{"an anchor in itself", "accounts: &a\n- name: b\n  credentials: *a", "config.yml:2: this is nested too deep"},
		{"a bomb", bomb(), "config.yml:1: the file is too large: it holds more than 50000 values, aliases written out"},
		{"too deep", strings.Repeat("[", 100) + strings.Repeat("]", 100), "config.yml:1: this is nested too deep"},
		{"too large", strings.Repeat("# comment\n", 1<<17), "config.yml: the file is larger than 1024 KiB"},
		{"too many", "accounts: [" + strings.Repeat("a,", 60_000) + "]", "config.yml:1: the file is too large: it holds more than 50000 values, aliases written out"},
		{"a tag", "accounts: !secret a", "config.yml:1: a tag (a word that begins with !) means nothing here: leave it out, or put the value in quotes"},
		{"two documents", "accounts:\n---\naccounts:\n", "config.yml:2: a second document begins here: a configuration is one"},
		{"a key twice", first("  url: https://a", "  timeout: 1m", "  url: https://b"), `config.yml:7: the key "url" is here for the second time: the first is in line 5`},
		{"a key that is a mapping", "? {a: b}\n: c", "config.yml:1: a key must be one word"},
		{"merging what is no mapping", "collectors:\n  <<: 3", "config.yml:2: << merges mappings, and this is none"},
		{"control characters", "a: 1\nb: \x01", "config.yml:2: this is no UTF-8 text"},
		{"no UTF-8", "a: 1\n\nb: \xff", "config.yml:3: this is no UTF-8 text"},
		{"a list", "- a", "config.yml:1: the configuration must have keys of its own, of accounts, collectors, queries"},
		{"a word", "\naccounts", "config.yml:2: the configuration must have keys of its own, of accounts, collectors, queries"},

		// Keys and types.
		{"an unknown key", "acounts: []", `config.yml:1: unknown key "acounts": the keys here are accounts, collectors, queries`},
		{"an unknown key that may be a secret", credential("ETsecret: {}"), "config.yml:4: unknown key: the keys here are authorization, basic_auth, bearer_token, bearer_token_file, enable_http2, expires, follow_redirects, http_headers, name, no_proxy, oauth2, proxy_connect_header, proxy_from_environment, proxy_url, tls_config"},
		{"an unknown key of an account", first("  tls_config: {}"), `config.yml:5: unknown key "tls_config": the keys here are allow_http, credentials, name, organizations, quota, timeout, url`},
		{"an unknown key of a credential", credential("authorisation: {}"), `config.yml:4: unknown key "authorisation": the keys here are authorization, basic_auth, bearer_token, bearer_token_file, enable_http2, expires, follow_redirects, http_headers, name, no_proxy, oauth2, proxy_connect_header, proxy_from_environment, proxy_url, tls_config`},
		{"an unknown key of prometheus/common's", credential("authorization:", "  file: et"), `config.yml:5: unknown key "file": the keys here are credentials, credentials_file, credentials_ref, type`},
		{"an unknown collector", "collectors:\n  asets: {}", `config.yml:2: there is no collector "asets": there are usage, …`},
		{"an unknown key of a collector", "collectors:\n  sites: {\n    top: 3}", `config.yml:3: unknown key "top": the keys here are enabled, interval`},
		{"no value", first("  url:"), "config.yml:5: url has no value: give it one, or leave it out"},
		{"no list", "accounts:\n  name: a", "config.yml:1: accounts must be a list"},
		{"a word for a list", "collectors:\n  assets: {labels: os}", "config.yml:2: labels must be a list"},
		{"a list for a word", first("  url: [a]"), "config.yml:5: url must be one value"},
		{"a word for keys", credential("authorization: ETsecret"), "config.yml:4: authorization must have keys of its own, of credentials, credentials_file, credentials_ref, type"},
		{"a list for keys", "collectors: []", "config.yml:1: collectors must have keys of its own"},
		{"no truth", "collectors:\n  sites: {enabled: maybe}", "config.yml:2: enabled must be true or false"},
		{"no whole number", "collectors:\n  assets: {top: 1.5}", "config.yml:2: top must be a whole number"},
		{"no number", first("  quota: {share: half}"), "config.yml:5: share must be a number"},
		{"no duration", first("  timeout: 10"), "config.yml:5: timeout is no duration: write it like 90s, 15m, 6h or 7d"},
		{"no date", credential("expires: soon", "authorization: {credentials_file: et}"), "config.yml:4: expires is no date: write it like 2027-03-31 or 2027-03-31T12:00:00Z"},
		{"no proxy", credential("authorization: {credentials_file: et}", "proxy_url: 'http://u:Tsecret@h:x'"), "config.yml:5: proxy_url must be a URL"},
		{"no TLS version", credential("authorization: {credentials_file: et}", "tls_config: {min_version: TLS9}"), "config.yml:5: min_version must be one of TLS10, TLS11, TLS12, TLS13"},
		{"half a certificate", credential("authorization: {credentials_file: et}", "tls_config: {key: Tsecret}"), "config.yml:5: tls_config: exactly one of cert or cert_file must be configured when a client key is configured"},
		{"no headers", credential("authorization: {credentials_file: et}", "http_headers: [a]"), "config.yml:5: http_headers must have keys of its own"},

		// Accounts.
		{"no accounts", "accounts: []", "config.yml:1: accounts must not be empty: add one, or leave it out and let the flags say what is asked"},
		{"an empty account", "accounts:\n-", "config.yml:2: this account has no name: give it one"},
		{"an account without a name", "accounts:\n\n- url: https://a", "config.yml:3: this account has no name: give it one"},
		{"a name that is none", "accounts:\n- name: a b", "config.yml:2: name must be 1 to 64 letters, digits, underscores, dots and hyphens, of which the first is a letter or digit"},
		{"a name that is too long", "accounts:\n- name: " + strings.Repeat("a", 65), "config.yml:2: name must be 1 to 64 letters, digits, underscores, dots and hyphens, of which the first is a letter or digit"},
		{"an account twice", first("- url: https://b", "  name: a"), "config.yml:6: another account has this name too, in line 2: give each its own"},
		{"no credentials", "accounts:\n- name: a\n  url: https://b", "config.yml:2: this account has no credentials: give it at least one, with authorization or oauth2"},
		{"an empty list of credentials", "accounts:\n- name: a\n  credentials: []", "config.yml:2: this account has no credentials: give it at least one, with authorization or oauth2"},
		{"a URL that is none", first("  url: 'console:secret'"), "config.yml:5: the console's URL is not one: write it like https://console.runzero.com"},
		{"a URL with a password", first("  url: https://a:Tsecret@console.example.com"), "config.yml:5: the console's URL for console.example.com holds more than scheme, host and path…"},
		{"plain http", first("  url: http://console.example.com"), "config.yml:5: the console's URL http://console.example.com would send the token unencrypted: use https, or allow it with --runzero.allow-http…"},
		{"no time", first("  timeout: 0s"), "config.yml:5: timeout must be more than 0"},
		{"no share", first("  quota: {share: 0}"), "config.yml:5: share must be more than 0 and at most 1: it is the part of the account's daily API calls that this exporter may spend"},
		{"a share that is no number", first("  quota:", "    share: .nan"), "config.yml:6: share must be more than 0 and at most 1: it is the part of the account's daily API calls that this exporter may spend"},
		{"more than all", first("  quota: {share: 1.5}"), "config.yml:5: share must be more than 0 and at most 1: it is the part of the account's daily API calls that this exporter may spend"},
		{"all for others", first("  quota: {reserve: 1}"), "config.yml:5: reserve must be at least 0 and less than 1: it is the part of the account's daily API calls that is left to others"},
		{"an organization without a name", first("  organizations:", "    include:", "    - North", "    - ''"), "config.yml:8: include has an empty entry: write an organization's name or id"},
		{"an excluded organization without a name", first("  organizations: {exclude: [' ']}"), "config.yml:5: exclude has an empty entry: write an organization's name or id"},
		{"included and excluded", first("  organizations:", "    include:", "    - North", "    - South", "    exclude:", "    - South"), "config.yml:10: this organization is included too, in line 8: leave out one"},
		{"included and excluded by id", first("  organizations:", "    include: [BDDD405A-0000-4000-8000-000000000001]", "    exclude: [bddd405a-0000-4000-8000-000000000001]"), "config.yml:7: this organization is included too, in line 6: leave out one"},

		// Credentials.
		{"a credential twice", credential("name: b", "authorization: {credentials_file: et}") + "\n  - authorization: {credentials_file: et}\n    name: b", "config.yml:7: another credential has this name too, in line 4: give each its own"},
		{"a name like that of a nameless one", credential("name: '2'", "authorization: {credentials_file: et}") + "\n  - authorization: {credentials_file: et}", "config.yml:6: another credential has this name too, in line 4: give each its own"},
		{"neither token nor client", credential("name: b"), "config.yml:4: this credential has neither authorization, which holds a token, nor oauth2"},
		{"both", credential("authorization: {credentials_file: et}", "oauth2: {client_id: a, client_secret_file: client}"), "config.yml:4: at most one of basic_auth, oauth2 & authorization must be configured"},
		{"two tokens", credential("authorization:", "  credentials_file: et", "  credentials: ETsecret"), "config.yml:4: at most one of authorization credentials & credentials_file must be configured"},
		{"no token", credential("authorization: {}"), "config.yml:4: credential default: no runZero token: …"},
		{"no file", credential("authorization: {credentials_file: none}"), "config.yml:4: credential default: the token's file cannot be read: open none: …"},
		{"an empty file", credential("authorization: {credentials_file: empty}"), "config.yml:4: credential default: no runZero token: …"},
		{"a download token", credential("authorization: {credentials_file: dt}"), "config.yml:4: credential default: this is a download token…"},
		{"basic_auth", credential("basic_auth: {username: a, password: secret}"), "config.yml:4: credential default: …"},
		{"a client without an id", credential("oauth2: {client_secret_file: client}"), "config.yml:4: oauth2 client_id must be configured"},
		{"a client without a secret", credential("oauth2: {client_id: a}"), "config.yml:4: credential default: the OAuth2 client has an id but no secret…"},
		{"a token_url elsewhere", credential("oauth2:", "  client_id: a", "  client_secret_file: client", "  token_url: https://example.com/token"), "config.yml:7: token_url must be of the console itself, to which alone the secret may go: leave it out"},
		{"a token_url with a password", credential("oauth2: {client_id: a, client_secret_file: client, token_url: 'https://a:secret@console.runzero.com/'}"), "config.yml:4: token_url must be of the console itself, to which alone the secret may go: leave it out"},
		{"a token_url unencrypted", credential("oauth2: {client_id: a, client_secret_file: client, token_url: 'http://console.runzero.com/'}"), "config.yml:4: token_url must be of the console itself, to which alone the secret may go: leave it out"},
		{"two proxies", credential("authorization: {credentials_file: et}", "proxy_url: http://a", "proxy_from_environment: true"), "config.yml:4: if proxy_from_environment is configured, proxy_url must not be configured"},
		{"no CA", credential("authorization: {credentials_file: et}", "tls_config: {ca_file: none}"), "config.yml:4: credential default: TLS settings: …"},
		{"a CA that is none", credential("authorization: {credentials_file: et}", "tls_config: {ca: secret}"), "config.yml:4: credential default: TLS settings: …"},

		// Collectors and queries.
		{"an interval too short", "collectors:\n  sites:\n    enabled: true\n    interval: 15ms", "config.yml:4: interval must be at least 1s: each poll costs calls of the account's daily quota"},
		{"no interval", "collectors: {sites: {interval: 0s}}", "config.yml:1: interval must be at least 1s: each poll costs calls of the account's daily quota"},
		{"an interval of what asks nothing", "collectors:\n  usage: {interval: 1h}", "config.yml:2: the collector usage asks nothing, and has no interval"},
		{"an interval beyond the age", "collectors: {assets: {interval: 30d}}", "config.yml:1: interval is 30d, longer than --cache.max-age, which is 3d: answers would be withdrawn before they are asked for again"},
		{"nothing that asks", allOff(), "no collector is enabled that asks anything: enable one with --collector.NAME"},
		{"an unknown label", "collectors:\n  assets:\n    labels:\n    - os\n    - hostname", `config.yml:5: labels has no label "hostname": it takes site_name, asset_type, os, os_vendor, os_product, alive, scanned, risk, criticality`},
		{"a label twice", "collectors:\n  assets:\n    labels: [os,\n      os]", "config.yml:4: labels names os twice"},
		{"nothing kept", "collectors:\n  assets: {top: 0}", "config.yml:2: top must be from 1 to 10000"},
		{"too much kept", "collectors:\n  assets: {top: 10001}", "config.yml:2: top must be from 1 to 10000"},
		{"no scan age", "collectors:\n  tasks: {scan_max_age: 0s}", "config.yml:2: scan_max_age must be more than 0"},
		{"no scan age of a site", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - site: a\n      max_age: 0s", "config.yml:5: max_age must be more than 0"},
		{"a site without an age", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - site: a", "config.yml:4: this has no max_age: say how old a good scan may get there"},
		{"an age without a site", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - max_age: 1d", "config.yml:4: this is for every site: name an organization or a site, or set scan_max_age"},
		{"a query without a name", "queries:\n- of: assets", "config.yml:2: this query has no name: give it one"},
		{"a query twice", "queries:\n- {name: a, of: assets}\n- {name: a, of: sites}", "config.yml:3: another query has this name too, in line 2: give each its own"},
		{"a query of nothing", "queries:\n- name: a", "config.yml:2: the query a does not say of what: write of, which is one of assets, services, …"},
		{"a query of what is not there", "queries:\n- name: a\n  of: hosts", "config.yml:3: of must be one of assets, services, …"},
		{"a query too often", "queries:\n- {name: a, of: assets, interval: 1ms}", "config.yml:2: interval must be at least 1s: each poll costs calls of the account's daily quota"},
		{"a query too seldom", "queries:\n- {name: a, of: assets, interval: 30d}", "config.yml:2: interval is 30d, longer than --cache.max-age, which is 3d: answers would be withdrawn before they are asked for again"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := load(t, c.text, func(f *config.Flags) {
				if !strings.HasPrefix(c.text, "accounts") {
					f.Token = "ETsecret"
				}
			})
			if err == nil {
				t.Fatal("it is taken")
			}
			if beginning, more := strings.CutSuffix(c.wants, "…"); !strings.HasPrefix(err.Error(), beginning) || !more && err.Error() != c.wants {
				t.Errorf("got  %v\nwant %s", err, c.wants)
			}
			if strings.Contains(err.Error(), "secret0") || strings.Contains(err.Error(), "Tsecret") {
				t.Error("a secret is told")
			}
		})
	}
}

// bomb is a small file that stands for a large one.
func bomb() string {
	text := "a: &a0 [1,2,3,4,5,6,7,8,9]\n"
	for i := range 8 {
		before := "*a" + string(rune('0'+i))
		text += string(rune('b'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat(before+",", 9) + "]\n"
	}
	return text
}

// allOff switches off all that asks.
func allOff() string {
	text := "collectors:\n"
	for _, spec := range collector.Specs() {
		if spec.Scope != collector.HeadersOnly {
			text += "  " + spec.Name + ": {enabled: false}\n"
		}
	}
	return text
}
