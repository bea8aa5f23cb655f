package config_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runzero-exporter/runzero_exporter/collector"
	"github.com/runzero-exporter/runzero_exporter/internal/config"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// inline is a token in the file itself.
const inline = "ETplanted00000000000000000000000003"

// Whatever slip of the hand: the result is a valid configuration or one sentence.
func TestMutationsOfExample(t *testing.T) {
	f, text := exampleIn(t)
	text = strings.Replace(text, "credentials_file: exports.token", "credentials: "+inline, 1)
	random := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 200 {
		lines := strings.Split(text, "\n")
		for range 1 + random.IntN(3) {
			lines = mutate(random, lines)
		}
		if check(t, f, strings.Join(lines, "\n")) {
			valid++
		}
	}
	if valid < 20 || valid > 180 {
		t.Errorf("%d of 200 are valid: that tests one side only", valid)
	}
}

// mutate makes one mistake that people make.
func mutate(random *rand.Rand, lines []string) []string {
	values := []string{
		"", "null", "~", "[]", "{}", "[a]", "{a: b}", "0", "-1", "1e99", "1.5", ".nan", "-.inf", "true", "yes", "0s", "15ms", "30d", "100000y",
		"a", "*x", "&x a", "!!binary aa", "!x a", "'", `"`, "[", "{", "? a", "- a", "|", "2027-03-31", "http://h", "http://h:p", "exports.token", "example", "exports", "assets", "EXAMPLE PRODUCTION",
	}
	i, j := random.IntN(len(lines)), random.IntN(len(lines))
	lines = slices.Clone(lines)
	switch random.IntN(8) {
	case 0:
		return slices.Delete(lines, i, i+1)
	case 1:
		return slices.Insert(lines, j, lines[i])
	case 2:
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines[i] = "  " + lines[i]
	case 4:
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	case 5:
		if bytes := []byte(lines[i]); len(bytes) > 0 {
			bytes[random.IntN(len(bytes))] = byte(random.IntN(256))
			lines[i] = string(bytes)
		}
	default:
		if key, _, ok := strings.Cut(lines[i], ":"); ok {
			lines[i] = key + ": " + values[random.IntN(len(values))]
		}
	}
	return lines
}

// check loads a text and reports whether it is valid. If so, String shows the same
// configuration without secrets; else there is an error of one line, without secrets.
func check(t testing.TB, f config.Flags, text string) bool {
	t.Helper()
	rewrite(t, f, text)
	c, err := f.Load()
	shown := ""
	switch {
	case err != nil && c != nil:
		t.Error("an invalid configuration was returned")
	case err != nil:
		shown = err.Error()
		if shown == "" || strings.Contains(shown, "\n") {
			t.Errorf("%q is not one line, for\n%s", shown, text)
		}
	default:
		shown = c.String()
		if problem := invalid(c); problem != "" {
			t.Errorf("%s, for\n%s", problem, text)
		}
		if c.Accounts[0].Name == "" {
			break // made by flags: a file would have to name it
		}
		rewrite(t, f, shown)
		if again, err := f.Load(); err != nil || again.String() != shown {
			t.Errorf("loaded again, it is\n%v (%v), and not\n%s", again, err, shown)
		}
	}
	for _, secret := range []string{inline, exampleToken, exampleSecret} {
		if strings.Contains(shown, secret[2:12]) {
			t.Errorf("a secret is shown: %s", shown)
		}
	}
	return err == nil
}

// invalid returns what is wrong with a configuration.
func invalid(c *config.Config) string {
	names := map[string]bool{}
	for _, a := range c.Accounts {
		switch {
		case names[a.Name], a.Name == "" && len(c.Accounts) > 1, a.Name != "" && !regexp.MustCompile(`^[\w.-]{1,64}$`).MatchString(a.Name):
			return fmt.Sprintf("the account %q", a.Name)
		case !(a.Share.Share > 0 && a.Share.Share <= 1), !(a.Share.Reserve >= 0 && a.Share.Reserve < 1):
			return fmt.Sprintf("the share %+v", a.Share)
		case len(a.Credentials) == 0:
			return "no credential"
		case slices.ContainsFunc(a.Selection.Include, func(o string) bool { return o == "" || slices.Contains(a.Selection.Exclude, o) }):
			return "organizations"
		}
		names[a.Name] = true
		credentials := map[string]bool{}
		for _, credential := range a.Credentials {
			if credential.Name == "" || credentials[credential.Name] || credential.Runzero.Timeout <= 0 || credential.Runzero.URL != a.URL {
				return fmt.Sprintf("the credential %q", credential.Name)
			}
			credentials[credential.Name] = true
			if _, err := runzero.New(credential.Runzero); err != nil {
				return err.Error()
			}
		}
	}
	collectors, polling := map[string]bool{}, 0
	for _, each := range c.Collectors {
		if collectors[each.Name] || each.Fingerprint == "" || each.Name == "" {
			return fmt.Sprintf("the collector %q", each.Name)
		}
		collectors[each.Name] = true
		if each.Scope == collector.HeadersOnly {
			continue
		}
		polling++
		if each.Interval < time.Second || each.Interval > c.MaxAge {
			return fmt.Sprintf("%s each %s", each.Name, each.Interval)
		}
	}
	s := c.Settings
	switch {
	case len(c.Accounts) == 0, polling == 0:
		return "nothing to poll"
	case s.ScanMaxAge <= 0, s.AssetTop < 1, s.AssetTop > 10_000, len(s.AssetTags) > collector.MaxTags:
		return fmt.Sprintf("the settings %+v", s)
	}
	for _, age := range s.ScanMaxAges {
		if age.MaxAge <= 0 || age.Organization == "" && age.Site == "" {
			return fmt.Sprintf("the age %+v", age)
		}
	}
	return ""
}

func FuzzLoad(f *testing.F) {
	set, text := exampleIn(f)
	set.Token = inline // for files without accounts; with them it is refused
	withAccounts := set
	withAccounts.Token = ""
	f.Add([]byte(text))
	f.Add([]byte("collectors: {assets: {top: 3}}\n"))
	f.Add([]byte("accounts: [&a {name: a, credentials: [{authorization: {credentials_file: exports.token}}]}, {<<: *a, name: b}]\n"))
	f.Add([]byte("accounts: [{name: a, credentials: [{authorization: {credentials: " + inline + "}, proxy_url: \"http://u:" + inline + "@h\"}]}]\n"))
	f.Add([]byte("accounts: [{name: a, quota: {share: .nan}, credentials: [{oauth2: {client_id: i, client_secret: " + inline + ", scopes: [x]}, expires: 2027-03-31}]}]\n"))
	f.Add([]byte("a: &a [*a]\n---\n*" + inline + ": !!binary x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		check(t, set, string(text))
		check(t, withAccounts, string(text))
	})
}
