package config

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/internal/quota"
	"github.com/runzero-exporter/runzero_exporter/internal/schedule"
	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// accounts are those of the file, or the one that the flags describe.
func (f Flags) accounts(in at[[]at[fileAccount]]) ([]Account, error) {
	share, err := f.share(fileQuota{}) // wrong flags are told of, used or not
	switch {
	case err != nil:
		return nil, err
	case f.Timeout <= 0:
		return nil, by("runzero.timeout", f.Timeout).wrong("must be more than 0")
	case !in.set():
		account, err := f.account(share)
		return []Account{account}, err
	case len(in.Value) == 0:
		return nil, in.wrong("must not be empty: add one, or leave it out and let the flags say what is asked")
	case f.Demo:
		return nil, in.wrong("cannot be used with --demo, which asks a simulated console and no account: leave out one")
	case f.Token != "":
		return nil, in.wrong("and RUNZERO_TOKEN are both set, and each says what is asked: leave out one")
	}
	for _, flag := range []string{"url", "token-file", "client-id", "client-secret-file", "organization", "ca-file", "allow-http"} {
		if flag := "runzero." + flag; f.Set[flag] {
			return nil, in.wrong("and --%s (or its environment variable) are both set, and each says what is asked: leave out one", flag)
		}
	}
	names := names{}
	var accounts []Account
	for _, each := range in.Value {
		if err := names.add(each.Value.Name, each.place, "account"); err != nil {
			return nil, err
		}
		account, err := f.fileAccount(each)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// names are the names that things of one kind have so far.
type names map[string]place

// add takes a name. It becomes a label, and a word of messages and flags.
func (n names) add(name at[string], of place, kind string) error {
	switch first, taken := n[name.Value]; {
	case !name.set():
		return of.errorf("this %s has no name: give it one", kind)
	case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(name.Value):
		return name.wrong("must be 1 to 64 letters, digits, underscores, dots and hyphens, of which the first is a letter or digit")
	case taken:
		return name.errorf("another %s has this name too, in line %d: give each its own", kind, first.line)
	}
	n[name.Value] = name.place
	return nil
}

// account is the one that the flags describe.
func (f Flags) account(share quota.Share) (Account, error) {
	a := Account{URL: cmp.Or(f.URL, runzero.DefaultURL), Share: share, Selection: schedule.Selection{Include: f.Organizations}}
	http := promconfig.DefaultHTTPClientConfig
	http.ProxyFromEnvironment = true
	http.TLSConfig.CAFile = f.CAFile
	token, client := f.TokenFile != "" || f.Token != "", f.ClientID != "" || f.ClientSecretFile != ""
	switch {
	case token && client:
		return a, errors.New("both a token and an OAuth2 client are set: leave out --runzero.token-file (and RUNZERO_TOKEN), or --runzero.client-id and --runzero.client-secret-file")
	case f.TokenFile != "" && f.Token != "":
		return a, errors.New("both --runzero.token-file and RUNZERO_TOKEN are set: leave out one")
	case client:
		http.OAuth2 = &promconfig.OAuth2{ClientID: f.ClientID, ClientSecretFile: f.ClientSecretFile}
	case token:
		http.Authorization = &promconfig.Authorization{
			Type: "Bearer", Credentials: promconfig.Secret(f.Token), CredentialsFile: f.TokenFile,
		}
	}
	for _, organization := range a.Selection.Include {
		if strings.TrimSpace(organization) == "" {
			return a, by("runzero.organization", "").wrong("must not be empty: it is an organization's name or id")
		}
	}
	console := runzero.Config{URL: a.URL, Timeout: f.Timeout, AllowHTTP: f.AllowHTTP}
	if err := checkURL(console); err != nil {
		return a, err
	}
	console.HTTP = http
	a.Credentials = []Credential{{Name: onlyCredential, Runzero: console}}
	return a, f.checkCredential(console)
}

// fileAccount is an account of the file.
func (f Flags) fileAccount(in at[fileAccount]) (Account, error) {
	a := Account{Name: in.Value.Name.Value, URL: cmp.Or(in.Value.URL.Value, runzero.DefaultURL)}
	console := runzero.Config{URL: a.URL, Timeout: f.Timeout, AllowHTTP: in.Value.AllowHTTP.Value}
	if timeout := in.Value.Timeout; timeout.set() {
		console.Timeout = time.Duration(timeout.Value)
		if timeout.Value <= 0 {
			return a, timeout.wrong("must be more than 0")
		}
	}
	if err := checkURL(console); err != nil {
		return a, in.key("url").errorf("%w", err)
	}
	var err error
	if a.Share, err = f.share(in.Value.Quota); err != nil {
		return a, err
	}
	if a.Selection, err = in.Value.Organizations.selection(); err != nil {
		return a, err
	}
	a.Credentials, err = f.credentials(in.Value.Credentials.Value, console)
	if err == nil && len(a.Credentials) == 0 {
		err = in.errorf("this account has no credentials: give it at least one, with authorization or oauth2")
	}
	return a, err
}

// share is the part of a quota that the file or else the flags allow. It is written so
// that what is no number at all is refused too.
func (f Flags) share(in fileQuota) (quota.Share, error) {
	share, reserve := in.Share, in.Reserve
	if !share.set() {
		share = by("quota.share", f.QuotaShare)
	}
	if !reserve.set() {
		reserve = by("quota.reserve", f.QuotaReserve)
	}
	switch {
	case !(share.Value > 0 && share.Value <= 1):
		return quota.Share{}, share.wrong("must be more than 0 and at most 1: it is the part of the account's daily API calls that this exporter may spend")
	case !(reserve.Value >= 0 && reserve.Value < 1):
		return quota.Share{}, reserve.wrong("must be at least 0 and less than 1: it is the part of the account's daily API calls that is left to others")
	}
	return quota.Share{Share: share.Value, Reserve: reserve.Value}, nil
}

// selection returns the organizations to poll. No organization may be in both lists.
func (o fileOrganizations) selection() (schedule.Selection, error) {
	var s schedule.Selection
	for _, each := range slices.Concat(o.Include, o.Exclude) {
		if strings.TrimSpace(each.Value) == "" {
			return s, each.wrong("has an empty entry: write an organization's name or id")
		}
	}
	for _, each := range o.Include {
		s.Include = append(s.Include, each.Value)
	}
	for _, each := range o.Exclude {
		if i := slices.IndexFunc(s.Include, func(other string) bool {
			return other == each.Value || runzero.IsID(other) && strings.EqualFold(other, each.Value)
		}); i >= 0 {
			return s, each.errorf("this organization is included too, in line %d: leave out one", o.Include[i].line)
		}
		s.Exclude = append(s.Exclude, each.Value)
	}
	return s, nil
}
