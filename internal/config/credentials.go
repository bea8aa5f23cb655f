package config

import (
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/runzero-exporter/runzero_exporter/runzero"
)

// defaultCredential names an account's only credential if the file does not.
const defaultCredential = "default"

// checkURL checks only the console's address, with a token that is never sent.
func checkURL(console runzero.Config) error {
	console.HTTP = promconfig.HTTPClientConfig{Authorization: &promconfig.Authorization{Credentials: "none"}}
	_, err := runzero.New(console)
	return err
}

// checkCredential makes a client as it is made later, so that a file that cannot be read is reported now.
func (f Flags) checkCredential(console runzero.Config) error {
	if f.Offline {
		return nil
	}
	_, err := runzero.New(console)
	return err
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
		if err := f.checkCredential(console); err != nil {
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
