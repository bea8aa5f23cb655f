package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// accounts returns the accounts of the file, or the one that the flags describe.
func (f Flags) accounts(in sourced[[]sourced[fileAccount]]) ([]Account, error) {
	share, err := f.share(fileQuota{}) // invalid flags are reported even where the file overrides them
	switch {
	case err != nil:
		return nil, err
	case f.Timeout <= 0:
		return nil, errors.New("--runzero.timeout must be more than 0")
	case f.checkEnvironment() != nil:
		return nil, f.checkEnvironment()
	case !in.set():
		account, err := f.flagAccount(share)
		return []Account{account}, err
	case len(in.Value) == 0:
		return nil, in.wrong("accounts", "must not be empty: add an account, or remove the key and use flags")
	case f.Demo:
		return nil, in.wrong("accounts", "cannot be used with --demo, which polls a simulated console: remove one")
	case f.Token != "":
		return nil, in.wrong("accounts", "and %s are both set: remove one", f.tokenVariables())
	}
	for _, flag := range []string{"url", "token-file", "client-id", "client-secret-file", "organization", "ca-file", "allow-http"} {
		if flag := "runzero." + flag; f.Set[flag] {
			return nil, in.wrong("accounts", "and --%s (or its environment variable) are both set: remove one", flag)
		}
	}
	names, labels := names{}, map[string]bool{}
	var accounts []Account
	for _, each := range in.Value {
		if err := names.add(each.Value.Name, each.position, "account"); err != nil {
			return nil, err
		}
		account, err := f.fileAccount(each)
		if err != nil {
			return nil, err
		}
		if account.Labels.Rules, err = each.Value.Organizations.rules(labels); err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	for i := range accounts {
		accounts[i].Labels.Names = slices.Sorted(maps.Keys(labels))
	}
	return accounts, nil
}

// names are the names in use among things of one kind, and where they were given.
type names map[string]position

// add checks a name, which becomes a label's value and part of messages and flags.
func (n names) add(name sourced[string], owner position, kind string) error {
	switch first, taken := n[name.Value]; {
	case !name.set():
		return owner.errorf("the %s has no name", kind)
	case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(name.Value):
		return name.wrong("name", "must be 1 to 64 letters, digits, underscores, dots or hyphens, and begin with a letter or digit")
	case taken:
		return name.errorf("duplicate %s name: already used in line %d", kind, first.line)
	}
	n[name.Value] = name.position
	return nil
}

// flagAccount returns the account that the flags describe.
func (f Flags) flagAccount(share quota.Share) (Account, error) {
	a := Account{URL: cmp.Or(f.URL, runzero.DefaultURL), Share: share, Selection: schedule.Selection{Include: f.Organizations}}
	http := promconfig.DefaultHTTPClientConfig
	http.ProxyFromEnvironment = true
	http.TLSConfig.CAFile = f.CAFile
	token, client := f.TokenFile != "" || f.Token != "", f.ClientID != "" || f.ClientSecretFile != ""
	switch {
	case slices.ContainsFunc(f.Organizations, isBlank):
		return a, errors.New("--runzero.organization must not be empty: it is an organization's name or id")
	case token && client:
		return a, fmt.Errorf("both a token and an OAuth2 client are set: remove --runzero.token-file (and %s), or --runzero.client-id and --runzero.client-secret-file", f.tokenVariables())
	case f.TokenFile != "" && f.Token != "":
		return a, fmt.Errorf("both --runzero.token-file and %s are set: remove one", f.tokenVariables())
	case client:
		http.OAuth2 = &promconfig.OAuth2{ClientID: f.ClientID, ClientSecretFile: f.ClientSecretFile}
	case token:
		http.Authorization = &promconfig.Authorization{
			Type: "Bearer", Credentials: promconfig.Secret(f.Token), CredentialsFile: f.TokenFile,
		}
	}
	console := runzero.Config{URL: a.URL, Timeout: f.Timeout, AllowHTTP: f.AllowHTTP, HTTP: http}
	a.Credentials = []Credential{{Name: defaultCredential, Runzero: console}}
	return a, f.checkConsole(console)
}

// fileAccount returns an account of the file.
func (f Flags) fileAccount(in sourced[fileAccount]) (Account, error) {
	a := Account{Name: in.Value.Name.Value, URL: cmp.Or(in.Value.URL.Value, runzero.DefaultURL)}
	timeout := in.Value.Timeout.or(fromFlag("runzero.timeout", model.Duration(f.Timeout)))
	if timeout.Value <= 0 {
		return a, timeout.wrong("timeout", "must be more than 0")
	}
	console := runzero.Config{URL: a.URL, Timeout: time.Duration(timeout.Value), AllowHTTP: in.Value.AllowHTTP}
	if err := f.checkConsole(console); err != nil {
		return a, in.Value.URL.errorf("%w", err)
	}
	var err error
	if a.Share, err = f.share(in.Value.Quota); err != nil {
		return a, err
	}
	if a.Selection, err = in.Value.Organizations.selection(); err != nil {
		return a, err
	}
	if len(in.Value.Credentials) == 0 {
		return a, in.errorf("the account has no credentials: add one with authorization or oauth2")
	}
	a.Credentials, err = f.credentials(in.Value.Credentials, console)
	return a, err
}

// mostCalls is more than any licence has.
const mostCalls = 1e12

// share returns the part of the quota that the file allows, or else the flags. The
// conditions are negated because NaN must be refused too.
func (f Flags) share(in fileQuota) (quota.Share, error) {
	share := in.Share.or(fromFlag("quota.share", f.QuotaShare))
	reserve := in.Reserve.or(fromFlag("quota.reserve", f.QuotaReserve))
	switch {
	case !(share.Value > 0 && share.Value <= 1):
		return quota.Share{}, share.wrong("share", "must be more than 0 and at most 1: it is the fraction of the account's daily API calls that this exporter may use")
	case !(reserve.Value >= 0 && reserve.Value < 1):
		return quota.Share{}, reserve.wrong("reserve", "must be at least 0 and less than 1: it is the fraction of the account's daily API calls that is left to other tools")
	}
	made := quota.Share{Share: share.Value, Reserve: reserve.Value}
	limit := in.Limit
	if !limit.set() && f.QuotaLimit != nil {
		limit = fromFlag("quota.limit", *f.QuotaLimit)
	}
	switch {
	case !limit.set():
		return made, nil
	case limit.Value < 0 || limit.Value > mostCalls:
		return quota.Share{}, limit.wrong("limit", "must be from 0 (no limit) to %d: it is the number of API calls a day of the account, for consoles that do not report it", int64(mostCalls))
	}
	made.Limit = runzero.Known(limit.Value)
	return made, nil
}

// selection returns the organizations to poll. No organization may be in both lists.
func (o fileOrganizations) selection() (schedule.Selection, error) {
	var s schedule.Selection
	for _, each := range slices.Concat(o.Include, o.Exclude) {
		if isBlank(each.Value) {
			return s, each.errorf("an organization's name or id must not be empty")
		}
	}
	for _, each := range o.Include {
		s.Include = append(s.Include, each.Value)
	}
	for _, each := range o.Exclude {
		if i := slices.IndexFunc(s.Include, func(other string) bool {
			return other == each.Value || runzero.IsID(other) && strings.EqualFold(other, each.Value)
		}); i >= 0 {
			return s, each.errorf("the organization is also included, in line %d: remove one of the two", o.Include[i].line)
		}
		s.Exclude = append(s.Exclude, each.Value)
	}
	return s, nil
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// defaultCredential names an account's only credential if the file does not.
const defaultCredential = "default"

// checkConsole checks everything about a client but its secret: the console's address, the proxy and TLS.
func (f Flags) checkConsole(console runzero.Config) error {
	if f.Offline {
		console.HTTP = promconfig.HTTPClientConfig{} // names files, which may not exist here
	}
	// A token that is never sent.
	console.HTTP.Authorization, console.HTTP.OAuth2 = &promconfig.Authorization{Credentials: "none"}, nil
	_, err := runzero.New(console)
	return err
}

// checkCredentials makes the clients as they are made later, so that a secret that cannot be read is reported now.
func (f Flags) checkCredentials(in file, accounts []Account) error {
	if f.Offline {
		return nil
	}
	for i, a := range accounts {
		for j, c := range a.Credentials {
			_, err := runzero.New(c.Runzero)
			switch {
			case err == nil:
			case !in.Accounts.set():
				return err
			default:
				return in.Accounts.Value[i].Value.Credentials[j].errorf("credential %s: %w", c.Name, err)
			}
		}
	}
	return nil
}

// credentials returns the credentials of an account of the file.
func (f Flags) credentials(in []sourced[fileCredential], console runzero.Config) ([]Credential, error) {
	names := names{}
	var credentials []Credential
	for i, each := range in {
		name := each.Value.Name
		if !name.set() {
			name = sourced[string]{defaultCredential, each.position}
			if len(in) > 1 {
				name.Value = strconv.Itoa(i + 1)
			}
		}
		if err := names.add(name, each.position, "credential"); err != nil {
			return nil, err
		}
		var err error
		if console.HTTP, err = f.client(each.Value, each.position, console.URL); err != nil {
			return nil, err
		}
		if err := f.checkConsole(console); err != nil {
			return nil, each.errorf("credential %s: %w", name.Value, err)
		}
		credentials = append(credentials, Credential{Name: name.Value, Expires: time.Time(each.Value.Expires.Value), Runzero: console})
	}
	return credentials, nil
}

// client returns how the console is reached, and with which secret.
func (f Flags) client(c fileCredential, p position, console string) (promconfig.HTTPClientConfig, error) {
	http := promconfig.HTTPClientConfig(c.HTTP)
	if http.Authorization == nil && http.OAuth2 == nil && http.BasicAuth == nil && http.BearerToken == "" && http.BearerTokenFile == "" {
		return http, p.errorf("the credential has neither authorization nor oauth2: set one")
	}
	checked := http
	if http.OAuth2 != nil {
		if !onConsole(http.OAuth2.TokenURL, console) {
			return http, p.errorf("token_url must be on the console, because the secret is sent there: remove the key")
		}
		client := *http.OAuth2
		client.TokenURL = console // Validate requires one, but it defaults to the console's
		checked.OAuth2 = &client
	}
	if err := checked.Validate(); err != nil {
		return http, p.errorf("%w", err)
	}
	http.SetDirectory(filepath.Dir(f.File))
	return http, nil
}

// onConsole reports whether a token_url is on the console, or not set.
func onConsole(tokenURL, console string) bool {
	if tokenURL == "" {
		return true
	}
	a, errA := url.Parse(tokenURL)
	b, errB := url.Parse(console)
	return errA == nil && errB == nil && a.User == nil && runzero.SameOrigin(a, b)
}
