package config

import (
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// onlyCredential is the name of an account's only credential, when it has none.
const onlyCredential = "default"

// checkURL checks the console's address alone, with a token that is never sent.
func checkURL(console runzero.Config) error {
	console.HTTP = promconfig.HTTPClientConfig{Authorization: &promconfig.Authorization{Credentials: "none"}}
	_, err := runzero.New(console)
	return err
}

// checkCredential makes a client as it will be made, so that a file that cannot be
// read is found now. Who asks nothing needs no credential.
func (f Flags) checkCredential(console runzero.Config) error {
	if f.Offline {
		return nil
	}
	_, err := runzero.New(console)
	return err
}

// credentials are those of an account of the file, asked for the console.
func (f Flags) credentials(in []at[fileCredential], console runzero.Config) ([]Credential, error) {
	names := names{}
	var credentials []Credential
	for i, each := range in {
		name := each.Value.Name
		if !name.set() {
			name = at[string]{Value: onlyCredential, place: each.place}
			if len(in) > 1 {
				name.Value = strconv.Itoa(i + 1)
			}
		}
		if err := names.add(name, each.place, "credential"); err != nil {
			return nil, err
		}
		var err error
		if console.HTTP, err = each.Value.client(each.place, console.URL); err != nil {
			return nil, err
		}
		if err := f.checkCredential(console); err != nil {
			return nil, each.errorf("credential %s: %w", name.Value, err)
		}
		credentials = append(credentials, Credential{Name: name.Value, Expires: time.Time(each.Value.Expires.Value), Runzero: console})
	}
	return credentials, nil
}

// client checks how the console is reached, and with what.
func (c fileCredential) client(p place, console string) (promconfig.HTTPClientConfig, error) {
	http := promconfig.HTTPClientConfig(c.HTTP)
	// The defaults: prometheus/common's own, but for the proxy, which is that of the flags.
	http.FollowRedirects = http.FollowRedirects || !p.has("follow_redirects")
	http.EnableHTTP2 = http.EnableHTTP2 || !p.has("enable_http2")
	if !p.has("proxy_url") && !p.has("no_proxy") && !p.has("proxy_from_environment") {
		http.ProxyFromEnvironment = true
	}
	if http.Authorization == nil && http.OAuth2 == nil && http.BasicAuth == nil && http.BearerToken == "" && http.BearerTokenFile == "" {
		return http, p.errorf("this credential has neither authorization, which holds a token, nor oauth2")
	}
	checked := http
	if http.OAuth2 != nil {
		if where := p.key("oauth2", "token_url"); !ofConsole(http.OAuth2.TokenURL, console) {
			return http, where.wrong("must be of the console itself, to which alone the secret may go: leave it out")
		}
		client := *http.OAuth2
		client.TokenURL = console // that there is none is no mistake
		checked.OAuth2 = &client
	}
	if err := checked.Validate(); err != nil {
		return http, p.errorf("%w", err)
	}
	http.SetDirectory(filepath.Dir(p.file))
	return http, nil
}

// ofConsole reports whether a token_url, if there is one, is on the console.
func ofConsole(tokenURL, console string) bool {
	if tokenURL == "" {
		return true
	}
	a, err := url.Parse(tokenURL)
	if err != nil {
		return false
	}
	b, err := url.Parse(console)
	return err == nil && a.User == nil && runzero.SameOrigin(a, b)
}
