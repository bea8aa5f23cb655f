package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
)

// mistake is a file with a mistake, and the error that it causes: the whole of it, or its beginning and "…".
type mistake struct{ name, text, want string }

func testMistakes(t *testing.T, mistakes []mistake) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			_, err := load(t, m.text, func(f *config.Flags) {
				if !strings.HasPrefix(m.text, "accounts") {
					f.Token = "ETsecret"
				}
			})
			if err == nil {
				t.Fatal("accepted")
			}
			beginning, cut := strings.CutSuffix(m.want, "…")
			if !strings.HasPrefix(err.Error(), beginning) || !cut && err.Error() != m.want {
				t.Errorf("got  %v\nwant %s", err, m.want)
			}
			if strings.Contains(err.Error(), "secret0") || strings.Contains(err.Error(), "Tsecret") {
				t.Errorf("the error contains a secret: %v", err)
			}
		})
	}
}

// withAccount is a file with lines added to its account, from line 5 on.
func withAccount(lines ...string) string {
	return "accounts:\n- name: a\n  credentials:\n  - authorization: {credentials_file: et}\n" + strings.Join(lines, "\n")
}

// withCredential is a file whose only credential begins in line 4.
func withCredential(lines ...string) string {
	return "accounts:\n- name: a\n  credentials:\n  - " + strings.Join(lines, "\n    ")
}

func TestRefusesInvalidYAML(t *testing.T) {
	testMistakes(t, []mistake{
		{"tab", "a:\n\tb: 1", "config.yml:2: invalid YAML: found character that cannot start any token"},
		{"open quote", "accounts:\n- name: 'a\n", "config.yml:2: invalid YAML: found unexpected end of stream"},
		{"unknown anchor", "accounts:\n- name: *Tsecret", "config.yml:2: invalid YAML: unknown anchor: put a value that begins with * in quotes"},
		{"anchor in itself", "collectors: &a\n  <<: *a", "config.yml: invalid YAML: an anchor contains itself"},
		{"alias bomb", bomb(), "config.yml: invalid YAML: too many values, with aliases expanded"},
		{"deep nesting", strings.Repeat("[", 100) + strings.Repeat("]", 100), "config.yml:1: a list is not allowed here"},
		{"large file", strings.Repeat("# comment\n", 1<<17), "config.yml: the file is larger than 1024 KiB"},
		{"too many values", "accounts: [" + strings.Repeat("a,", 60_000) + "]", "config.yml:1: the file holds more than 50000 values"},
		{"tag", "accounts: !secret a", "config.yml:1: YAML tags are not supported: remove the tag, or put a value that begins with ! in quotes"},
		{"two documents", "accounts:\n---\naccounts:\n", "config.yml:2: a second document begins here: the file must be a single YAML document"},
		{"duplicate key", withAccount("  url: https://a", "  timeout: 1m", "  url: https://b"), "config.yml:7: duplicate key: already set in line 5"},
		{"list as a key", withCredential("oauth2: {claims: {a: {? [ETsecret] : b}}}"), "config.yml: invalid YAML: a key must be a single word"},
		{"secret as a duplicate key", "collectors: {'already defined at line ETsecret': {}, 'already defined at line ETsecret': {}}", "config.yml:1: duplicate key: already set in line 1"},
		{"control character", "a: 1\nb: \x01", "config.yml:2: invalid UTF-8 or control character"},
		{"list as the configuration", "- a", "config.yml:1: a list is not allowed here"},
	})
}

func TestRefusesUnknownKeysAndWrongTypes(t *testing.T) {
	testMistakes(t, []mistake{
		{"unknown key", "acounts: []", `config.yml:1: unknown key "acounts": see examples/runzero_exporter.yml for all keys`},
		{"unknown key that may be a secret", withCredential("ETsecret: {}"), "config.yml:4: unknown key: see examples/runzero_exporter.yml for all keys"},
		{"unknown collector", "collectors:\n  asets: {}", `config.yml:2: unknown collector "asets": known collectors ar…`},
		{"unknown key of a collector", "collectors:\n  sites: {\n    top: 3}", `config.yml:3: unknown key "top": see examples/runzero_exporter.yml for all keys`},
		{"mapping instead of a list", "accounts:\n  name: a", "config.yml:2: expected a list"},
		{"list instead of a word", withAccount("  url: [a]"), "config.yml:5: a list is not allowed here"},
		{"secret instead of a mapping", withCredential("authorization: ETsecret"), "config.yml:4: expected a mapping"},
		{"word instead of a boolean", "collectors:\n  sites: {enabled: maybe}", "config.yml:2: expected true or false"},
		{"fraction instead of a whole number", "collectors:\n  assets: {top: 1.5}", "config.yml:2: top must be a whole number from 1 to 10000"},
		{"word instead of a number", withAccount("  quota: {share: half}"), "config.yml:5: expected a number"},
		{"duration without a unit", withAccount("  timeout: 10"), `config.yml:5: invalid duration "10": write it like 90s, 15m, 6h or 7d`},
		{"invalid date", withCredential("expires: soon", "authorization: {credentials_file: et}"), "config.yml:4: invalid date: write it like 2027-03-31 or 2027-03-31T12:00:00Z"},
		{"invalid proxy URL with a password", withCredential("authorization: {credentials_file: et}", "proxy_url: 'http://u:Tsecret@h:x'"), "config.yml:4: proxy_url: invalid URL"},
		{"unknown TLS version", withCredential("authorization: {credentials_file: et}", "tls_config: {min_version: TLS9}"), "config.yml:4: unknown TLS version: known versions are TLS10, TLS11, TLS12, TLS13"},
		{"key without a certificate", withCredential("authorization: {credentials_file: et}", "tls_config: {key: Tsecret}"), "config.yml:4: exactly one of cert or cert_file must be configured when a client key is configured"},
	})
}

func TestRefusesInvalidAccounts(t *testing.T) {
	testMistakes(t, []mistake{
		{"no accounts", "accounts: []", "config.yml:1: accounts must not be empty: add an account, or remove the key and use flags"},
		{"empty account", "accounts:\n-", "config.yml:2: empty list entry: give it a value, or remove it"},
		{"account without a name", "accounts:\n\n- url: https://a", "config.yml:3: the account has no name"},
		{"invalid name", "accounts:\n- name: a b", "config.yml:2: name must be 1 to 64 letters, digits, underscores, dots or hyphens, and begin with a letter or digit"},
		{"duplicate account", withAccount("- url: https://b", "  name: a"), "config.yml:6: duplicate account name: already used in line 2"},
		{"no credentials", "accounts:\n- name: a\n  url: https://b", "config.yml:2: the account has no credentials: add one with authorization or oauth2"},
		{"invalid URL", withAccount("  url: 'console:secret'"), "config.yml:5: …"},
		{"URL with a password", withAccount("  url: https://a:Tsecret@console.example.com"), "config.yml:5: the console's URL for console.example.com has more than scheme, host and path…"},
		{"plain http", withAccount("  url: http://console.example.com"), "config.yml:5: the console's URL http://console.example.com would send the token unencrypted: use https, or allow it with --runzero.allow-http…"},
		{"timeout of zero", withAccount("  timeout: 0s"), "config.yml:5: timeout must be more than 0"},
		{"share that is not a number", withAccount("  quota:", "    share: .nan"), "config.yml:6: share must be more than 0 and at most 1: it is the fraction of the account's daily API calls that this exporter may use"},
		{"negative limit", withAccount("  quota: {limit: -1}"), "config.yml:5: limit must be from 0 (no limit) to 1000000000000: it is the number of API calls a day of the account, for consoles that do not report it"},
		{"reserve of everything", withAccount("  quota: {reserve: 1}"), "config.yml:5: reserve must be at least 0 and less than 1: it is the fraction of the account's daily API calls that is left to other tools"},
		{"empty organization", withAccount("  organizations:", "    include:", "    - North", "    - ''"), "config.yml:8: an organization's name or id must not be empty"},
		{"included and excluded by id", withAccount("  organizations:", "    include: [BDDD405A-0000-4000-8000-000000000001]", "    exclude: [bddd405a-0000-4000-8000-000000000001]"), "config.yml:7: the organization is also included, in line 6: remove one of the two"},
	})
}

func TestRefusesInvalidLabelsOfOrganizations(t *testing.T) {
	const id = "BDDD405A-0000-4000-8000-000000000001"
	labels := func(lines ...string) string {
		return withAccount(append([]string{"  organizations:", "    labels:"}, lines...)...) // from line 7 on
	}
	eleven := "    - {organization: B, labels: {"
	for i := range 10 {
		eleven += fmt.Sprintf("l%d: x, ", i)
	}
	testMistakes(t, []mistake{
		{"no organization", labels("    - labels: {customer: A}"), "config.yml:7: the entry has no organization: set it to a name or an id"},
		{"empty organization", labels("    - {organization: ' ', labels: {customer: A}}"), "config.yml:7: the entry has no organization: set it to a name or an id"},
		{"no labels", labels("    - organization: A"), "config.yml:7: the entry has no labels: add one, or remove the entry"},
		{"two entries by name", labels("    - {organization: A, labels: {customer: A}}", "    - {organization: A, labels: {team: A}}"), "config.yml:8: the organization already has labels, in line 7: put all of them into one entry"},
		{"two entries by id", labels("    - {organization: "+id+", labels: {customer: A}}", "    - {organization: "+strings.ToLower(id)+", labels: {team: A}}"), "config.yml:8: the organization already has labels, in line 7: put all of them into one entry"},
		{"unknown key", labels("    - {organisation: A, labels: {customer: A}}"), `config.yml:7: unknown key "organisation": see examples/runzero_exporter.yml for all keys`},
		{"label twice", labels("    - organization: A", "      labels:", "        customer: A", "        customer: B"), "config.yml:10: duplicate key: already set in line 9"},
		{"label that is no name", labels("    - organization: A", "      labels:", "        cost-centre: A"), "config.yml:9: the label must be 1 to 64 letters, digits or underscores, and not begin with a digit"},
		{"label of Prometheus", labels("    - organization: A", "      labels: {__name__: A}"), "config.yml:8: the label begins with __, which Prometheus keeps for itself: choose another name"},
		{"label of the metric", labels("    - {organization: A, labels: {org_name: A}}"), `config.yml:7: the label "org_name" has another meaning: choose another name`},
		{"label of the target", labels("    - {organization: A, labels: {job: A}}"), `config.yml:7: the label "job" has another meaning: choose another name`},
		{"label of accounts", labels("    - {organization: A, labels: {account_name: A}}"), `config.yml:7: the label "account_name" has another meaning: choose another name`},
		{"label without a value", labels("    - organization: A", "      labels:", "        customer:"), `config.yml:7: the label "customer" is empty: give it a value, or remove it`},
		{"empty label", labels("    - organization: A", "      labels:", "        customer: ''"), `config.yml:9: the label "customer" is empty: give it a value, or remove it`},
		{"list as a label", labels("    - organization: A", "      labels:", "        customer: [A]"), "config.yml:9: a list is not allowed here"},
		{"eleven labels", labels("    - {organization: A, labels: {customer: A}}", eleven+"}}"), "config.yml:8: the label is one too many: the organizations of all accounts may have 10 different labels"},
		{"labels as a mapping", labels("      customer: A"), "config.yml:7: expected a list"},
	})
}

func TestRefusesInvalidCredentials(t *testing.T) {
	testMistakes(t, []mistake{
		{"name equal to the number of another credential", withCredential("name: '2'", "authorization: {credentials_file: et}") + "\n  - authorization: {credentials_file: et}", "config.yml:6: duplicate credential name: already used in line 4"},
		{"credential without a secret", withCredential("name: b"), "config.yml:4: the credential has neither authorization nor oauth2: set one"},
		{"token and OAuth2 client", withCredential("authorization: {credentials_file: et}", "oauth2: {client_id: a, client_secret_file: client}"), "config.yml:4: at most one of basic_auth, oauth2 & authorization must be configured"},
		{"missing token file", withCredential("authorization: {credentials_file: none}"), "config.yml:4: credential default: the token file cannot be read: open none: …"},
		{"empty token file", withCredential("authorization: {credentials_file: empty}"), "config.yml:4: credential default: the token file is empty: …"},
		{"download token", withCredential("authorization: {credentials_file: dt}"), "config.yml:4: credential default: this is a download token…"},
		{"OAuth2 client without an id", withCredential("oauth2: {client_secret_file: client}"), "config.yml:4: oauth2 client_id must be configured"},
		{"OAuth2 client without a secret", withCredential("oauth2: {client_id: a}"), "config.yml:4: credential default: the OAuth2 client has an id but no secret…"},
		{"token_url of another host", withCredential("oauth2:", "  client_id: a", "  client_secret_file: client", "  token_url: https://example.com/token"), "config.yml:4: token_url must be on the console, because the secret is sent there: remove the key"},
		{"two proxies", withCredential("authorization: {credentials_file: et}", "proxy_url: http://a", "proxy_from_environment: true"), "config.yml:4: if proxy_from_environment is configured, proxy_url must not be configured"},
		{"missing CA file", withCredential("authorization: {credentials_file: et}", "tls_config: {ca_file: none}"), "config.yml:4: credential default: TLS settings: …"},
	})
}

func TestRefusesInvalidCollectorsAndQueries(t *testing.T) {
	testMistakes(t, []mistake{
		{"interval too short", "collectors:\n  sites:\n    enabled: true\n    interval: 15ms", "config.yml:4: interval must be at least 1s: each poll costs calls of the account's daily quota"},
		{"interval of a collector without requests", "collectors:\n  usage: {interval: 1h}", "config.yml:2: the collector usage makes no requests and has no interval"},
		{"interval longer than the maximum age", "collectors: {assets: {interval: 30d}}", "config.yml:1: interval is 30d, but --cache.max-age is 3d by default: results would be withdrawn before the next poll; shorten the interval or raise --cache.max-age"},
		{"weight of zero", "collectors: {assets: {weight: 0}}", "config.yml:1: weight must be more than 0 and at most 1000: it is how much longer than others the interval may become when the quota is short"},
		{"weight of a collector without requests", "collectors:\n  usage: {weight: 2}", "config.yml:2: the collector usage makes no requests and has no weight"},
		{"weight of a query", "queries: [{name: a, of: assets, weight: .nan}]", "config.yml:1: weight must be more than 0 and at most 1000: it is how much longer than others the interval may become when the quota is short"},
		{"no collector that polls", allOff(), "no enabled collector polls the API: enable one with --collector.NAME"},
		{"unknown label", "collectors:\n  assets:\n    labels:\n    - os\n    - hostname", `config.yml:5: labels has an unknown label "hostname": known labels are site_name, asset_type, os, os_vendor, os_product, alive, scanned, risk, criticality`},
		{"top of zero", "collectors:\n  assets: {top: 0}", "config.yml:2: top must be a whole number from 1 to 10000"},
		{"tag without a name", "collectors:\n  assets:\n    tags:\n    - env\n    - ' '", "config.yml:5: tags has an empty name: remove it"},
		{"tag that is listed twice", "collectors:\n  assets:\n    tags: [env, Env, env]", `config.yml:3: tags lists a name twice "env": remove one`},
		{"tag that is no label", "collectors:\n  assets:\n    tags: [' env']", "config.yml:3: tags has a name that cannot be a label value: write it on one line, in at most 128 characters, without blanks at its ends or double ones"},
		{"too many tags", "collectors:\n  assets:\n    tags: [a, b, c, d, e, f, g, h, i, j, k]", "config.yml:3: tags lists 11 tags: at most 10 can be counted"},
		{"tags that are no list", "collectors:\n  assets:\n    tags: env", "config.yml:3: …"},
		{"scan age of zero for a site", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - site: a\n      max_age: 0s", "config.yml:5: max_age must be more than 0"},
		{"site without a scan age", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - site: a", "config.yml:4: the entry has no max_age"},
		{"scan age without a site", "collectors:\n  tasks:\n    scan_max_age_by_site:\n    - max_age: 1d", "config.yml:4: the entry has neither organization nor site: set one, or set scan_max_age for all sites"},
		{"query without a name", "queries:\n- of: assets", "config.yml:2: the query has no name"},
		{"duplicate query", "queries:\n- {name: a, of: assets}\n- {name: a, of: sites}", "config.yml:3: duplicate query name: already used in line 2"},
		{"query without of", "queries:\n- name: a", "config.yml:2: query a has no of: set it to one of assets, se…"},
		{"query of an unknown kind", "queries:\n- name: a\n  of: hosts", "config.yml:3: of must be one of assets, services, …"},
	})
}

// bomb is a small file that aliases multiply to a large one.
func bomb() string {
	organizations := "{include: &i [" + strings.Repeat("a,", 2000) + "]}"
	account := "{name: a, organizations: " + organizations + ", credentials: [{authorization: {credentials_file: et}}]}"
	return "accounts: [&a " + account + strings.Repeat(", *a", 2000) + "]"
}

// allOff switches off every collector that polls.
func allOff() string {
	text := "collectors:\n"
	for _, spec := range collector.Specs() {
		if spec.Scope != collector.HeadersOnly {
			text += "  " + spec.Name + ": {enabled: false}\n"
		}
	}
	return text
}
