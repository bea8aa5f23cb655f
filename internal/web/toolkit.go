package web

import (
	"errors"
	"os"
	"regexp"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// CheckFile checks the file of --web.config.file; an empty name is no file. Its error is one
// line and repeats no value of the file.
func CheckFile(name string) error { return Plain(toolkit.Validate(name)) }

// OpenTargets returns a warning about targets that everybody can read; empty if the file has clients authenticate.
func OpenTargets(name string) string {
	if Authenticates(name) {
		return ""
	}
	return "everybody who can reach the port can read the addresses of devices at /sd/: have clients authenticate with --web.config.file, or let only Prometheus reach the port"
}

// Authenticates reports whether the file, which CheckFile has accepted, has clients authenticate: with a password, or with
// a certificate.
func Authenticates(name string) bool {
	var file struct {
		Users map[string]string `yaml:"basic_auth_users"`
		TLS   struct {
			ClientAuth string `yaml:"client_auth_type"`
		} `yaml:"tls_server_config"`
	}
	text, err := os.ReadFile(name)
	return err == nil && yaml.Unmarshal(text, &file) == nil && (len(file.Users) > 0 || file.TLS.ClientAuth == "RequireAndVerifyClientCert")
}

// Plain withholds from an error of exporter-toolkit what it quotes of the file, which may be a password: of a message
// about the contents, only the line stays, and the key where that is misspelt.
func Plain(err error) error {
	if err == nil {
		return nil
	}
	if text := plain(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

var (
	aboutContents = regexp.MustCompile(`(^| )yaml: |header .* can not be|hashedSecret|hashes must`)
	wrongLine     = regexp.MustCompile(`line \d+(: field [a-z][a-z_]{0,40} not found)?`)
)

func plain(text string) string {
	if !aboutContents.MatchString(text) {
		return strings.Join(strings.Fields(text), " ")
	}
	if lines := wrongLine.FindAllString(text, -1); len(lines) > 0 {
		return "the file is invalid: " + strings.Join(lines, ", ")
	}
	return "the file is invalid: check its headers and password hashes"
}
